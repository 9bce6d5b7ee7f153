//! The frontier of a store: a head is a row, and a commit is a transaction.

use std::collections::HashSet;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use lumos_connector_types::rate_limit::RateLimitRequestInfo;

use super::commit::{Committed, commit};
use super::error::{StoreError, Trouble};
use super::listings::micros;
use super::open::Store;
use super::session::Session;
use super::value::{Row, Value, values};
use crate::frontier::{Chain, Claim, Deferral, Fenced, Frontier, Head, PageJob, PageRead};

/// How long a head that was claimed on a server stays with its worker, unless it is kept.
const LEASE: Duration = Duration::from_secs(30);
/// How long to wait for heads that others have claimed before looking again.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// How often a statement is tried whose session with the server was lost, and the pause after the first time.
const SERVER_ATTEMPTS: u32 = 8;
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// Whose heads a [`StoreFrontier`] hands out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those of one sync.
    Sync {
        /// The sync.
        id: i64,
        /// The name of its connection.
        connection: String,
    },
    /// Those of all syncs of these connections.
    Connections(Vec<String>),
}

/// Heads in a [`Store`].
///
/// In a file, a claim is held in memory: only one process writes to it, and its claims end with it. On a server, a claim
/// is a lease of 30 s in the head's row, which [`keep`](Frontier::keep) renews, and many processes claim at the same time
/// (`FOR UPDATE SKIP LOCKED`).
#[derive(Debug)]
pub struct StoreFrontier {
    store: Arc<Store>,
    scope: Scope,
    claimed: Arc<Mutex<HashSet<i64>>>,
    clock: Clock,
    lease: Duration,
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

impl StoreFrontier {
    /// The frontier of a sync of that connection.
    #[must_use]
    pub fn new(store: Arc<Store>, sync: i64, connection: String) -> Self {
        Self::with_scope(store, Scope::Sync { id: sync, connection })
    }

    /// The frontier of what the scope says.
    #[must_use]
    pub fn with_scope(store: Arc<Store>, scope: Scope) -> Self {
        let clock =
            Clock { opened_at: Timestamp::now().as_millisecond(), opened: tokio::time::Instant::now() };
        Self { store, scope, claimed: Arc::default(), clock, lease: LEASE }
    }

    /// Sets how long a head that was claimed on a server stays with its worker.
    #[must_use]
    pub fn with_lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
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
        let now = self.clock.now();
        let heads = self.store.with(|session| heads(session, &self.scope, now))?;
        Ok(heads.into_iter().rev().filter_map(|(head, _)| head.job.rate_limit).collect())
    }

    /// Waits for the store outside of the threads that serve connections. What a server could not do because its session
    /// was lost is tried again: each step is one transaction behind the fence, so doing it twice does no harm.
    async fn blocking<T: Send + 'static>(
        &self,
        action: impl Fn(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = Arc::clone(&self.store);
        let path = self.store.path().to_owned();
        let attempts = move || {
            let mut pause = FIRST_PAUSE;
            for _ in 1..SERVER_ATTEMPTS {
                match action(&store) {
                    Err(error) if error.may_pass() => std::thread::sleep(pause),
                    done => return done,
                }
                pause *= 2;
            }
            action(&store)
        };
        tokio::task::spawn_blocking(attempts)
            .await
            .unwrap_or_else(|error| Err(StoreError::file(&path, io::Error::other(error))))
    }

    /// Commits a page; `None` when the head was not the last of its chain.
    pub(crate) async fn commit_page(
        &self,
        head: &Head,
        page: &mut PageRead,
    ) -> Result<Option<Committed>, StoreError> {
        let moved = PageRead { rows: page.rows.take(), next: page.next.clone(), facts: page.facts.clone() };
        let shared = Arc::new(Mutex::new(moved));
        let (head_copy, page_copy) = (head.clone(), Arc::clone(&shared));
        let now = self.clock.now();
        let result = self
            .blocking(move |store| {
                let mut page = page_copy.lock().unwrap_or_else(PoisonError::into_inner);
                store.transaction(|session| commit(session, &head_copy, &mut page, now))
            })
            .await;
        page.rows = shared.lock().unwrap_or_else(PoisonError::into_inner).rows.take();
        let committed = result?;
        self.release(head.chain.listing);
        Ok(committed)
    }

    fn release(&self, listing: i64) {
        self.claimed.lock().unwrap_or_else(PoisonError::into_inner).remove(&listing);
    }
}

impl Frontier for StoreFrontier {
    type Error = StoreError;

    async fn claim(&self) -> Result<Claim, StoreError> {
        let scope = self.scope.clone();
        if self.store.is_on_server() {
            let lease = i64::try_from(self.lease.as_millis()).unwrap_or(i64::MAX);
            return self
                .blocking(move |store| store.with(|session| lease_head(session, &scope, lease)))
                .await;
        }
        let claimed = Arc::clone(&self.claimed);
        let now = self.clock.now();
        self.blocking(move |store| {
            let heads = store.with(|session| heads(session, &scope, now))?;
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
        let committed = self.commit_page(head, page).await?;
        Ok(if committed.is_some() { Fenced::Done } else { Fenced::Late })
    }

    async fn defer(&self, head: &Head, deferral: Deferral) -> Result<Fenced, StoreError> {
        let head_copy = head.clone();
        let now = self.clock.now();
        let fenced = self
            .blocking(move |store| store.transaction(|session| defer(session, &head_copy, &deferral, now)))
            .await?;
        self.release(head.chain.listing);
        Ok(fenced)
    }

    async fn keep(&self, head: &Head) -> Result<(), StoreError> {
        if !self.store.is_on_server() {
            return Ok(());
        }
        let (listing, sequence) = (head.chain.listing, head.sequence.cast_signed());
        let lease = i64::try_from(self.lease.as_millis()).unwrap_or(i64::MAX);
        self.blocking(move |store| {
            store.with(|session| {
                let renew = format!(
                    "UPDATE heads SET leased_until = {SERVER_NOW} + ?3 WHERE listing = ?1 AND sequence = ?2"
                );
                session.execute(&renew, values![listing, sequence, lease]).map(|_| ())
            })
        })
        .await
    }
}

/// A page that was read elsewhere.
#[derive(Debug)]
pub struct ReadElsewhere {
    /// Its listing.
    pub listing: i64,
    /// Its number in the listing, from 0.
    pub page: u64,
    /// The page.
    pub read: PageRead,
}

/// What became of a page that was read elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collected {
    /// It is stored now.
    Stored {
        /// Whether its chain is at its end with it, or was cut.
        is_last: bool,
    },
    /// It was stored before, or its chain is at its end.
    Known,
    /// An earlier page of its chain is not stored yet.
    Early,
}

impl Store {
    /// Stores pages that were read elsewhere, all in one step, each if it is the next of its chain.
    ///
    /// # Errors
    /// When the store cannot be written; then none of them is stored.
    pub fn collect(&self, pages: &mut [ReadElsewhere]) -> Result<Vec<Collected>, StoreError> {
        let now = Timestamp::now().as_millisecond();
        self.transaction(|session| {
            let mut done = Vec::with_capacity(pages.len());
            for ReadElsewhere { listing, page, read: content } in pages {
                let row = session.query_first(HEAD_OF_LISTING, values![*listing])?;
                let Some((head, _)) = row.map(|row| read(row, now)).transpose()? else {
                    done.push(Collected::Known);
                    continue;
                };
                done.push(match (*page).cmp(&head.job.page) {
                    std::cmp::Ordering::Less => Collected::Known,
                    std::cmp::Ordering::Greater => Collected::Early,
                    std::cmp::Ordering::Equal => match commit(session, &head, content, now)? {
                        Some(Committed { is_last }) => Collected::Stored { is_last },
                        None => Collected::Known,
                    },
                });
            }
            Ok(done)
        })
    }

    /// The head of a listing, while its pages are read.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn head(&self, listing: i64) -> Result<Option<Head>, StoreError> {
        self.with(|session| {
            let row = session.query_first(HEAD_OF_LISTING, values![listing])?;
            Ok(row.map(|row| read(row, 0)).transpose()?.map(|(head, _)| head))
        })
    }

    /// Notes that a page was put off elsewhere: the calls and times of its listing count it.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn note_deferral(&self, listing: i64, deferral: &Deferral) -> Result<(), StoreError> {
        self.with(|session| count_deferral(session, listing, deferral))
    }
}

const HEAD_COLUMNS: &str =
    "listing, capability, sequence, job, attempt, waits, delay, set_at, sync, connection";

const HEAD_OF_LISTING: &str =
    "SELECT listing, capability, sequence, job, attempt, waits, delay, set_at, sync, connection
     FROM heads JOIN listings ON listings.id = listing JOIN syncs ON syncs.id = sync WHERE listing = ?1";

/// The server's clock in milliseconds: machines need not agree about the time.
const SERVER_NOW: &str = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)";

impl Scope {
    /// The condition that chooses its heads, whose placeholders begin with that number, and their values.
    fn condition(&self, first: usize) -> (String, Vec<Value<'_>>) {
        match self {
            Self::Sync { id, .. } => (format!("sync = ?{first}"), vec![Value::Integer(*id)]),
            Self::Connections(names) => {
                let places: Vec<String> = (first..first + names.len()).map(|at| format!("?{at}")).collect();
                (
                    format!("connection IN ({}) AND syncs.state = 'reading'", places.join(", ")),
                    names.iter().map(Value::from).collect(),
                )
            }
        }
    }
}

/// Heads with the time that each still has to wait, the longest untouched first: chains take turns.
fn heads(session: &mut Session<'_>, scope: &Scope, now: i64) -> Result<Vec<(Head, Duration)>, Trouble> {
    let (condition, values) = scope.condition(1);
    let query = format!(
        "SELECT {HEAD_COLUMNS} FROM heads JOIN listings ON listings.id = listing JOIN syncs ON syncs.id = sync
         WHERE {condition} ORDER BY set_at, listing"
    );
    session.query(&query, &values)?.into_iter().map(|row| read(row, now)).collect()
}

/// Leases the head on a server that has waited longest of those that may run.
fn lease_head(session: &mut Session<'_>, scope: &Scope, lease: i64) -> Result<Claim, Trouble> {
    let (condition, mut values) = scope.condition(2);
    values.insert(0, Value::Integer(lease));
    let query = format!(
        "UPDATE heads SET leased_until = {SERVER_NOW} + ?1
         FROM listings JOIN syncs ON syncs.id = sync
         WHERE listings.id = heads.listing AND heads.listing = (
             SELECT listing FROM heads JOIN listings ON listings.id = listing JOIN syncs ON syncs.id = sync
             WHERE {condition} AND set_at + delay <= {SERVER_NOW} AND coalesce(leased_until, 0) <= {SERVER_NOW}
             ORDER BY set_at, listing LIMIT 1 FOR UPDATE OF heads SKIP LOCKED)
         RETURNING {HEAD_COLUMNS}"
    );
    if let Some(row) = session.query_first(&query, &values)? {
        return Ok(Claim::Job(Box::new(read(row, 0)?.0)));
    }
    let (condition, values) = scope.condition(1);
    let query = format!(
        "SELECT min(greatest(set_at + delay, coalesce(leased_until, 0))) - {SERVER_NOW}
         FROM heads JOIN listings ON listings.id = listing JOIN syncs ON syncs.id = sync WHERE {condition}"
    );
    let wait: Option<i64> = session.query_row(&query, &values)?.take(0)?;
    Ok(wait.map_or(Claim::Nothing, |wait| {
        // A head that another one holds may be free before its lease is over.
        let wait = Duration::from_millis(u64::try_from(wait).unwrap_or_default());
        Claim::Wait(wait.clamp(Duration::from_millis(5), LOOK_AGAIN))
    }))
}

fn read(mut row: Row, now: i64) -> Result<(Head, Duration), Trouble> {
    let job: PageJob =
        serde_json::from_str(&row.take::<String>(3)?).map_err(|error| Trouble::File(error.into()))?;
    let chain = Chain {
        sync: row.take(8)?,
        connection: row.take(9)?,
        listing: row.take(0)?,
        capability: row.take(1)?,
    };
    let sequence = row.take::<i64>(2)?.cast_unsigned();
    let wait = remaining(row.take(6)?, row.take(7)?, now);
    Ok((Head { chain, sequence, job, attempt: row.take(4)?, waits: row.take(5)? }, wait))
}

/// What is left of a wait. A clock that was set back makes it no longer than it was, one that was set forward ends it.
fn remaining(delay: i64, set_at: i64, now: i64) -> Duration {
    let passed = now.saturating_sub(set_at).max(0);
    Duration::from_millis(u64::try_from(delay.saturating_sub(passed)).unwrap_or_default())
}

/// When a head is set, by the clock of whoever compares it later: the server's, or that of this process, whose time is the
/// statement's value with that number.
pub(super) fn set_at(session: &Session<'_>, now: usize) -> String {
    if session.is_postgres() { format!("coalesce({SERVER_NOW}, ?{now})") } else { format!("?{now}") }
}

/// What ends a lease, where there are leases.
pub(super) fn no_lease(session: &Session<'_>) -> &'static str {
    if session.is_postgres() { ", leased_until = NULL" } else { "" }
}

fn defer(session: &mut Session<'_>, head: &Head, deferral: &Deferral, now: i64) -> Result<Fenced, Trouble> {
    let delay = i64::try_from(deferral.delay.as_millis()).unwrap_or(i64::MAX);
    let (set_at, lease) = (set_at(session, 7), no_lease(session));
    let moved = session.execute(
        &format!(
            "UPDATE heads SET sequence = sequence + 1, attempt = attempt + ?3, waits = waits + ?4, delay = ?5,
                              reason = ?6, set_at = {set_at}{lease}
             WHERE listing = ?1 AND sequence = ?2"
        ),
        values![
            head.chain.listing,
            head.sequence.cast_signed(),
            i64::from(deferral.is_failure),
            i64::from(!deferral.is_failure),
            delay,
            &deferral.reason,
            now
        ],
    )?;
    if moved == 0 {
        return Ok(Fenced::Late);
    }
    count_deferral(session, head.chain.listing, deferral)?;
    Ok(Fenced::Done)
}

fn count_deferral(session: &mut Session<'_>, listing: i64, deferral: &Deferral) -> Result<(), Trouble> {
    session.execute(
        "UPDATE listings SET calls = calls + 1, waiting_time = waiting_time + ?2,
                             connector_time = connector_time + ?3
         WHERE id = ?1",
        values![listing, micros(deferral.delay), micros(deferral.connector)],
    )?;
    Ok(())
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
