//! Statements, written once for both engines: SQLite's text with numbered placeholders (`?1`).

use rusqlite::types::ValueRef;

use super::error::Trouble;
use super::postgres::Server;
use super::value::{Field, Row, Value};
use crate::row::RowBuffer;

/// An open connection to the engine of a store.
pub(crate) enum Session<'a> {
    Sqlite(&'a rusqlite::Connection),
    Postgres(&'a mut Server),
}

impl Session<'_> {
    /// Whether PostgreSQL runs the statements, where the two differ.
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Runs a statement and returns how many rows it changed.
    pub(crate) fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, Trouble> {
        match self {
            Self::Sqlite(database) => {
                let mut statement = database.prepare_cached(sql)?;
                let changed = statement.execute(rusqlite::params_from_iter(values))?;
                Ok(changed.try_into().unwrap_or_default())
            }
            Self::Postgres(server) => server.execute(sql, values),
        }
    }

    /// Runs statements that have no placeholders.
    pub(crate) fn batch(&mut self, sql: &str) -> Result<(), Trouble> {
        match self {
            Self::Sqlite(database) => Ok(database.execute_batch(sql)?),
            Self::Postgres(server) => server.batch(sql),
        }
    }

    /// The rows of an answer.
    pub(crate) fn query(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, Trouble> {
        match self {
            Self::Sqlite(database) => {
                let mut statement = database.prepare_cached(sql)?;
                let columns = statement.column_count();
                let mut answer = statement.query(rusqlite::params_from_iter(values))?;
                let mut rows = Vec::new();
                while let Some(row) = answer.next()? {
                    let fields = (0..columns).map(|column| row.get_ref(column).and_then(field));
                    rows.push(Row(fields.collect::<rusqlite::Result<_>>()?));
                }
                Ok(rows)
            }
            Self::Postgres(server) => server.query(sql, values),
        }
    }

    /// The first row of an answer that may have none.
    pub(crate) fn query_first(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Option<Row>, Trouble> {
        Ok(self.query(sql, values)?.into_iter().next())
    }

    /// The first row of an answer that always has one.
    pub(crate) fn query_row(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Row, Trouble> {
        self.query_first(sql, values)?
            .ok_or_else(|| Trouble::File(std::io::Error::other("an answer without a row")))
    }

    /// Appends the rows of a page to those of a listing.
    pub(crate) fn append(&mut self, listing: i64, page: i64, rows: &mut RowBuffer) -> Result<(), Trouble> {
        match self {
            Self::Sqlite(database) => {
                let mut insert = database.prepare_cached(&format!(
                    "INSERT INTO rows_{listing} (key, digest, page, data) VALUES (?1, ?2, ?3, ?4)"
                ))?;
                rows.for_each(|row| {
                    insert.execute(rusqlite::params![row.key, row.digest, page, row.data])?;
                    Ok(())
                })
            }
            Self::Postgres(server) => server.copy(listing, page, rows),
        }
    }
}

fn field(value: ValueRef<'_>) -> rusqlite::Result<Field> {
    Ok(match value {
        ValueRef::Integer(number) => Field::Integer(number),
        ValueRef::Text(text) => Field::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => Field::Null,
    })
}
