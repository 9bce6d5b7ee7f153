//! The listings of a sync: how far each is, and what was found about it.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::error::{StoreError, Trouble};
use super::frontier::set_at;
use super::open::Store;
use super::session::Session;
use super::value::{Row, values};
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

fn record(mut row: Row) -> Result<ListingRecord, Trouble> {
    let verdict: Option<String> = row.take(7)?;
    let mut count = |at| row.take::<i64>(at).map(to_count);
    let counts = [count(9)?, count(10)?, count(11)?, count(12)?];
    let times = [count(13)?, count(14)?, count(15)?].map(Duration::from_micros);
    Ok(ListingRecord {
        id: row.take(0)?,
        sync: row.take(1)?,
        capability: row.take(2)?,
        label: row.take(3)?,
        reading: row.take(4)?,
        state: ListingState::from_text(&row.take::<String>(5)?),
        cut: row.take(6)?,
        verdict: verdict.and_then(|text| Verdict::from_str(&text).ok()),
        reason: row.take(8)?,
        pages: counts[0],
        rows: counts[1],
        bytes: counts[2],
        calls: counts[3],
        connector_time: times[0],
        waiting_time: times[1],
        store_time: times[2],
        started_at: row.take(16)?,
        ended_at: row.take(17)?,
    })
}

/// Keys of more than one row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepeatedKeys {
    /// How many there are.
    pub keys: u64,
    /// How many rows have one of them.
    pub rows: u64,
    /// The first of them in the order of keys.
    pub first: Option<String>,
}

impl Store {
    /// The listings of a sync in the order in which they start.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn listings(&self, sync: i64) -> Result<Vec<ListingRecord>, StoreError> {
        self.with(|session| {
            let query = format!("SELECT {COLUMNS} FROM listings WHERE sync = ?1 ORDER BY id");
            session.query(&query, values![sync])?.into_iter().map(record).collect()
        })
    }

    /// Whether pages of a listing are still to be read.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn is_reading(&self, listing: i64) -> Result<bool, StoreError> {
        self.with(|session| {
            session
                .query_row("SELECT EXISTS (SELECT 1 FROM heads WHERE listing = ?1)", values![listing])?
                .take(0)
        })
    }

    /// Puts the first head of a listing that waits. One that does not wait any more is left as it is. Returns whether
    /// it was put.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn start_listing(&self, listing: i64, job: &PageJob) -> Result<bool, StoreError> {
        let now = Timestamp::now().as_millisecond();
        self.transaction(|session| {
            let started = session.execute(
                "UPDATE listings SET state = 'reading', started_at = ?2 WHERE id = ?1 AND state = 'waiting'",
                values![listing, now],
            )?;
            if started == 1 {
                let set_at = set_at(session, 3);
                session.execute(
                    &format!(
                        "INSERT INTO heads (listing, sequence, job, attempt, waits, delay, set_at)
                         VALUES (?1, 1, ?2, 0, 0, 0, {set_at})"
                    ),
                    values![listing, &text(job)?, now],
                )?;
            }
            Ok(started == 1)
        })
    }

    /// Ends a listing that waits without reading anything.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn skip_listing(&self, listing: i64, cut: Option<&str>) -> Result<(), StoreError> {
        let now = Timestamp::now().as_millisecond();
        self.with(|session| {
            session.execute(
                "UPDATE listings SET state = 'read', cut = ?2, started_at = ?3, ended_at = ?3
                 WHERE id = ?1 AND state = 'waiting'",
                values![listing, cut, now],
            )?;
            Ok(())
        })
    }

    /// Indexes the keys of a listing that was read.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn index_listing(&self, listing: i64) -> Result<(), StoreError> {
        let start = Instant::now();
        self.transaction(|session| {
            let to_index = session.execute(
                "UPDATE listings SET state = 'indexed' WHERE id = ?1 AND state = 'read'",
                values![listing],
            )?;
            if to_index == 0 {
                return Ok(());
            }
            session.batch(&format!(
                "CREATE INDEX IF NOT EXISTS rows_{listing}_key ON rows_{listing} (key, digest)"
            ))?;
            session.execute(
                "UPDATE listings SET store_time = store_time + ?2 WHERE id = ?1",
                values![listing, micros(start.elapsed())],
            )?;
            Ok(())
        })
    }

    /// The keys of more than one row of an indexed listing.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn repeated_keys(&self, listing: i64) -> Result<RepeatedKeys, StoreError> {
        self.with(|session| {
            let query = format!(
                "SELECT count(*), CAST(coalesce(sum(number), 0) AS BIGINT), min(key) FROM (
                    SELECT key, count(*) AS number FROM rows_{listing} WHERE key IS NOT NULL
                    GROUP BY key HAVING count(*) > 1) AS repeated"
            );
            let mut found = session.query_row(&query, values![])?;
            Ok(RepeatedKeys {
                keys: to_count(found.take(0)?),
                rows: to_count(found.take(1)?),
                first: found.take(2)?,
            })
        })
    }

    /// On how many pages of an indexed listing the rows with a key came.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn pages_of_key(&self, listing: i64, key: &str) -> Result<u64, StoreError> {
        self.with(|session| {
            let query = format!("SELECT count(DISTINCT page) FROM rows_{listing} WHERE key = ?1");
            Ok(to_count(session.query_row(&query, values![key])?.take(0)?))
        })
    }

    /// What was found about a listing.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn findings(&self, listing: i64) -> Result<Vec<Finding>, StoreError> {
        self.with(|session| {
            let query = "SELECT kind, count, example FROM findings WHERE listing = ?1 ORDER BY kind";
            let mut findings = Vec::new();
            for mut row in session.query(query, values![listing])? {
                let (kind, count, example) = (row.take::<String>(0)?, row.take(1)?, row.take(2)?);
                let kind = FindingKind::from_text(&kind);
                findings.extend(kind.map(|kind| Finding { kind, count: to_count(count), example }));
            }
            Ok(findings)
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
        self.transaction(|session| {
            for ((listing, kind), (count, example)) in findings {
                session.execute(
                    "INSERT INTO findings (listing, kind, count, example) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (listing, kind) DO UPDATE SET count = excluded.count, example = excluded.example",
                    values![*listing, kind.as_str(), count.cast_signed(), example.as_deref()],
                )?;
            }
            for (listing, verdict, reason) in verdicts {
                session.execute(
                    "UPDATE listings SET state = 'ended', verdict = ?2, reason = ?3 WHERE id = ?1",
                    values![*listing, verdict.as_str(), reason],
                )?;
            }
            Ok(())
        })
    }

    /// The same listing of the last sync before this one in which it was complete.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn last_complete(&self, sync: i64, capability: &str) -> Result<Option<ListingRecord>, StoreError> {
        self.with(|session| {
            let columns =
                COLUMNS.split(", ").map(|column| format!("listings.{column}")).collect::<Vec<_>>().join(", ");
            let query = format!(
                "SELECT {columns} FROM listings JOIN syncs ON syncs.id = listings.sync
                 WHERE capability = ?2 AND reading = 1 AND verdict = 'complete' AND listings.sync < ?1
                 AND connection = (SELECT connection FROM syncs WHERE id = ?1)
                 ORDER BY listings.sync DESC LIMIT 1"
            );
            session.query_first(&query, values![sync, capability])?.map(record).transpose()
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
        self.with(|session| keys_after(session, listing, after, limit))
    }
}

pub(super) fn keys_after(
    session: &mut Session<'_>,
    listing: i64,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<String>, Trouble> {
    let query = format!("SELECT DISTINCT key FROM rows_{listing} WHERE key > ?1 ORDER BY key LIMIT ?2");
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = session.query(&query, values![after.unwrap_or_default(), limit])?;
    rows.into_iter().map(|mut row| row.take(0)).collect()
}

pub(super) fn add_finding(
    session: &mut Session<'_>,
    listing: i64,
    kind: FindingKind,
    count: u64,
    example: Option<&str>,
) -> Result<(), Trouble> {
    session.later(
        "INSERT INTO findings (listing, kind, count, example) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (listing, kind) DO UPDATE SET count = findings.count + excluded.count",
        values![listing, kind.as_str(), count.cast_signed(), example],
    )?;
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
