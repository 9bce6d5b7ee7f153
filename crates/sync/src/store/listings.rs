//! The listings of a sync: how far each is, and what was found about it.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::error::{StoreError, Trouble};
use super::file::Store;
use crate::frontier::PageJob;
use crate::plan::ListingKind;
use crate::verdict::Verdict;

/// How far a listing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListingState {
    /// It waits for another one.
    Waiting,
    /// Its pages are read.
    Reading,
    /// Its pages are read, to the end or not.
    Read,
    /// Its keys are indexed.
    Indexed,
    /// It has its verdict.
    Ended,
}

impl ListingState {
    fn from_text(text: &str) -> Self {
        match text {
            "reading" => Self::Reading,
            "read" => Self::Read,
            "indexed" => Self::Indexed,
            "ended" => Self::Ended,
            _ => Self::Waiting,
        }
    }
}

/// A listing as the store knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListingRecord {
    /// Its number; its rows are in the table `rows_<id>`.
    pub id: i64,
    /// The sync that it belongs to.
    pub sync: i64,
    /// The capability that is called.
    pub capability: String,
    /// What its rows are called.
    pub label: String,
    /// 1, or 2 for the second reading.
    pub reading: u8,
    /// How far it is.
    pub state: ListingState,
    /// Why reading ended before the end of the listing.
    pub cut: Option<String>,
    /// What came out.
    pub verdict: Option<Verdict>,
    /// The verdict in one sentence.
    pub reason: Option<String>,
    /// Pages read.
    pub pages: u64,
    /// Rows read.
    pub rows: u64,
    /// Bytes of the rows.
    pub bytes: u64,
    /// Calls made, with those that failed.
    pub calls: u64,
    /// Time that the connector took.
    pub connector_time: Duration,
    /// Time spent waiting because the app or the connector asked for it, or after a failure.
    pub waiting_time: Duration,
    /// Time that storing took.
    pub store_time: Duration,
    /// When its first page was asked for.
    pub started_at: Option<i64>,
    /// When its last page was read.
    pub ended_at: Option<i64>,
}

impl ListingRecord {
    /// What the contract says about such a listing.
    #[must_use]
    pub fn kind(&self) -> Option<&'static ListingKind> {
        ListingKind::of(&self.capability)
    }

    /// Whether its keys can be gone through in order.
    #[must_use]
    pub fn is_indexed(&self) -> bool {
        matches!(self.state, ListingState::Indexed | ListingState::Ended) && self.started_at.is_some()
    }
}

/// What was found about a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of thing.
    pub kind: FindingKind,
    /// How many rows, or other things, it is about.
    pub count: u64,
    /// One of them.
    pub example: Option<String>,
}

macro_rules! finding_kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident = $name:literal;)+) => {
        /// What kind of thing was found about a listing. Each of them makes a listing inconsistent.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum FindingKind {
            $($(#[doc = $doc])+ $kind,)+
        }

        impl FindingKind {
            /// Its name in the store and in reports.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $name,)+ }
            }

            fn from_text(text: &str) -> Option<Self> {
                match text { $($name => Some(Self::$kind),)+ _ => None }
            }
        }
    };
}

finding_kinds! {
    /// Rows that are not objects.
    NotObjects = "rows_not_objects";
    /// Rows whose identity is missing or not text.
    WithoutIdentity = "rows_without_identity";
    /// Keys of more than one row.
    Duplicates = "duplicate_keys";
    /// Rows that name a row of another listing which does not exist.
    Dangling = "dangling_references";
    /// Rows that are missing: other listings name them.
    Missing = "referenced_but_missing";
    /// Rows fewer than in the last complete sync, beyond what is allowed.
    Shrunk = "rows_fewer";
    /// Keys that only one of two readings has.
    Unstable = "keys_of_one_reading";
    /// Rows that differ between two readings.
    Changing = "rows_that_changed";
}

const COLUMNS: &str = "id, sync, capability, label, reading, state, cut, verdict, reason, pages, rows, bytes, calls, \
                       connector_time, waiting_time, store_time, started_at, ended_at";

fn record(row: &Row<'_>) -> rusqlite::Result<ListingRecord> {
    let verdict: Option<String> = row.get(7)?;
    let count = |at| row.get::<_, i64>(at).map(|number| u64::try_from(number).unwrap_or_default());
    let time = |at| count(at).map(Duration::from_micros);
    Ok(ListingRecord {
        id: row.get(0)?,
        sync: row.get(1)?,
        capability: row.get(2)?,
        label: row.get(3)?,
        reading: row.get(4)?,
        state: ListingState::from_text(&row.get::<_, String>(5)?),
        cut: row.get(6)?,
        verdict: verdict.and_then(|text| Verdict::from_str(&text).ok()),
        reason: row.get(8)?,
        pages: count(9)?,
        rows: count(10)?,
        bytes: count(11)?,
        calls: count(12)?,
        connector_time: time(13)?,
        waiting_time: time(14)?,
        store_time: time(15)?,
        started_at: row.get(16)?,
        ended_at: row.get(17)?,
    })
}

impl Store {
    /// The listings of a sync in the order in which they start.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn listings(&self, sync: i64) -> Result<Vec<ListingRecord>, StoreError> {
        self.with(|connection| {
            let mut statement = connection
                .prepare_cached(&format!("SELECT {COLUMNS} FROM listings WHERE sync = ?1 ORDER BY id"))?;
            let listings = statement.query_map([sync], record)?.collect::<rusqlite::Result<_>>()?;
            Ok(listings)
        })
    }

    /// Whether pages of a listing are still to be read.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn is_reading(&self, listing: i64) -> Result<bool, StoreError> {
        self.with(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM heads WHERE listing = ?1)")?;
            Ok(statement.query_row([listing], |row| row.get(0))?)
        })
    }

    /// Puts the first head of a listing that waits. One that does not wait any more is left as it is.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn start_listing(&self, listing: i64, job: &PageJob) -> Result<(), StoreError> {
        let now = Timestamp::now().as_millisecond();
        self.with(|connection| {
            let transaction = connection.transaction()?;
            let started = transaction.execute(
                "UPDATE listings SET state = 'reading', started_at = ?2 WHERE id = ?1 AND state = 'waiting'",
                params![listing, now],
            )?;
            if started == 1 {
                transaction.execute(
                    "INSERT INTO heads (listing, sequence, job, attempt, waits, delay, set_at)
                     VALUES (?1, 1, ?2, 0, 0, 0, ?3)",
                    params![listing, text(job)?, now],
                )?;
            }
            transaction.commit()?;
            Ok(())
        })
    }

    /// Ends a listing that waits without reading anything.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn skip_listing(&self, listing: i64, cut: Option<&str>) -> Result<(), StoreError> {
        let now = Timestamp::now().as_millisecond();
        self.with(|connection| {
            connection.execute(
                "UPDATE listings SET state = 'read', cut = ?2, started_at = ?3, ended_at = ?3
                 WHERE id = ?1 AND state = 'waiting'",
                params![listing, cut, now],
            )?;
            Ok(())
        })
    }

    /// Indexes the keys of a listing that was read, and counts those of more than one row.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn index_listing(&self, listing: i64) -> Result<(), StoreError> {
        let start = Instant::now();
        self.with(|connection| {
            let transaction = connection.transaction()?;
            transaction.execute_batch(&format!(
                "CREATE INDEX IF NOT EXISTS rows_{listing}_key ON rows_{listing} (key, digest)"
            ))?;
            let (keys, rows, example): (i64, i64, Option<String>) = transaction.query_row(
                &format!(
                    "SELECT count(*), coalesce(sum(number), 0), min(key) FROM (
                        SELECT key, count(*) AS number FROM rows_{listing} WHERE key IS NOT NULL
                        GROUP BY key HAVING number > 1)"
                ),
                [],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )?;
            if keys > 0 {
                let pages: i64 = transaction.query_row(
                    &format!("SELECT count(DISTINCT page) FROM rows_{listing} WHERE key = ?1"),
                    [&example],
                    |row| row.get(0),
                )?;
                let of_pages = if pages > 1 { "on different pages" } else { "on one page" };
                let example = example.map(|key| format!("{key} {of_pages} ({rows} rows in all)"));
                add_finding(&transaction, listing, FindingKind::Duplicates, to_count(keys), example.as_deref())?;
            }
            transaction.execute(
                "UPDATE listings SET state = 'indexed', store_time = store_time + ?2 WHERE id = ?1 AND state = 'read'",
                params![listing, micros(start.elapsed())],
            )?;
            transaction.commit()?;
            Ok(())
        })
    }

    /// What was found about a listing.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn findings(&self, listing: i64) -> Result<Vec<Finding>, StoreError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT kind, count, example FROM findings WHERE listing = ?1 ORDER BY kind",
            )?;
            let findings: Vec<(String, i64, Option<String>)> = statement
                .query_map([listing], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                .collect::<rusqlite::Result<_>>()?;
            let finding = |(kind, count, example): (String, i64, _)| {
                Some(Finding { kind: FindingKind::from_text(&kind)?, count: to_count(count), example })
            };
            Ok(findings.into_iter().filter_map(finding).collect())
        })
    }

    /// Gives verdicts to listings, with what was found in the end, in one step.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn judge(
        &self,
        findings: &BTreeMap<(i64, FindingKind), (u64, Option<String>)>,
        verdicts: &[(i64, Verdict, String)],
    ) -> Result<(), StoreError> {
        self.with(|connection| {
            let transaction = connection.transaction()?;
            for ((listing, kind), (count, example)) in findings {
                transaction.execute(
                    "INSERT OR REPLACE INTO findings (listing, kind, count, example) VALUES (?1, ?2, ?3, ?4)",
                    params![listing, kind.as_str(), count.cast_signed(), example],
                )?;
            }
            for (listing, verdict, reason) in verdicts {
                transaction.execute(
                    "UPDATE listings SET state = 'ended', verdict = ?2, reason = ?3 WHERE id = ?1",
                    params![listing, verdict.as_str(), reason],
                )?;
            }
            transaction.commit()?;
            Ok(())
        })
    }

    /// The same listing of the last sync before this one in which it was complete.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn last_complete(&self, sync: i64, capability: &str) -> Result<Option<ListingRecord>, StoreError> {
        self.with(|connection| {
            let columns =
                COLUMNS.split(", ").map(|column| format!("listings.{column}")).collect::<Vec<_>>().join(", ");
            let query = format!(
                "SELECT {columns} FROM listings JOIN syncs ON syncs.id = listings.sync
                 WHERE capability = ?2 AND reading = 1 AND verdict = 'complete' AND listings.sync < ?1
                 AND connection = (SELECT connection FROM syncs WHERE id = ?1)
                 ORDER BY listings.sync DESC LIMIT 1"
            );
            let mut statement = connection.prepare(&query)?;
            let found = statement.query_map(params![sync, capability], record)?.next().transpose()?;
            Ok(found)
        })
    }

    /// The keys of a listing's rows after a key, in their order.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn keys_after(
        &self,
        listing: i64,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT DISTINCT key FROM rows_{listing} WHERE key > ?1 ORDER BY key LIMIT ?2"
            ))?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let keys = statement
                .query_map(params![after.unwrap_or_default(), limit], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            Ok(keys)
        })
    }
}

pub(super) fn add_finding(
    connection: &Connection,
    listing: i64,
    kind: FindingKind,
    count: u64,
    example: Option<&str>,
) -> Result<(), Trouble> {
    connection
        .prepare_cached(
            "INSERT INTO findings (listing, kind, count, example) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (listing, kind) DO UPDATE SET count = count + excluded.count",
        )?
        .execute(params![listing, kind.as_str(), count.cast_signed(), example])?;
    Ok(())
}

pub(super) fn text(job: &PageJob) -> Result<String, Trouble> {
    serde_json::to_string(job).map_err(|error| Trouble::File(error.into()))
}

pub(super) fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

pub(super) fn to_count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
