//! The syncs of a store.

use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::error::{StoreError, Trouble};
use super::file::Store;
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

fn record(row: &Row<'_>) -> rusqlite::Result<SyncRecord> {
    let outcome: Option<String> = row.get(10)?;
    Ok(SyncRecord {
        id: row.get(0)?,
        connection: row.get(1)?,
        fingerprint: row.get(2)?,
        app_id: row.get(3)?,
        connector_version: row.get(4)?,
        page_size: row.get(5)?,
        options: row.get(6)?,
        started_at: row.get(7)?,
        ended_at: row.get(8)?,
        state: SyncState::from_text(&row.get::<_, String>(9)?),
        outcome: outcome.and_then(|text| Verdict::from_str(&text).ok()),
        since: row.get(11)?,
    })
}

impl Store {
    /// All syncs, the oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn syncs(&self) -> Result<Vec<SyncRecord>, StoreError> {
        self.with(|connection| {
            let mut statement = connection.prepare(&format!("SELECT {COLUMNS} FROM syncs ORDER BY id"))?;
            let syncs = statement.query_map([], record)?.collect::<rusqlite::Result<_>>()?;
            Ok(syncs)
        })
    }

    /// The sync with that number.
    ///
    /// # Errors
    /// When there is none, or the store cannot be read.
    pub fn sync(&self, id: i64) -> Result<SyncRecord, StoreError> {
        let found = self.with(|connection| {
            let query = format!("SELECT {COLUMNS} FROM syncs WHERE id = ?1");
            Ok(connection.query_row(&query, [id], record).optional()?)
        })?;
        found.ok_or_else(|| StoreError::NoSuchSync { path: self.path().to_owned(), sync: id.to_string() })
    }

    /// The sync of a connection that was stopped and can go on.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn stopped_sync(&self, connection_name: &str) -> Result<Option<SyncRecord>, StoreError> {
        self.with(|connection| {
            let query = format!(
                "SELECT {COLUMNS} FROM syncs WHERE connection = ?1 AND state = 'reading' ORDER BY id DESC LIMIT 1"
            );
            Ok(connection.query_row(&query, [connection_name], record).optional()?)
        })
    }

    /// When the store last heard of a sync: its last page, else its begin.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn last_heard_of(&self, sync: i64) -> Result<i64, StoreError> {
        self.with(|connection| {
            Ok(connection.query_row(
                "SELECT max(started_at,
                            coalesce((SELECT max(set_at) FROM heads JOIN listings ON listings.id = listing
                                      WHERE sync = ?1), 0))
                 FROM syncs WHERE id = ?1",
                [sync],
                |row| row.get(0),
            )?)
        })
    }

    /// Begins a sync with its listings, none of which is read yet. One that was stopped before is abandoned.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn begin(&self, sync: &NewSync<'_>, listings: &[PlannedListing]) -> Result<i64, StoreError> {
        self.with(|connection| {
            let transaction = connection.transaction()?;
            abandon(&transaction, sync.connection)?;
            transaction.execute(
                "INSERT INTO syncs (connection, fingerprint, app_id, connector_version, page_size, options, since,
                                    started_at, state)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'reading')",
                params![
                    sync.connection,
                    sync.fingerprint,
                    sync.app_id,
                    sync.connector_version,
                    sync.page_size,
                    sync.options,
                    sync.since,
                    Timestamp::now().as_millisecond()
                ],
            )?;
            let id = transaction.last_insert_rowid();
            for listing in listings {
                transaction.execute(
                    "INSERT INTO listings (sync, capability, label, reading, state) VALUES (?1, ?2, ?3, ?4, 'waiting')",
                    params![id, listing.kind.capability.as_str(), listing.kind.label, listing.reading],
                )?;
                let table = transaction.last_insert_rowid();
                transaction.execute_batch(&format!(
                    "CREATE TABLE rows_{table} (
                        key    TEXT,              -- identity: the text, or a JSON array of texts; null without one
                        digest INTEGER NOT NULL,  -- XXH3 of data
                        page   INTEGER NOT NULL,
                        data   TEXT NOT NULL      -- the row as the connector sent it
                    ) STRICT"
                ))?;
            }
            transaction.commit()?;
            Ok(id)
        })
    }

    /// Ends a sync, and throws the rows of second readings away.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn end_sync(&self, sync: i64, outcome: Verdict) -> Result<(), StoreError> {
        self.with(|connection| {
            let transaction = connection.transaction()?;
            drop_rows(&transaction, sync, "reading > 1")?;
            transaction.execute(
                "UPDATE syncs SET state = 'ended', outcome = ?2, ended_at = ?3 WHERE id = ?1 AND state = 'reading'",
                params![sync, outcome.as_str(), Timestamp::now().as_millisecond()],
            )?;
            transaction.commit()?;
            Ok(())
        })
    }

    /// Throws away all but the newest syncs of a connection. The newest one of which every listing is complete stays
    /// whatever its age: it is what the next sync is compared with.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn keep(&self, connection_name: &str, newest: u32) -> Result<Vec<i64>, StoreError> {
        self.with(|connection| {
            let transaction = connection.transaction()?;
            let old: Vec<i64> = transaction
                .prepare(
                    "SELECT id FROM syncs WHERE connection = ?1 AND state <> 'reading'
                     AND id NOT IN (SELECT id FROM syncs WHERE connection = ?1 ORDER BY id DESC LIMIT ?2)
                     AND id IS NOT (SELECT max(id) FROM syncs WHERE connection = ?1 AND outcome = 'complete')
                     ORDER BY id",
                )?
                .query_map(params![connection_name, newest], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            for &sync in &old {
                drop_rows(&transaction, sync, "reading > 0")?;
                transaction.execute("DELETE FROM syncs WHERE id = ?1", [sync])?;
            }
            transaction.commit()?;
            Ok(old)
        })
    }
}

/// Ends what was stopped: its listings are incomplete, and nothing of it is read any more.
fn abandon(transaction: &rusqlite::Transaction<'_>, connection_name: &str) -> Result<(), Trouble> {
    let reason = "stopped, and read anew by a later sync";
    transaction.execute(
        "DELETE FROM heads WHERE listing IN (SELECT listings.id FROM listings JOIN syncs ON syncs.id = sync
                                             WHERE connection = ?1 AND syncs.state = 'reading')",
        [connection_name],
    )?;
    transaction.execute(
        "UPDATE listings SET state = 'ended', verdict = 'incomplete', cut = ?2, reason = ?2
         WHERE verdict IS NULL AND sync IN (SELECT id FROM syncs WHERE connection = ?1 AND state = 'reading')",
        [connection_name, reason],
    )?;
    transaction.execute(
        "UPDATE syncs SET state = 'abandoned', outcome = 'incomplete', ended_at = ?2
         WHERE connection = ?1 AND state = 'reading'",
        params![connection_name, Timestamp::now().as_millisecond()],
    )?;
    Ok(())
}

fn drop_rows(transaction: &rusqlite::Transaction<'_>, sync: i64, which: &str) -> Result<(), Trouble> {
    let listings: Vec<i64> = transaction
        .prepare(&format!("SELECT id FROM listings WHERE sync = ?1 AND {which}"))?
        .query_map([sync], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for listing in listings {
        transaction.execute_batch(&format!("DROP TABLE IF EXISTS rows_{listing}"))?;
    }
    Ok(())
}
