//! Everything about a resource: the entitlements on it.

use std::sync::Arc;

use axum::extract::{Path, State as Extracted};
use axum::response::Html;
use maud::html;

use super::{Tenant, pretty, row_text};
use crate::index::query;
use crate::index::table::RESOURCES;
use crate::page::PageError;
use crate::page::text::grouped;
use crate::server::state::State;

/// Entitlements that are shown.
const SHOWN: usize = 500;

pub(crate) async fn show(
    Extracted(state): Extracted<Arc<State>>,
    Path((store, sync, n)): Path<(usize, i64, i64)>,
) -> Result<Html<String>, PageError> {
    let tenant = Tenant::open(state, store, sync).await?;
    if let Err(page) = tenant.index("Resource", "/resources").await? {
        return Ok(page);
    }
    let (sync, listing) = (tenant.sync.id, tenant.listing("resources").map(|listing| listing.id));
    let (row, text, entitlements) = tenant
        .read(move |connection| {
            let row =
                query::row(connection, &RESOURCES, sync, n)?.ok_or_else(|| PageError::missing("resource"))?;
            let place: i64 = connection.query_row(
                &format!("SELECT place FROM resources_{sync} WHERE n = ?1"),
                [n],
                |row| row.get(0),
            )?;
            let text = match listing {
                Some(listing) => row_text(connection, listing, place)?,
                None => None,
            };
            let key = row.cells.last().map(String::as_str).unwrap_or_default();
            Ok((text, on(connection, sync, key)?, row)).map(|(text, on, row)| (row, text, on))
        })
        .await?;
    let href = tenant.href();
    let content = html! {
        dl {
            dt { "Type" } dd { (row.cells[1]) }
            dt { "Grants" } dd { (row.cells[3]) }
            dt { "Id" } dd { code { (row.cells[4]) } }
        }
        h2 { "Entitlements on it" }
        @if entitlements.is_empty() { p { "None that was read." } } @else {
            div.scroll role="region" aria-label="Entitlements on it" tabindex="0" {
                table {
                    thead { tr { th { "Entitlement" } th { "Type" } th.number { "Accounts" } } }
                    tbody {
                        @for (n, name, kind, holders) in &entitlements {
                            tr {
                                td { a data-row="" href={ (href) "/entitlements/" (n) } { (name) } }
                                td { (kind) } td.number { (grouped(*holders)) }
                            }
                        }
                    }
                }
            }
            @if entitlements.len() == SHOWN { p.dim { "The first " (SHOWN) "; the table of entitlements finds the others." } }
        }
        @if let Some((text, page)) = &text {
            details { summary { "The row as the connector sent it, on page " (page + 1) } pre tabindex="0" { code { (pretty(text)) } } }
        }
    };
    Ok(tenant.frame(row.cells[0].clone(), "/resources").page(&content))
}

/// Number, label, type and holders of the entitlements on a resource.
pub(super) fn on(
    connection: &rusqlite::Connection,
    sync: i64,
    resource: &str,
) -> Result<Vec<(i64, String, String, u64)>, PageError> {
    let query = format!(
        "SELECT n, name, type, holders FROM entitlements_{sync} WHERE resource_key = ?1 ORDER BY n LIMIT {SHOWN}"
    );
    let mut statement = connection.prepare_cached(&query)?;
    let rows = statement.query_map([resource], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, u64::try_from(row.get::<_, i64>(3)?).unwrap_or_default()))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
