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

    /// Runs a statement of a transaction whose answer nobody needs. On a server, those that follow each other are made one
    /// and go out with the next statement that has an answer, or with the commit: none of them sees what another has
    /// done, and no two may change the same row.
    pub(crate) fn later(&mut self, sql: &str, values: &[Value<'_>]) -> Result<(), Trouble> {
        match self {
            Self::Sqlite(_) => self.execute(sql, values).map(|_| ()),
            Self::Postgres(server) => server.later(sql, values),
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

    /// Calls `each` with the text and the two numbers of every row of an answer.
    pub(crate) fn keys(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        each: &mut dyn FnMut(&str, i64, i64),
    ) -> Result<(), Trouble> {
        match self {
            Self::Sqlite(database) => {
                let mut statement = database.prepare_cached(sql)?;
                let mut answer = statement.query(rusqlite::params_from_iter(values))?;
                while let Some(row) = answer.next()? {
                    let text = row.get_ref(0)?.as_bytes().map_err(rusqlite::Error::from)?;
                    each(&String::from_utf8_lossy(text), row.get(1)?, row.get(2)?);
                }
                Ok(())
            }
            Self::Postgres(server) => {
                for mut row in server.query(sql, values)? {
                    each(&row.take::<String>(0)?, row.take(1)?, row.take(2)?);
                }
                Ok(())
            }
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
            Self::Sqlite(database) => insert(database, listing, page, rows),
            Self::Postgres(server) => server.append(listing, page, rows),
        }
    }
}

/// Rows of one statement: a statement for each would look for the end of the table each time.
const TOGETHER: usize = 32;

/// Inserts the rows of a page, some with each statement, and what remains one by one.
fn insert(
    database: &rusqlite::Connection,
    listing: i64,
    page: i64,
    rows: &mut RowBuffer,
) -> Result<(), Trouble> {
    let together = usize::try_from(rows.rows()).unwrap_or_default() / TOGETHER * TOGETHER;
    let mut many = if together == 0 { None } else { Some(prepare(database, listing, TOGETHER)?) };
    let mut one = if rows.rows() == together as u64 { None } else { Some(prepare(database, listing, 1)?) };
    let mut count = 0;
    rows.for_each(|row| {
        let (statement, place, last) = match (&mut many, &mut one) {
            (Some(many), _) if count < together => (many, count % TOGETHER, TOGETHER - 1),
            (_, Some(one)) => (one, 0, 0),
            // There are as many as were counted.
            _ => return Ok(()),
        };
        count += 1;
        let first = place * 3 + 2;
        if place == 0 {
            statement.raw_bind_parameter(1, page)?;
        }
        statement.raw_bind_parameter(first, row.key)?;
        statement.raw_bind_parameter(first + 1, row.digest)?;
        statement.raw_bind_parameter(first + 2, row.data)?;
        if place == last {
            statement.raw_execute()?;
        }
        Ok(())
    })
}

/// The statement that inserts so many rows: `?1` is the page of all, three values for each row follow.
fn prepare(
    database: &rusqlite::Connection,
    listing: i64,
    rows: usize,
) -> rusqlite::Result<rusqlite::CachedStatement<'_>> {
    let row = |row: usize| format!("(?{}, ?{}, ?1, ?{})", row * 3 + 2, row * 3 + 3, row * 3 + 4);
    let rows: Vec<String> = (0..rows).map(row).collect();
    database.prepare_cached(&format!(
        "INSERT OR FAIL INTO rows_{listing} (key, digest, page, data) VALUES {}",
        rows.join(", ")
    ))
}

fn field(value: ValueRef<'_>) -> rusqlite::Result<Field> {
    Ok(match value {
        ValueRef::Integer(number) => Field::Integer(number),
        ValueRef::Text(text) => Field::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => Field::Null,
    })
}
