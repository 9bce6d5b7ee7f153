//! The rows of any listing, as the connector sent them, in the order in which they came.

use std::sync::Arc;

use axum::extract::{Path, Query, State as Extracted};
use axum::response::Html;
use lumos_sync::store::ListingRecord;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use super::{Tenant, pretty, row_text, verdict_mark};
use crate::page::PageError;
use crate::page::text::{counted, shortened};
use crate::server::state::State;

/// Rows of a page.
const PAGE: usize = 50;
/// Columns that are shown.
const COLUMNS: usize = 12;

/// Where the rows go on.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct From {
    after: i64,
    before: Option<i64>,
}

/// A row: its place and its text.
type Row = (i64, String);

pub(crate) async fn show(
    Extracted(state): Extracted<Arc<State>>,
    Path((store, sync, label)): Path<(usize, i64, String)>,
    Query(from): Query<From>,
) -> Result<Html<String>, PageError> {
    let tenant = Tenant::open(state, store, sync).await?;
    let listing = tenant.listing(&label).ok_or_else(|| PageError::missing("listing"))?;
    let id = listing.id;
    let (rows, has_more) = tenant.read(move |connection| page(connection, id, &from)).await?;
    let href = format!("{}/listings/{label}", tenant.href());
    let content = html! {
        p { (counted(listing.rows, "row", "rows")) " of " code { (listing.capability) } " " (verdict_mark(listing.verdict)) " "
            (listing.reason.as_deref().unwrap_or("not judged yet")) }
        (table(&href, &rows))
        nav.pager aria-label="Pages" {
            @if let Some((first, _)) = rows.first().filter(|(first, _)| *first > 1) { a rel="prev" href={ (href) "?before=" (first) } { "← Previous" } }
            @if let Some((last, _)) = rows.last().filter(|_| has_more) { a rel="next" href={ (href) "?after=" (last) } { "Next →" } }
        }
    };
    Ok(tenant.frame(label.clone(), "").page(&content))
}

/// The first rows of a listing, when it was read: what is shown while its index is made.
pub(super) async fn first(tenant: &Tenant, label: &str) -> Result<Markup, PageError> {
    let Some(id) = tenant.listing(label).map(|listing| listing.id) else { return Ok(html! {}) };
    let (rows, _) = tenant.read(move |connection| page(connection, id, &From::default())).await?;
    let href = format!("{}/listings/{label}", tenant.href());
    Ok(html! { h2 { "The first rows, as they came" } (table(&href, &rows)) })
}

pub(crate) async fn row(
    Extracted(state): Extracted<Arc<State>>,
    Path((store, sync, label, place)): Path<(usize, i64, String, i64)>,
) -> Result<Html<String>, PageError> {
    let tenant = Tenant::open(state, store, sync).await?;
    let listing: &ListingRecord = tenant.listing(&label).ok_or_else(|| PageError::missing("listing"))?;
    let id = listing.id;
    let found = tenant.read(move |connection| row_text(connection, id, place)).await?;
    let (text, page) = found.ok_or_else(|| PageError::missing("row"))?;
    let content = html! {
        p { "Row " (place) " of " a href={ (tenant.href()) "/listings/" (label) } { (label) } ", on page " (page + 1) " of the listing." }
        pre tabindex="0" { code { (pretty(&text)) } }
    };
    Ok(tenant.frame(format!("{label}, row {place}"), "").page(&content))
}

fn page(connection: &rusqlite::Connection, listing: i64, from: &From) -> Result<(Vec<Row>, bool), PageError> {
    let (sign, order, place) = match from.before {
        Some(before) => ("<", "DESC", before),
        None => (">", "ASC", from.after),
    };
    let query = format!(
        "SELECT rowid, data FROM store.rows_{listing} WHERE rowid {sign} ?1 ORDER BY rowid {order} LIMIT {}",
        PAGE + 1
    );
    let mut statement = connection.prepare(&query)?;
    let mut rows: Vec<Row> = statement
        .query_map([place], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let has_more = rows.len() > PAGE;
    rows.truncate(PAGE);
    if from.before.is_some() {
        rows.reverse();
        return Ok((rows, true));
    }
    Ok((rows, has_more))
}

fn table(href: &str, rows: &[Row]) -> Markup {
    let values: Vec<Value> =
        rows.iter().map(|(_, text)| serde_json::from_str(text).unwrap_or_default()).collect();
    let columns = columns(&values);
    html! {
        @if rows.is_empty() { p { "There is no row." } } @else {
            div.scroll role="region" aria-label="Rows" tabindex="0" {
                table {
                    thead { tr { th { "Row" } @for column in &columns { th { (column) } } } }
                    tbody {
                        @for ((place, _), value) in rows.iter().zip(&values) {
                            tr {
                                td.number { a data-row="" href={ (href) "/" (place) } { (place) } }
                                @for column in &columns { td { (cell(&value[*column])) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The members of objects, those that come first in any of them.
pub(crate) fn columns(values: &[Value]) -> Vec<&str> {
    let mut columns: Vec<&str> = Vec::new();
    for name in values.iter().filter_map(Value::as_object).flat_map(serde_json::Map::keys) {
        if columns.len() < COLUMNS && !columns.contains(&name.as_str()) {
            columns.push(name);
        }
    }
    columns
}

/// A value in a cell of a table.
pub(crate) fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => shortened(text, 120),
        other => shortened(&other.to_string(), 120),
    }
}
