//! A page of a table: search, filter, sort, and where it goes on. Every page costs the same, however far down it is.

use std::fmt::Write as _;

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension as _, params_from_iter};
use serde::Deserialize;

use super::table::{Column, ColumnKind, Table};

/// Rows of a page.
pub(crate) const PAGE: usize = 50;

/// Letters from which a search finds parts of words; fewer find beginnings of names.
const TRIGRAM: usize = 3;

/// How many rows a search may find to be sorted by something else than the name.
const SORTABLE: usize = 5_000;

/// What is asked for, as it stands in an address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    /// Part of a name, an email or an id.
    pub(crate) q: String,
    /// The column to sort by; the name when empty.
    pub(crate) sort: String,
    /// Whether the greatest comes first.
    pub(crate) desc: bool,
    pub(crate) status: String,
    pub(crate) r#type: String,
    /// Rows after this one.
    pub(crate) after: Option<i64>,
    /// Rows before this one.
    pub(crate) before: Option<i64>,
}

/// A page of a table.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) rows: Vec<TableRow>,
    /// Whether there are rows before the first.
    pub(crate) has_before: bool,
    /// Whether there are rows after the last.
    pub(crate) has_after: bool,
    /// A sentence about what could not be done.
    pub(crate) notice: Option<&'static str>,
}

/// A row of a table: its number, and the text of each column.
#[derive(Debug)]
pub(crate) struct TableRow {
    pub(crate) n: i64,
    pub(crate) cells: Vec<String>,
}

impl Wanted {
    /// The filters that are set, by column.
    pub(crate) fn filters(&self, table: &Table) -> Vec<(&'static str, &str)> {
        let set = [("status", self.status.as_str()), ("type", self.r#type.as_str())];
        let known = set.into_iter().filter(|(name, value)| {
            !value.is_empty() && table.column(name).is_some_and(|it| it.kind == ColumnKind::Choice)
        });
        known.collect()
    }

    /// Whether all rows are wanted.
    pub(crate) fn is_everything(&self, table: &Table) -> bool {
        self.q.trim().is_empty() && self.filters(table).is_empty()
    }
}

/// Conditions of a query, and the values in them.
#[derive(Default)]
struct Conditions {
    text: String,
    values: Vec<Sql>,
}

impl Conditions {
    fn and(&mut self, condition: &str, values: impl IntoIterator<Item = Sql>) {
        self.text.push_str(if self.text.is_empty() { " WHERE " } else { " AND " });
        self.text.push_str(condition);
        self.values.extend(values);
    }
}

/// Reads a page.
pub(crate) fn page(
    connection: &Connection,
    table: &'static Table,
    sync: i64,
    wanted: &Wanted,
) -> rusqlite::Result<Found> {
    let name = format!("{}_{sync}", table.name);
    let mut conditions = Conditions::default();
    let mut from = name.clone();
    let mut notice = None;
    let mut sort = table.column(&wanted.sort).unwrap_or(&table.columns[0]);
    let text = wanted.q.trim();
    let letters = text.chars().count();
    if letters >= TRIGRAM {
        from = format!("find_{name} AS found CROSS JOIN {name} ON {name}.n = found.rowid");
        conditions.and(&format!("find_{name} MATCH ?"), [Sql::Text(phrase(text))]);
        if sort.kind != ColumnKind::Name && too_many(connection, &name, text)? {
            notice = Some(
                "Too much was found to be sorted by another column than the name: search for more letters.",
            );
            sort = &table.columns[0];
        }
    } else if letters > 0 {
        let end = format!("{text}\u{10ffff}");
        conditions.and("name >= ? AND name < ?", [Sql::Text(text.to_owned()), Sql::Text(end)]);
        notice = Some(
            "Names that begin so. Three letters or more are found inside of names, emails and ids, too.",
        );
    }
    for (column, value) in wanted.filters(table) {
        conditions.and(&format!("{column} = ?"), [Sql::Text(value.to_owned())]);
    }
    let is_backward = wanted.before.is_some();
    let is_descending = wanted.desc != is_backward;
    let is_by_name = sort.kind == ColumnKind::Name;
    // Numbers follow names: the number alone is the order of names.
    let number = if letters >= TRIGRAM { "found.rowid".to_owned() } else { format!("{name}.n") };
    if let Some(from_row) = wanted.before.or(wanted.after) {
        let sign = if is_descending { "<" } else { ">" };
        if is_by_name {
            conditions.and(&format!("{number} {sign} ?"), [Sql::Integer(from_row)]);
        } else if let Some(value) = value_of(connection, &name, sort, from_row)? {
            conditions
                .and(&format!("({}, {name}.n) {sign} (?, ?)", sort.name), [value, Sql::Integer(from_row)]);
        }
    }
    let direction = if is_descending { "DESC" } else { "ASC" };
    let order = if is_by_name {
        format!("{number} {direction}")
    } else {
        format!("{} {direction}, {name}.n {direction}", sort.name)
    };
    let mut columns = format!("{name}.n");
    for column in table.columns {
        let _ = write!(columns, ", {}", column.name);
    }
    let query =
        format!("SELECT {columns} FROM {from}{} ORDER BY {order} LIMIT {}", conditions.text, PAGE + 1);
    let mut rows: Vec<TableRow> = connection
        .prepare_cached(&query)?
        .query_map(params_from_iter(conditions.values), |row| {
            let cells = (1..=table.columns.len())
                .map(|place| text_of(row.get(place)?))
                .collect::<rusqlite::Result<_>>()?;
            Ok(TableRow { n: row.get(0)?, cells })
        })?
        .collect::<rusqlite::Result<_>>()?;
    let has_more = rows.len() > PAGE;
    rows.truncate(PAGE);
    if is_backward {
        rows.reverse();
    }
    let (has_before, has_after) =
        if is_backward { (has_more, true) } else { (wanted.after.is_some(), has_more) };
    Ok(Found { rows, has_before, has_after, notice })
}

/// The values of a column that can be filtered by, with how many rows have each.
pub(crate) fn choices(
    connection: &Connection,
    table: &Table,
    sync: i64,
    column: &Column,
) -> rusqlite::Result<Vec<(String, u64)>> {
    let (table, column) = (table.name, column.name);
    connection
        .prepare_cached(&format!(
            "SELECT {column}, count(*) AS number FROM {table}_{sync} GROUP BY {column} ORDER BY number DESC LIMIT 50"
        ))?
        .query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))?
        .map(|row| row.map(|(value, number)| (value, u64::try_from(number).unwrap_or_default())))
        .collect()
}

/// One row of a table by its number.
pub(crate) fn row(
    connection: &Connection,
    table: &'static Table,
    sync: i64,
    n: i64,
) -> rusqlite::Result<Option<TableRow>> {
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    let query = format!("SELECT n, {} FROM {}_{sync} WHERE n = ?1", columns.join(", "), table.name);
    connection
        .prepare_cached(&query)?
        .query_row([n], |row| {
            let cells =
                (1..=columns.len()).map(|place| text_of(row.get(place)?)).collect::<rusqlite::Result<_>>()?;
            Ok(TableRow { n: row.get(0)?, cells })
        })
        .optional()
}

/// A text as one phrase of a search.
fn phrase(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn too_many(connection: &Connection, name: &str, text: &str) -> rusqlite::Result<bool> {
    let query = format!("SELECT 1 FROM find_{name} WHERE find_{name} MATCH ?1 LIMIT 1 OFFSET {SORTABLE}");
    Ok(connection.prepare_cached(&query)?.query_row([phrase(text)], |_| Ok(())).optional()?.is_some())
}

fn value_of(connection: &Connection, name: &str, column: &Column, n: i64) -> rusqlite::Result<Option<Sql>> {
    let query = format!("SELECT {} FROM {name} WHERE n = ?1", column.name);
    connection.prepare_cached(&query)?.query_row([n], |row| row.get(0)).optional()
}

fn text_of(value: Sql) -> rusqlite::Result<String> {
    Ok(match value {
        Sql::Null => String::new(),
        Sql::Integer(number) => number.to_string(),
        Sql::Real(number) => number.to_string(),
        Sql::Text(text) => text,
        Sql::Blob(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
    })
}
