//! What was read: accounts, entitlements, resources, pictures, differences.
//!
//! | file | what it shows |
//! | --- | --- |
//! | `store` | (an open store with its index) |
//! | `overview` | the syncs of a store; the verdicts of one with their evidence |
//! | `tables` | accounts, entitlements, resources: search, sort, filter, pages, CSV |
//! | `account`, `entitlement`, `resource` | everything about one of them |
//! | `grants` | what an account holds, and who holds an entitlement |
//! | `tree` | resources by type, with the entitlements on each |
//! | `listing` | the rows of any listing, as the connector sent them |
//! | `pictures` | charts |
//! | `changes` | two syncs compared |

mod account;
mod changes;
mod entitlement;
mod grants;
mod listing;
mod overview;
mod pictures;
mod resource;
pub(crate) mod store;
mod tables;
mod tree;

use std::sync::Arc;

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use lumos_sync::store::{ListingRecord, SyncRecord, SyncState};
use lumos_sync::verdict::Verdict;
use maud::{Markup, html};

use crate::index::Built;
use crate::index::build::STEPS;
use crate::page::layout::tabs;
use crate::page::{Frame, PageError};
use crate::server::state::State;
use store::{Ready, TenantStore};

pub(crate) use listing::{cell, columns};

pub(crate) fn routes() -> Router<Arc<State>> {
    Router::new()
        .route("/tenants/{store}", get(overview::syncs))
        .route("/tenants/{store}/{sync}", get(overview::show))
        .route("/tenants/{store}/{sync}/tree", get(tree::show))
        .route("/tenants/{store}/{sync}/pictures", get(pictures::show))
        .route("/tenants/{store}/{sync}/changes", get(changes::show))
        .route("/tenants/{store}/{sync}/listings/{label}", get(listing::show))
        .route("/tenants/{store}/{sync}/listings/{label}/{row}", get(listing::row))
        .route("/tenants/{store}/{sync}/accounts", get(tables::accounts))
        .route("/tenants/{store}/{sync}/accounts/{n}", get(account::show))
        .route("/tenants/{store}/{sync}/entitlements", get(tables::entitlements))
        .route("/tenants/{store}/{sync}/entitlements/{n}", get(entitlement::show))
        .route("/tenants/{store}/{sync}/resources", get(tables::resources))
        .route("/tenants/{store}/{sync}/resources/{n}", get(resource::show))
        .route("/tenants/{store}/{sync}/csv/{table}", get(tables::csv))
}

/// A sync of a store, for a page about it.
pub(crate) struct Tenant {
    pub(crate) state: Arc<State>,
    pub(crate) store: Arc<TenantStore>,
    pub(crate) sync: SyncRecord,
    pub(crate) listings: Vec<ListingRecord>,
    number: usize,
}

impl Tenant {
    pub(crate) async fn open(state: Arc<State>, number: usize, sync: i64) -> Result<Self, PageError> {
        let store = state.store(number).ok_or_else(|| PageError::missing("store"))?;
        let opened = Arc::clone(&store);
        let (sync, listings) = tokio::task::spawn_blocking(move || opened.sync(sync)).await??;
        Ok(Self { state, store, sync, listings, number })
    }

    /// The address of its first page.
    pub(crate) fn href(&self) -> String {
        format!("tenants/{}/{}", self.number, self.sync.id)
    }

    /// The listing with that label.
    pub(crate) fn listing(&self, label: &str) -> Option<&ListingRecord> {
        self.listings.iter().find(|listing| listing.label == label)
    }

    /// The page around something about it; `here` is the last part of the address of a tab.
    pub(crate) fn frame(&self, title: impl Into<String>, here: &str) -> Frame<'_> {
        let href = self.href();
        let links: Vec<(String, &str)> = [
            ("", "Verdicts"),
            ("/accounts", "Accounts"),
            ("/entitlements", "Entitlements"),
            ("/resources", "Resources"),
            ("/tree", "Tree"),
            ("/pictures", "Pictures"),
            ("/changes", "Changes"),
        ]
        .map(|(end, name)| (format!("{href}{end}"), name))
        .into();
        Frame::new(&self.state, title)
            .below(format!("tenants/{}", self.number), self.store.name())
            .below(href.clone(), format!("Sync {}", self.sync.id))
            .tabs(tabs("Parts of the tenant", &format!("{href}{here}"), &links))
    }

    /// What the index counts, or the page that is shown while it is made.
    pub(crate) async fn index(
        &self,
        title: &str,
        here: &str,
    ) -> Result<Result<Built, Html<String>>, PageError> {
        if self.sync.state == SyncState::Reading {
            let content = html! {
                p.notice { "This sync has not ended: its rows can be looked at listing by listing, and searched when it has." }
                p { a href=(self.href()) { "How far it is" } }
            };
            return Ok(Err(self.frame(title, here).page(&content)));
        }
        match self.store.ready(&self.sync, &self.listings).await? {
            Ready::Built(built) => Ok(Ok(built)),
            Ready::Making(step) => {
                let first = listing::first(self, here.trim_start_matches('/')).await?;
                let content = html! {
                    div hx-get={ (self.href()) (here) } hx-trigger="load delay:2s" hx-target="body" hx-swap="innerHTML" {
                        p.notice role="status" { "The index of this sync is made: step " (step.number) " of " (STEPS) ", " (step.name) "." }
                        progress value=(step.number) max=(STEPS) aria-label="How far the index is" {}
                        p { "It is made once, beside the store. Until then " a href=(self.href()) { "the rows of each listing" } " can be looked at." }
                    }
                    (first)
                };
                Ok(Err(self.frame(title, here).page(&content)))
            }
        }
    }

    /// Does something with the index and the store, away from the threads that answer.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&rusqlite::Connection) -> Result<T, PageError> + Send + 'static,
    ) -> Result<T, PageError> {
        let store = Arc::clone(&self.store);
        tokio::task::spawn_blocking(move || store.read(read)).await?
    }
}

/// A verdict as a coloured word.
pub(crate) fn verdict_mark(verdict: Option<Verdict>) -> Markup {
    match verdict {
        Some(Verdict::Complete) => html! { span.mark.good { "complete" } },
        Some(Verdict::Inconsistent) => html! { span.mark.fair { "inconsistent" } },
        Some(Verdict::Incomplete) => html! { span.mark.bad { "incomplete" } },
        None => html! { span.mark { "none yet" } },
    }
}

/// JSON with its levels indented; what is not JSON as it is.
pub(crate) fn pretty(text: &str) -> String {
    serde_json::from_str::<serde_json::Value>(text)
        .ok()
        .and_then(|value| serde_json::to_string_pretty(&value).ok())
        .unwrap_or_else(|| text.to_owned())
}

/// The text of a row and the page on which it came.
pub(crate) fn row_text(
    connection: &rusqlite::Connection,
    listing: i64,
    place: i64,
) -> Result<Option<(String, i64)>, PageError> {
    use rusqlite::OptionalExtension as _;
    let query = format!("SELECT data, page FROM store.rows_{listing} WHERE rowid = ?1");
    Ok(connection.query_row(&query, [place], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}
