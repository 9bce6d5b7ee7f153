//! Everything about an account: what it holds, from where, and when it was last active.

use std::sync::Arc;

use axum::extract::{Path, Query, State as Extracted};
use axum::response::Html;
use maud::{Markup, html};

use super::grants::{self, From, Grant, Side};
use super::{Tenant, pretty, row_text};
use crate::index::query;
use crate::index::table::ACCOUNTS;
use crate::page::PageError;
use crate::page::text::{counted, grouped};
use crate::server::state::State;

/// The entitlements of an account.
const HELD: Side = Side {
    of: "account",
    other: "entitlement",
    columns: &["type", "resource", "resource_n", "given.place AS place"],
    label: "Entitlements of the account",
    heads: &["Entitlement", "Type", "Resource", "From"],
};

/// What is shown of an entitlement that the account holds.
struct Held {
    kind: String,
    resource: String,
    resource_n: Option<i64>,
    /// The row that says so.
    place: i64,
}

pub(crate) async fn show(
    Extracted(state): Extracted<Arc<State>>,
    Path((store, sync, n)): Path<(usize, i64, i64)>,
    Query(from): Query<From>,
) -> Result<Html<String>, PageError> {
    let tenant = Tenant::open(state, store, sync).await?;
    if let Err(page) = tenant.index("Account", "/accounts").await? {
        return Ok(page);
    }
    let (sync, listing) = (tenant.sync.id, tenant.listing("accounts").map(|listing| listing.id));
    let activity = tenant.listing("last_activity").filter(|it| it.is_indexed()).map(|it| it.id);
    let (row, text, held, events) = tenant
        .read(move |connection| {
            let row =
                query::row(connection, &ACCOUNTS, sync, n)?.ok_or_else(|| PageError::missing("account"))?;
            let place: i64 = connection.query_row(
                &format!("SELECT place FROM accounts_{sync} WHERE n = ?1"),
                [n],
                |row| row.get(0),
            )?;
            let text = match listing {
                Some(listing) => row_text(connection, listing, place)?,
                None => None,
            };
            let events = match (activity, row.cells.last()) {
                (Some(listing), Some(key)) => events(connection, listing, key)?,
                _ => Vec::new(),
            };
            Ok((row, text, held(connection, sync, n, from.after)?, events))
        })
        .await?;
    let href = tenant.href();
    let associations =
        if tenant.listing("associations").is_some() { "associations" } else { "account_associations" };
    let content = html! {
        dl {
            @for (column, cell) in ACCOUNTS.columns.iter().zip(&row.cells).skip(1).filter(|(_, cell)| !cell.is_empty()) {
                dt { (column.title) } dd { (cell) }
            }
            @if let Some((_, page)) = &text { dt { "Came on" } dd { "page " (page + 1) " of the listing" } }
        }
        h2 { "What it holds" }
        (holdings(&href, associations, &held, n))
        @if !events.is_empty() {
            h2 { "Last activity" }
            div.scroll role="region" aria-label="Last activity" tabindex="0" {
                table {
                    thead { tr { th { "Event" } th { "Happened at" } } }
                    tbody { @for (event, at) in &events { tr { td { (event) } td { (at) } } } }
                }
            }
        }
        @if let Some((text, _)) = &text {
            details { summary { "The row as the connector sent it" } pre tabindex="0" { code { (pretty(text)) } } }
        }
    };
    Ok(tenant.frame(row.cells[0].clone(), "/accounts").page(&content))
}

fn holdings(href: &str, associations: &str, held: &[Grant<Held>], n: i64) -> Markup {
    if held.is_empty() {
        return html! { p { "Nothing that was read." } };
    }
    let cells = |one: &Held| {
        let row = html! { a href={ (href) "/listings/" (associations) "/" (one.place) } { "row " (grouped(one.place.unsigned_abs())) } };
        vec![html! { (one.kind) }, resource(href, &one.resource, one.resource_n), row]
    };
    html! {
        p.dim { (counted(grants::shown(held), "entitlement", "entitlements")) }
        (HELD.draw(href, n, held, cells))
    }
}

/// A resource with its page; what is on no resource is on the app.
pub(super) fn resource(href: &str, name: &str, n: Option<i64>) -> Markup {
    match n {
        Some(n) => html! { a href={ (href) "/resources/" (n) } { (name) } },
        None if name.is_empty() => html! { span.dim { "the app as a whole" } },
        None => html! { (name) " " span.dim { "(was not listed)" } },
    }
}

fn held(
    connection: &rusqlite::Connection,
    sync: i64,
    n: i64,
    after: i64,
) -> Result<Vec<Grant<Held>>, PageError> {
    HELD.read(connection, sync, n, after, |row| {
        Ok(Held {
            kind: row.get("type")?,
            resource: row.get("resource")?,
            resource_n: row.get("resource_n")?,
            place: row.get("place")?,
        })
    })
}

/// Events and when each happened last. The keys of the listing begin with the account.
fn events(
    connection: &rusqlite::Connection,
    listing: i64,
    account: &str,
) -> Result<Vec<(String, String)>, PageError> {
    let mut first = String::new();
    lumos_sync::row::identity::join([account, ""].into_iter(), &mut first);
    let prefix = first.strip_suffix("\"\"]").unwrap_or(&first).to_owned();
    let query = format!(
        "SELECT coalesce(data ->> '$.event_type', ''), coalesce(data ->> '$.happened_at', '') FROM store.rows_{listing}
         WHERE key >= ?1 AND key < ?2 ORDER BY 2 DESC LIMIT 50"
    );
    let mut statement = connection.prepare_cached(&query)?;
    let rows = statement
        .query_map([&prefix, &format!("{prefix}\u{10ffff}")], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
