//! Everything about an entitlement: who holds it.

use std::sync::Arc;

use axum::extract::{Path, Query, State as Extracted};
use axum::response::Html;
use maud::html;
use rusqlite::OptionalExtension as _;

use super::account::resource;
use super::grants::{From, Grant, Side};
use super::{Tenant, pretty, row_text};
use crate::index::query;
use crate::index::table::ENTITLEMENTS;
use crate::page::PageError;
use crate::page::text::counted;
use crate::server::state::State;

/// The accounts of an entitlement.
const HOLDERS: Side = Side {
    of: "entitlement",
    other: "account",
    columns: &["email", "status", "last_activity"],
    label: "Accounts that hold it",
    heads: &["Account", "Email", "Status", "Last activity"],
};

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
            (HOLDERS.draw(&href, n, &holders, |cells| cells.iter().map(|cell| html! { (cell) }).collect()))
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
) -> Result<Vec<Grant<[String; 3]>>, PageError> {
    HOLDERS.read(connection, sync, n, after, |row| {
        Ok([row.get("email")?, row.get("status")?, row.get("last_activity")?])
    })
}
