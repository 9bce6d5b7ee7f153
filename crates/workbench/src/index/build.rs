//! Making the index of one sync. Cost grows with the number of rows; memory does not.

use std::sync::{Mutex, PoisonError};

use lumos_sync::store::{ListingRecord, SyncRecord};
use rusqlite::Connection;

use super::counts;
use super::file::{self, Built, IndexError, IndexFile};

/// How far the making of an index is.
#[derive(Debug, Default)]
pub(crate) struct Progress(Mutex<Step>);

/// What is done at the moment.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Step {
    /// The number of the step, from 0.
    pub(crate) number: usize,
    pub(crate) name: &'static str,
}

/// The steps of making an index.
pub(crate) const STEPS: usize = 7;

impl Progress {
    pub(crate) fn get(&self) -> Step {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self, name: &'static str) {
        let mut step = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *step = Step { number: step.number + 1, name };
    }
}

/// The index of a sync: the one that is there, or a new one.
pub(crate) fn ensure(
    index: &IndexFile,
    sync: &SyncRecord,
    listings: &[ListingRecord],
    progress: &Progress,
) -> Result<Built, IndexError> {
    let mut connection = index.write()?;
    if let Some(built) = file::built(&connection, sync)? {
        return Ok(built);
    }
    file::forget(&connection, sync.id)?;
    let transaction = connection.transaction()?;
    let built = Build { connection: &transaction, sync: sync.id, listings, progress }.run()?;
    file::note(&transaction, sync, &built)?;
    transaction.commit()?;
    connection.execute_batch("PRAGMA optimize")?;
    Ok(built)
}

/// An index while it is made.
pub(super) struct Build<'a> {
    pub(super) connection: &'a Connection,
    pub(super) sync: i64,
    listings: &'a [ListingRecord],
    progress: &'a Progress,
}

/// One row of each key.
const FIRST_OF_KEY: &str =
    "rowid IN (SELECT min(rowid) FROM store.{rows} WHERE key IS NOT NULL GROUP BY key)";

impl Build<'_> {
    fn run(&self) -> Result<Built, IndexError> {
        self.tables()?;
        self.progress.next("resources");
        let resources = self.resources()?;
        self.progress.next("entitlements");
        let entitlements = self.entitlements()?;
        self.progress.next("accounts");
        let accounts = self.accounts()?;
        self.progress.next("who holds what");
        let (grants, unresolved) = self.grants()?;
        self.progress.next("last activity");
        self.last_activity()?;
        self.progress.next("search");
        self.search()?;
        self.progress.next("pictures");
        counts::count(self)?;
        Ok(Built { sync: self.sync, accounts, entitlements, resources, grants, unresolved })
    }

    /// The rows of a listing, when it was read and its keys are indexed.
    pub(super) fn rows_of(&self, label: &str) -> Option<String> {
        let listing = self.listings.iter().find(|listing| listing.label == label && listing.reading == 1)?;
        listing.is_indexed().then(|| format!("rows_{}", listing.id))
    }

    fn tables(&self) -> rusqlite::Result<()> {
        let sync = self.sync;
        self.connection.execute_batch(&format!(
            "CREATE TABLE accounts_{sync} (
                n INTEGER PRIMARY KEY, place INTEGER NOT NULL, key TEXT NOT NULL, name TEXT NOT NULL COLLATE NOCASE,
                email TEXT NOT NULL COLLATE NOCASE, username TEXT NOT NULL COLLATE NOCASE, status TEXT NOT NULL,
                type TEXT NOT NULL, grants INTEGER NOT NULL DEFAULT 0, last_activity TEXT NOT NULL DEFAULT '');
             CREATE TABLE entitlements_{sync} (
                n INTEGER PRIMARY KEY, place INTEGER NOT NULL, id TEXT NOT NULL, resource_key TEXT NOT NULL,
                name TEXT NOT NULL COLLATE NOCASE, type TEXT NOT NULL, resource TEXT NOT NULL COLLATE NOCASE,
                resource_n INTEGER, holders INTEGER NOT NULL DEFAULT 0);
             CREATE TABLE resources_{sync} (
                n INTEGER PRIMARY KEY, place INTEGER NOT NULL, key TEXT NOT NULL, name TEXT NOT NULL COLLATE NOCASE,
                type TEXT NOT NULL, entitlements INTEGER NOT NULL DEFAULT 0, grants INTEGER NOT NULL DEFAULT 0);
             CREATE TABLE grants_{sync} (
                account INTEGER NOT NULL, entitlement INTEGER NOT NULL, place INTEGER NOT NULL,
                PRIMARY KEY (account, entitlement)) WITHOUT ROWID;"
        ))
    }

    fn resources(&self) -> rusqlite::Result<u64> {
        let sync = self.sync;
        if let Some(rows) = self.rows_of("resources") {
            self.connection.execute_batch(&format!(
                "INSERT INTO resources_{sync} (place, key, name, type)
                 SELECT rowid, key, coalesce(nullif(trim(data ->> '$.label'), ''), key),
                        coalesce(data ->> '$.resource_type', '')
                 FROM store.{rows} WHERE {} ORDER BY 3 COLLATE NOCASE, key;",
                FIRST_OF_KEY.replace("{rows}", &rows)
            ))?;
        }
        self.connection
            .execute_batch(&format!("CREATE UNIQUE INDEX resources_{sync}_key ON resources_{sync} (key);"))?;
        self.sorted("resources", &["name", "type"])?;
        self.number(&format!("SELECT count(*) FROM resources_{sync}"))
    }

    fn entitlements(&self) -> rusqlite::Result<u64> {
        let sync = self.sync;
        if let Some(rows) = self.rows_of("entitlements") {
            self.connection.execute_batch(&format!(
                "INSERT INTO entitlements_{sync} (place, id, resource_key, name, type, resource, resource_n)
                 SELECT row.rowid, row.key ->> 0, row.key ->> 1,
                        coalesce(nullif(trim(data ->> '$.label'), ''), row.key ->> 0) AS label,
                        coalesce(data ->> '$.entitlement_type', ''), coalesce(known.name, row.key ->> 1), known.n
                 FROM store.{rows} AS row LEFT JOIN resources_{sync} AS known ON known.key = row.key ->> 1
                 WHERE row.{} ORDER BY label COLLATE NOCASE, row.key;",
                FIRST_OF_KEY.replace("{rows}", &rows)
            ))?;
        }
        self.connection.execute_batch(&format!(
            "CREATE UNIQUE INDEX entitlements_{sync}_key ON entitlements_{sync} (id, resource_key);
             CREATE INDEX entitlements_{sync}_in ON entitlements_{sync} (resource_key, n);"
        ))?;
        self.sorted("entitlements", &["name", "type", "resource"])?;
        self.number(&format!("SELECT count(*) FROM entitlements_{sync}"))
    }

    fn accounts(&self) -> rusqlite::Result<u64> {
        let sync = self.sync;
        if let Some(rows) = self.rows_of("accounts") {
            let text = |field: &str| format!("trim(coalesce(CAST(data ->> '$.{field}' AS TEXT), ''))");
            let (given, family) = (text("given_name"), text("family_name"));
            let (email, username) = (text("email"), text("username"));
            self.connection.execute_batch(&format!(
                "INSERT INTO accounts_{sync} (place, key, name, email, username, status, type)
                 SELECT rowid, key,
                        coalesce(nullif(trim({given} || ' ' || {family}), ''), nullif({email}, ''),
                                 nullif({username}, ''), key) AS label,
                        {email}, {username}, {}, {}
                 FROM store.{rows} WHERE {} ORDER BY label COLLATE NOCASE, key;",
                text("user_status"),
                text("account_type"),
                FIRST_OF_KEY.replace("{rows}", &rows)
            ))?;
        }
        self.connection
            .execute_batch(&format!("CREATE UNIQUE INDEX accounts_{sync}_key ON accounts_{sync} (key);"))?;
        self.sorted("accounts", &["name", "email", "username", "status", "type"])?;
        self.number(&format!("SELECT count(*) FROM accounts_{sync}"))
    }

    /// Who holds what, and how many that are. The second number: those of which the account or the entitlement is not
    /// there.
    fn grants(&self) -> rusqlite::Result<(u64, u64)> {
        let sync = self.sync;
        let rows = self.rows_of("associations").or_else(|| self.rows_of("account_associations"));
        let mut unresolved = 0;
        if let Some(rows) = rows {
            self.connection.execute_batch(&format!(
                "CREATE TEMP TABLE staged AS
                    SELECT account.n AS account, entitlement.n AS entitlement, row.rowid AS place
                    FROM store.{rows} AS row
                    CROSS JOIN accounts_{sync} AS account ON account.key = row.key ->> 0
                    CROSS JOIN entitlements_{sync} AS entitlement
                        ON entitlement.id = row.key ->> 1 AND entitlement.resource_key = row.key ->> 2
                    WHERE row.key IS NOT NULL;
                 INSERT OR IGNORE INTO grants_{sync} SELECT account, entitlement, place FROM staged
                    ORDER BY account, entitlement, place;"
            ))?;
            let keyed = self.number(&format!("SELECT count(*) FROM store.{rows} WHERE key IS NOT NULL"))?;
            unresolved = keyed - self.number("SELECT count(*) FROM staged")?;
            self.connection.execute_batch("DROP TABLE staged;")?;
        }
        self.connection.execute_batch(&format!(
            "CREATE INDEX grants_{sync}_held ON grants_{sync} (entitlement, account);
             UPDATE accounts_{sync} SET grants = held.number
                FROM (SELECT account, count(*) AS number FROM grants_{sync} GROUP BY account) AS held
                WHERE n = held.account;
             UPDATE entitlements_{sync} SET holders = held.number
                FROM (SELECT entitlement, count(*) AS number FROM grants_{sync} GROUP BY entitlement) AS held
                WHERE n = held.entitlement;
             UPDATE resources_{sync} SET entitlements = had.number, grants = had.grants
                FROM (SELECT resource_n, count(*) AS number, sum(holders) AS grants FROM entitlements_{sync}
                      WHERE resource_n IS NOT NULL GROUP BY resource_n) AS had
                WHERE n = had.resource_n;"
        ))?;
        self.sorted("accounts", &["grants"])?;
        self.sorted("entitlements", &["holders"])?;
        self.sorted("resources", &["entitlements", "grants"])?;
        Ok((self.number(&format!("SELECT count(*) FROM grants_{sync}"))?, unresolved))
    }

    fn last_activity(&self) -> rusqlite::Result<()> {
        let sync = self.sync;
        if let Some(rows) = self.rows_of("last_activity") {
            self.connection.execute_batch(&format!(
                "CREATE TEMP TABLE seen AS
                    SELECT key ->> 0 AS account, max(data ->> '$.happened_at') AS at FROM store.{rows}
                    WHERE key IS NOT NULL GROUP BY key ->> 0;
                 UPDATE accounts_{sync} SET last_activity = coalesce(seen.at, '') FROM seen WHERE key = seen.account;
                 DROP TABLE seen;"
            ))?;
        }
        self.sorted("accounts", &["last_activity"])
    }

    /// Every part of a name, an email or an id of at least three letters finds its row.
    fn search(&self) -> rusqlite::Result<()> {
        let sync = self.sync;
        for (table, text) in [
            ("accounts", "name || char(10) || email || char(10) || username || char(10) || key"),
            ("entitlements", "name || char(10) || id || char(10) || resource"),
            ("resources", "name || char(10) || key"),
        ] {
            self.connection.execute_batch(&format!(
                "CREATE VIRTUAL TABLE find_{table}_{sync} USING fts5(text, content='', columnsize=0, tokenize='trigram');
                 INSERT INTO find_{table}_{sync} (rowid, text) SELECT n, {text} FROM {table}_{sync};"
            ))?;
        }
        Ok(())
    }

    fn sorted(&self, table: &str, columns: &[&str]) -> rusqlite::Result<()> {
        let sync = self.sync;
        columns.iter().try_for_each(|column| {
            self.connection.execute_batch(&format!(
                "CREATE INDEX {table}_{sync}_{column} ON {table}_{sync} ({column}, n)"
            ))
        })
    }

    pub(super) fn number(&self, query: &str) -> rusqlite::Result<u64> {
        let number: i64 = self.connection.query_row(query, [], |row| row.get(0))?;
        Ok(u64::try_from(number).unwrap_or_default())
    }
}
