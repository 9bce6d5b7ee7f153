//! The frontier of one machine: a head is a row, and a commit is a transaction.

use std::collections::HashSet;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use lumos_connector_types::rate_limit::RateLimitRequestInfo;
use rusqlite::{CachedStatement, Connection, Transaction, TransactionBehavior, params};
use twox_hash::XxHash3_64;

use super::error::{StoreError, Trouble};
use super::file::Store;
use super::listings::{FindingKind, add_finding, micros, text};
use crate::frontier::{Chain, Claim, Deferral, Fenced, Frontier, Head, Next, PageFacts, PageJob, PageRead};
use crate::row::RowBuffer;

/// How often the same page may come in a chain before the chain is cut: its connector goes round in circles.
const SAME_PAGES: i64 = 3;
/// How many empty pages in a row may come.
const EMPTY_PAGES: i64 = 1000;

/// The heads of one sync in a [`Store`].
///
/// A claim is held in memory: only one process writes to a store, and its claims end with it.
#[derive(Debug)]
pub struct SqliteFrontier {
    store: Arc<Store>,
    sync: i64,
    connection: String,
    claimed: Arc<Mutex<HashSet<i64>>>,
    clock: Clock,
}

/// The time of the wall when the frontier was opened, and what has passed since by a clock that nobody sets.
#[derive(Clone, Copy, Debug)]
struct Clock {
    opened_at: i64,
    opened: tokio::time::Instant,
}

impl Clock {
    fn now(&self) -> i64 {
        let passed = i64::try_from(self.opened.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.opened_at.saturating_add(passed)
    }
}

impl SqliteFrontier {
    /// The frontier of a sync of that connection.
    #[must_use]
    pub fn new(store: Arc<Store>, sync: i64, connection: String) -> Self {
        let clock =
            Clock { opened_at: Timestamp::now().as_millisecond(), opened: tokio::time::Instant::now() };
        Self { store, sync, connection, claimed: Arc::default(), clock }
    }

    /// The store that holds the heads.
    #[must_use]
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// The rate-limit states that the heads hold, the latest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn rate_limits(&self) -> Result<Vec<RateLimitRequestInfo>, StoreError> {
        let heads =
            self.store.with(|database| heads(database, self.sync, &self.connection, self.clock.now()))?;
        Ok(heads.into_iter().rev().filter_map(|(head, _)| head.job.rate_limit).collect())
    }

    async fn blocking<T: Send + 'static>(
        &self,
        action: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = Arc::clone(&self.store);
        let path = self.store.path().to_owned();
        tokio::task::spawn_blocking(move || action(&store))
            .await
            .unwrap_or_else(|error| Err(StoreError::file(&path, io::Error::other(error))))
    }

    fn release(&self, listing: i64) {
        self.claimed.lock().unwrap_or_else(PoisonError::into_inner).remove(&listing);
    }
}

impl Frontier for SqliteFrontier {
    type Error = StoreError;

    async fn claim(&self) -> Result<Claim, StoreError> {
        let (sync, connection) = (self.sync, self.connection.clone());
        let claimed = Arc::clone(&self.claimed);
        let now = self.clock.now();
        self.blocking(move |store| {
            let heads = store.with(|database| heads(database, sync, &connection, now))?;
            let mut claimed = claimed.lock().unwrap_or_else(PoisonError::into_inner);
            let mut shortest: Option<Duration> = None;
            for (head, wait) in heads {
                if claimed.contains(&head.chain.listing) {
                    continue;
                }
                if wait.is_zero() {
                    claimed.insert(head.chain.listing);
                    return Ok(Claim::Job(Box::new(head)));
                }
                shortest = Some(shortest.map_or(wait, |shortest| shortest.min(wait)));
            }
            Ok(shortest.map_or(Claim::Nothing, Claim::Wait))
        })
        .await
    }

    async fn commit(&self, head: &Head, page: &mut PageRead) -> Result<Fenced, StoreError> {
        let mut moved =
            PageRead { rows: page.rows.take(), next: page.next.clone(), facts: page.facts.clone() };
        let head_copy = head.clone();
        let now = self.clock.now();
        let (rows, result) = self
            .blocking(move |store| {
                let result = store.with(|database| commit(database, &head_copy, &mut moved, now));
                Ok((moved.rows, result))
            })
            .await?;
        page.rows = rows;
        let fenced = result?;
        self.release(head.chain.listing);
        Ok(fenced)
    }

    async fn defer(&self, head: &Head, deferral: Deferral) -> Result<Fenced, StoreError> {
        let head_copy = head.clone();
        let now = self.clock.now();
        let fenced = self
            .blocking(move |store| store.with(|database| defer(database, &head_copy, &deferral, now)))
            .await?;
        self.release(head.chain.listing);
        Ok(fenced)
    }
}

/// The heads of a sync with the time that each still has to wait, the longest untouched first: chains take turns.
fn heads(
    database: &Connection,
    sync: i64,
    connection: &str,
    now: i64,
) -> Result<Vec<(Head, Duration)>, Trouble> {
    let mut statement = database.prepare_cached(
        "SELECT listing, capability, sequence, job, attempt, waits, delay, set_at
         FROM heads JOIN listings ON listings.id = listing WHERE sync = ?1 ORDER BY set_at, listing",
    )?;
    let mut rows = statement.query([sync])?;
    let mut heads = Vec::new();
    while let Some(row) = rows.next()? {
        let job: PageJob = serde_json::from_str(row.get_ref(3)?.as_str().unwrap_or_default())
            .map_err(|error| Trouble::File(error.into()))?;
        let chain =
            Chain { sync, connection: connection.to_owned(), listing: row.get(0)?, capability: row.get(1)? };
        let sequence = row.get::<_, i64>(2)?.cast_unsigned();
        let head = Head { chain, sequence, job, attempt: row.get(4)?, waits: row.get(5)? };
        heads.push((head, remaining(row.get(6)?, row.get(7)?, now)));
    }
    Ok(heads)
}

/// What is left of a wait. A clock that was set back makes it no longer than it was, one that was set forward ends it.
fn remaining(delay: i64, set_at: i64, now: i64) -> Duration {
    let passed = now.saturating_sub(set_at).max(0);
    Duration::from_millis(u64::try_from(delay.saturating_sub(passed)).unwrap_or_default())
}

fn commit(database: &mut Connection, head: &Head, page: &mut PageRead, now: i64) -> Result<Fenced, Trouble> {
    let start = Instant::now();
    let listing = head.chain.listing;
    let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let is_last: bool = transaction
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM heads WHERE listing = ?1 AND sequence = ?2)")?
        .query_row(params![listing, head.sequence.cast_signed()], |row| row.get(0))?;
    if !is_last {
        return Ok(Fenced::Late);
    }
    let next = match &mut page.rows {
        Some(rows) => {
            let next = hold_to_progress(&transaction, head, rows, page.next.clone())?;
            insert_rows(&transaction, head, rows)?;
            insert_page(&transaction, head, rows, &page.facts)?;
            next
        }
        None => page.next.clone(),
    };
    let (state, cut) = match &next {
        Next::Page(job) => {
            transaction
                .prepare_cached(
                    "UPDATE heads SET sequence = sequence + 1, job = ?2, attempt = 0, waits = 0, delay = 0,
                                      reason = NULL, set_at = ?3
                     WHERE listing = ?1",
                )?
                .execute(params![listing, text(job)?, now])?;
            ("reading", None)
        }
        Next::End => ("read", None),
        Next::Cut(reason) => ("read", Some(reason.as_str())),
    };
    if state == "read" {
        transaction.execute("DELETE FROM heads WHERE listing = ?1", [listing])?;
        transaction.execute("UPDATE listings SET ended_at = ?2 WHERE id = ?1", params![listing, now])?;
    }
    record_facts(&transaction, head, &page.facts)?;
    let (rows, bytes, pages) = page.rows.as_ref().map_or((0, 0, 0), |rows| (rows.rows(), rows.bytes(), 1));
    transaction
        .prepare_cached(
            "UPDATE listings SET state = ?2, cut = ?3, pages = pages + ?4, rows = rows + ?5, bytes = bytes + ?6,
                                 calls = calls + 1, connector_time = connector_time + ?7, store_time = store_time + ?8
             WHERE id = ?1",
        )?
        .execute(params![
            listing,
            state,
            cut,
            pages,
            rows.cast_signed(),
            bytes.cast_signed(),
            micros(page.facts.connector),
            micros(start.elapsed())
        ])?;
    transaction.commit()?;
    Ok(Fenced::Done)
}

/// Cuts a chain that would never end: a token that was asked for before, or pages that bring nothing new.
fn hold_to_progress(
    transaction: &Transaction<'_>,
    head: &Head,
    rows: &RowBuffer,
    next: Next,
) -> Result<Next, Trouble> {
    let Next::Page(job) = &next else { return Ok(next) };
    let listing = head.chain.listing;
    if job.token.is_some() {
        let token = token_hash(job);
        let is_known: bool = transaction
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM pages WHERE listing = ?1 AND token = ?2)")?
            .query_row(params![listing, token], |row| row.get(0))?;
        if is_known || token == token_hash(&head.job) {
            return Ok(Next::Cut(format!(
                "page {} gave a token that an earlier page was asked with",
                head.job.page
            )));
        }
    }
    if rows.rows() == 0 {
        let empty: i64 = transaction
            .prepare_cached("SELECT count(*) FROM pages WHERE listing = ?1 AND page > ?2 AND rows = 0")?
            .query_row(params![listing, head.job.page.cast_signed() - EMPTY_PAGES], |row| row.get(0))?;
        // A walk through accounts may find nothing for thousands of them.
        if empty + 1 >= EMPTY_PAGES && head.job.cursor.is_none() {
            return Ok(Next::Cut(format!("{EMPTY_PAGES} empty pages in a row, each with another token")));
        }
        return Ok(next);
    }
    let same: i64 = transaction
        .prepare_cached("SELECT count(*) FROM pages WHERE listing = ?1 AND content = ?2 AND rows > 0")?
        .query_row(params![listing, rows.content()], |row| row.get(0))?;
    if same >= SAME_PAGES {
        return Ok(Next::Cut(format!("the same page came {} times, each time with another token", same + 1)));
    }
    Ok(next)
}

/// Tokens are compared within the accounts that a request names: for others the same token may come again.
fn token_hash(job: &PageJob) -> i64 {
    let Some(token) = &job.token else { return 0 };
    let text = format!("{}\0{token}", job.cursor.as_deref().unwrap_or_default());
    XxHash3_64::oneshot(text.as_bytes()).cast_signed()
}

fn insert_rows(transaction: &Transaction<'_>, head: &Head, rows: &mut RowBuffer) -> Result<(), Trouble> {
    let page = head.job.page.cast_signed();
    let mut insert: CachedStatement<'_> = transaction.prepare_cached(&format!(
        "INSERT INTO rows_{} (key, digest, page, data) VALUES (?1, ?2, ?3, ?4)",
        head.chain.listing
    ))?;
    rows.for_each(|row| {
        insert.execute(params![row.key, row.digest, page, row.data])?;
        Ok(())
    })
}

fn insert_page(
    transaction: &Transaction<'_>,
    head: &Head,
    rows: &RowBuffer,
    facts: &PageFacts,
) -> Result<(), Trouble> {
    transaction
        .prepare_cached(
            "INSERT INTO pages (listing, page, token, rows, bytes, content, connector_time, stored_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            head.chain.listing,
            head.job.page.cast_signed(),
            token_hash(&head.job),
            rows.rows().cast_signed(),
            rows.bytes().cast_signed(),
            rows.content(),
            micros(facts.connector),
            Timestamp::now().as_millisecond()
        ])?;
    Ok(())
}

fn record_facts(transaction: &Transaction<'_>, head: &Head, facts: &PageFacts) -> Result<(), Trouble> {
    let (listing, page) = (head.chain.listing, head.job.page);
    if facts.not_objects > 0 {
        let example = facts.first_not_object.map(|row| format!("row {row} of page {page}"));
        add_finding(transaction, listing, FindingKind::NotObjects, facts.not_objects, example.as_deref())?;
    }
    if facts.without_identity > 0 {
        let example = facts
            .first_without_identity
            .as_ref()
            .map(|(row, what)| format!("row {row} of page {page}: {what}"));
        add_finding(
            transaction,
            listing,
            FindingKind::WithoutIdentity,
            facts.without_identity,
            example.as_deref(),
        )?;
    }
    Ok(())
}

fn defer(database: &mut Connection, head: &Head, deferral: &Deferral, now: i64) -> Result<Fenced, Trouble> {
    let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let delay = i64::try_from(deferral.delay.as_millis()).unwrap_or(i64::MAX);
    let moved = transaction.execute(
        "UPDATE heads SET sequence = sequence + 1, attempt = attempt + ?3, waits = waits + ?4, delay = ?5, reason = ?6,
                          set_at = ?7
         WHERE listing = ?1 AND sequence = ?2",
        params![
            head.chain.listing,
            head.sequence.cast_signed(),
            i64::from(deferral.is_failure),
            i64::from(!deferral.is_failure),
            delay,
            deferral.reason,
            now
        ],
    )?;
    if moved == 0 {
        return Ok(Fenced::Late);
    }
    transaction.execute(
        "UPDATE listings SET calls = calls + 1, waiting_time = waiting_time + ?2,
                             connector_time = connector_time + ?3
         WHERE id = ?1",
        params![head.chain.listing, micros(deferral.delay), micros(deferral.connector)],
    )?;
    transaction.commit()?;
    Ok(Fenced::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_jumps_makes_no_wait_longer() {
        assert_eq!(remaining(5_000, 10_000, 12_000), Duration::from_secs(3));
        assert_eq!(remaining(5_000, 10_000, 1_000), Duration::from_secs(5));
        assert_eq!(remaining(5_000, 10_000, 99_000_000), Duration::ZERO);
        assert_eq!(remaining(0, 10_000, 1_000), Duration::ZERO);
    }
}
