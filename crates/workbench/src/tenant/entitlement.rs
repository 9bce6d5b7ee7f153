//! Everything about an entitlement: who holds it.

use std::sync::Arc;

use axum::extract::{Path, Query, State as Extracted};
use axum::response::Html;
use maud::html;
use rusqlite::OptionalExtension as _;

use super::account::{From, SHOWN, resource};
use super::{Tenant, pretty, row_text};
use crate::index::query;
use crate::index::table::ENTITLEMENTS;
use crate::page::PageError;
use crate::page::text::{counted, grouped};
use crate::server::state::State;

/// An account that holds the entitlement.
struct Holder {
    n: i64,
    name: String,
    email: String,
    status: String,
    last_activity: String,
}

pub(crate) async fn show(
    Extracted(state): Extracted<Arc<State>>,
    Path((store, sync, n)): Path<(usize, i64, i64)>,
    Query(from): Query<From>,
) -> Result<Html<String>, PageError> {
    let tenant = Tenant::open(state, store, sync).await?;
    if let Err(page) = tenant.index("Entitlement", "/entitlements").await? {
        return Ok(page);
    }
    let (sync, listing) = (tenant.sync.id, tenant.listing("entitlements").map(|listing| listing.id));
    let (row, resource_n, text, holders) = tenant
        .read(move |connection| {
            let row = query::row(connection, &ENTITLEMENTS, sync, n)?
                .ok_or_else(|| PageError::missing("entitlement"))?;
            let place: Option<(i64, Option<i64>)> = connection
                .query_row(
                    &format!("SELECT place, resource_n FROM entitlements_{sync} WHERE n = ?1"),
                    [n],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .optional()?;
            let text = match (listing, place) {
                (Some(listing), Some((place, _))) => row_text(connection, listing, place)?,
                _ => None,
            };
            Ok((row, place.and_then(|(_, n)| n), text, holders(connection, sync, n, from.after)?))
        })
        .await?;
    let href = tenant.href();
    let number = row.cells[3].parse().unwrap_or_default();
    let content = html! {
        dl {
            dt { "Type" } dd { (row.cells[1]) }
            dt { "Resource" } dd { (resource(&href, &row.cells[2], resource_n)) }
            dt { "Id" } dd { code { (row.cells[4]) } }
        }
        h2 { "Who holds it" }
        p.dim { (counted(number, "account", "accounts")) }
        @if !holders.is_empty() {
            div.scroll role="region" aria-label="Accounts that hold it" tabindex="0" {
                table {
                    thead { tr { th { "Account" } th { "Email" } th { "Status" } th { "Last activity" } } }
                    tbody {
                        @for holder in holders.iter().take(SHOWN) {
                            tr {
                                td { a data-row="" href={ (href) "/accounts/" (holder.n) } { (holder.name) } }
                                td { (holder.email) } td { (holder.status) } td { (holder.last_activity) }
                            }
                        }
                    }
                }
            }
        }
        @if holders.len() > SHOWN {
            nav.pager aria-label="Pages" {
                a rel="next" href={ (href) "/entitlements/" (n) "?after=" (holders[SHOWN - 1].n) } { "Next " (grouped(SHOWN as u64)) " →" }
            }
        }
        @if let Some((text, page)) = &text {
            details { summary { "The row as the connector sent it, on page " (page + 1) } pre tabindex="0" { code { (pretty(text)) } } }
        }
    };
    Ok(tenant.frame(row.cells[0].clone(), "/entitlements").page(&content))
}

fn holders(
    connection: &rusqlite::Connection,
    sync: i64,
    n: i64,
    after: i64,
) -> Result<Vec<Holder>, PageError> {
    let query = format!(
        "SELECT account.n, name, email, status, last_activity
         FROM grants_{sync} AS given JOIN accounts_{sync} AS account ON account.n = given.account
         WHERE given.entitlement = ?1 AND given.account > ?2 ORDER BY given.account LIMIT {}",
        SHOWN + 1
    );
    let mut statement = connection.prepare_cached(&query)?;
    let rows = statement.query_map([n, after], |row| {
        Ok(Holder {
            n: row.get(0)?,
            name: row.get(1)?,
            email: row.get(2)?,
            status: row.get(3)?,
            last_activity: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
