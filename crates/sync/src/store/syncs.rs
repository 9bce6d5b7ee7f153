//! The syncs of a store.

use std::str::FromStr;

use jiff::Timestamp;

use super::error::{StoreError, Trouble};
use super::open::Store;
use super::session::Session;
use super::value::{Row, values};
use crate::plan::PlannedListing;
use crate::verdict::Verdict;

/// How far a sync is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncState {
    /// It is being read, or was stopped and can go on.
    Reading,
    /// Every listing has its verdict.
    Ended,
    /// It was stopped, and another one was started in its place.
    Abandoned,
}

impl SyncState {
    fn from_text(text: &str) -> Self {
        match text {
            "ended" => Self::Ended,
            "abandoned" => Self::Abandoned,
            _ => Self::Reading,
        }
    }
}

/// A sync as the store knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncRecord {
    /// Its number, never used again.
    pub id: i64,
    /// The name of the connection.
    pub connection: String,
    /// What must be the same when it goes on.
    pub fingerprint: String,
    /// The connector.
    pub app_id: String,
    /// The connector's version.
    pub connector_version: String,
    /// Rows asked for in a page.
    pub page_size: Option<i64>,
    /// What was chosen, as JSON.
    pub options: String,
    /// The day from which activities and expenses are read.
    pub since: String,
    /// When it began.
    pub started_at: i64,
    /// When it ended.
    pub ended_at: Option<i64>,
    /// How far it is.
    pub state: SyncState,
    /// What came out.
    pub outcome: Option<Verdict>,
}

/// What a sync begins with.
#[derive(Clone, Debug)]
pub struct NewSync<'a> {
    /// The name of the connection.
    pub connection: &'a str,
    /// What must be the same when it goes on.
    pub fingerprint: &'a str,
    /// The connector.
    pub app_id: &'a str,
    /// The connector's version.
    pub connector_version: &'a str,
    /// Rows asked for in a page.
    pub page_size: Option<i64>,
    /// What was chosen, as JSON.
    pub options: &'a str,
    /// The day from which activities and expenses are read.
    pub since: &'a str,
}

const COLUMNS: &str = "id, connection, fingerprint, app_id, connector_version, page_size, options, started_at, ended_at, \
                       state, outcome, since";

fn record(mut row: Row) -> Result<SyncRecord, Trouble> {
    let outcome: Option<String> = row.take(10)?;
    Ok(SyncRecord {
        id: row.take(0)?,
        connection: row.take(1)?,
        fingerprint: row.take(2)?,
        app_id: row.take(3)?,
        connector_version: row.take(4)?,
        page_size: row.take(5)?,
        options: row.take(6)?,
        started_at: row.take(7)?,
        ended_at: row.take(8)?,
        state: SyncState::from_text(&row.take::<String>(9)?),
        outcome: outcome.and_then(|text| Verdict::from_str(&text).ok()),
        since: row.take(11)?,
    })
}

impl Store {
    /// The latest sync of a connection that has ended.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn latest_ended(&self, connection: &str) -> Result<Option<SyncRecord>, StoreError> {
        self.with(|session| {
            let query = format!(
                "SELECT {COLUMNS} FROM syncs WHERE connection = ?1 AND state = 'ended' ORDER BY id DESC LIMIT 1"
            );
            session.query_first(&query, values![connection])?.map(record).transpose()
        })
    }

    /// The connections of which syncs have ended, by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn connections_ended(&self) -> Result<Vec<String>, StoreError> {
        self.with(|session| {
            let query = "SELECT DISTINCT connection FROM syncs WHERE state = 'ended' ORDER BY connection";
            session.query(query, values![])?.into_iter().map(|mut row| row.take(0)).collect()
        })
    }

    /// All syncs, the oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn syncs(&self) -> Result<Vec<SyncRecord>, StoreError> {
        self.with(|session| {
            let query = format!("SELECT {COLUMNS} FROM syncs ORDER BY id");
            session.query(&query, values![])?.into_iter().map(record).collect()
        })
    }

    /// The sync with that number.
    ///
    /// # Errors
    /// When there is none, or the store cannot be read.
    pub fn sync(&self, id: i64) -> Result<SyncRecord, StoreError> {
        let found = self.with(|session| {
            let query = format!("SELECT {COLUMNS} FROM syncs WHERE id = ?1");
            session.query_first(&query, values![id])?.map(record).transpose()
        })?;
        found.ok_or_else(|| StoreError::NoSuchSync { path: self.path().to_owned(), sync: id.to_string() })
    }

    /// The sync of a connection that was stopped and can go on.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn stopped_sync(&self, connection_name: &str) -> Result<Option<SyncRecord>, StoreError> {
        self.with(|session| {
            let query = format!(
                "SELECT {COLUMNS} FROM syncs WHERE connection = ?1 AND state = 'reading' ORDER BY id DESC LIMIT 1"
            );
            session.query_first(&query, values![connection_name])?.map(record).transpose()
        })
    }

    /// When the store last heard of a sync: its last page, else its begin.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn last_heard_of(&self, sync: i64) -> Result<i64, StoreError> {
        self.with(|session| {
            let query = "SELECT coalesce(max(set_at), 0) FROM heads JOIN listings ON listings.id = listing
                         WHERE sync = ?1";
            let set_at: i64 = session.query_row(query, values![sync])?.take(0)?;
            let started_at: i64 =
                session.query_row("SELECT started_at FROM syncs WHERE id = ?1", values![sync])?.take(0)?;
            Ok(started_at.max(set_at))
        })
    }

    /// Begins a sync with its listings, none of which is read yet. One that was stopped before is abandoned.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn begin(&self, sync: &NewSync<'_>, listings: &[PlannedListing]) -> Result<i64, StoreError> {
        self.transaction(|session| {
            abandon(session, sync.connection)?;
            let id: i64 = session
                .query_row(
                    "INSERT INTO syncs (connection, fingerprint, app_id, connector_version, page_size, options, since,
                                        started_at, state)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'reading') RETURNING id",
                    values![
                        sync.connection,
                        sync.fingerprint,
                        sync.app_id,
                        sync.connector_version,
                        sync.page_size,
                        sync.options,
                        sync.since,
                        Timestamp::now().as_millisecond()
                    ],
                )?
                .take(0)?;
            let (form, engine) = if session.is_postgres() {
                (POSTGRES_ROWS, "")
            } else {
                (SQLITE_ROWS, "STRICT")
            };
            for listing in listings {
                let table: i64 = session
                    .query_row(
                        "INSERT INTO listings (sync, capability, label, reading, state)
                         VALUES (?1, ?2, ?3, ?4, 'waiting') RETURNING id",
                        values![id, listing.kind.capability.as_str(), listing.kind.label, listing.reading],
                    )?
                    .take(0)?;
                session.batch(&format!("CREATE TABLE rows_{table} ({form}) {engine}"))?;
            }
            Ok(id)
        })
    }

    /// Ends a sync, and throws the rows of second readings away.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn end_sync(&self, sync: i64, outcome: Verdict) -> Result<(), StoreError> {
        self.transaction(|session| {
            drop_rows(session, sync, "reading > 1")?;
            session.execute(
                "UPDATE syncs SET state = 'ended', outcome = ?2, ended_at = ?3 WHERE id = ?1 AND state = 'reading'",
                values![sync, outcome.as_str(), Timestamp::now().as_millisecond()],
            )?;
            Ok(())
        })
    }

    /// Throws away all but the newest syncs of a connection. The newest one of which every listing is complete stays
    /// whatever its age: it is what the next sync is compared with.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn keep(&self, connection_name: &str, newest: u32) -> Result<Vec<i64>, StoreError> {
        self.transaction(|session| {
            let rows = session.query(
                "SELECT id FROM syncs WHERE connection = ?1 AND state <> 'reading'
                 AND id NOT IN (SELECT id FROM syncs WHERE connection = ?1 ORDER BY id DESC LIMIT ?2)
                 AND id <> coalesce((SELECT max(id) FROM syncs WHERE connection = ?1 AND outcome = 'complete'), 0)
                 ORDER BY id",
                values![connection_name, newest],
            )?;
            let old: Vec<i64> = rows.into_iter().map(|mut row| row.take(0)).collect::<Result<_, _>>()?;
            for &sync in &old {
                drop_rows(session, sync, "reading > 0")?;
                session.execute("DELETE FROM syncs WHERE id = ?1", values![sync])?;
            }
            Ok(old)
        })
    }
}

/// The columns of a listing's rows: its identity (a text, or a JSON array of texts; null without one), XXH3 of its text,
/// the page that it came in, and its text as the connector sent it. SQLite numbers rows by itself.
const SQLITE_ROWS: &str = "key TEXT, digest INTEGER NOT NULL, page INTEGER NOT NULL, data TEXT NOT NULL";
/// The same for PostgreSQL.
const POSTGRES_ROWS: &str = "rowid BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key TEXT COLLATE \"C\", \
                             digest BIGINT NOT NULL, page BIGINT NOT NULL, data TEXT NOT NULL";

/// Ends what was stopped: its listings are incomplete, and nothing of it is read any more.
fn abandon(session: &mut Session<'_>, connection_name: &str) -> Result<(), Trouble> {
    let reason = "stopped, and read anew by a later sync";
    session.execute(
        "DELETE FROM heads WHERE listing IN (SELECT listings.id FROM listings JOIN syncs ON syncs.id = sync
                                             WHERE connection = ?1 AND syncs.state = 'reading')",
        values![connection_name],
    )?;
    session.execute(
        "UPDATE listings SET state = 'ended', verdict = 'incomplete', cut = ?2, reason = ?2
         WHERE verdict IS NULL AND sync IN (SELECT id FROM syncs WHERE connection = ?1 AND state = 'reading')",
        values![connection_name, reason],
    )?;
    session.execute(
        "UPDATE syncs SET state = 'abandoned', outcome = 'incomplete', ended_at = ?2
         WHERE connection = ?1 AND state = 'reading'",
        values![connection_name, Timestamp::now().as_millisecond()],
    )?;
    Ok(())
}

fn drop_rows(session: &mut Session<'_>, sync: i64, which: &str) -> Result<(), Trouble> {
    let query = format!("SELECT id FROM listings WHERE sync = ?1 AND {which}");
    // Views of PostgreSQL hold the tables that they show.
    let cascade = if session.is_postgres() { " CASCADE" } else { "" };
    for mut row in session.query(&query, values![sync])? {
        let listing: i64 = row.take(0)?;
        session.batch(&format!("DROP TABLE IF EXISTS rows_{listing}{cascade}"))?;
    }
    Ok(())
}
