//! The first page: connections and stores.

use std::sync::Arc;

use axum::extract::State as Extracted;
use axum::response::Html;
use lumos_sync::store::SyncRecord;
use maud::{Markup, html};

use super::{Frame, PageError, text};
use crate::server::state::State;
use crate::tenant::store::TenantStore;
use crate::tenant::verdict_mark;

pub(crate) async fn show(Extracted(state): Extracted<Arc<State>>) -> Result<Html<String>, PageError> {
    let stores = state.stores();
    let listed = tokio::task::spawn_blocking(move || -> Result<Vec<_>, PageError> {
        stores.into_iter().map(|store| Ok((store.last_ended()?, store))).collect()
    })
    .await??;
    let connections = state.connections();
    let content = html! {
        h2 { "Connections" }
        @if !connections.is_empty() {
            ul.cards {
                @for (number, entry) in connections.iter().enumerate() {
                    li {
                        a data-row="" href={ "connections/" (number) } { (entry.name()) } br;
                        span.dim { @match entry.path() { Some(path) => { (path.display()) } None => "not saved" } } br;
                        a href={ "connections/" (number) "/calls" } { "Calls" } " · " a href={ "connections/" (number) "/sync" } { "Sync" }
                    }
                }
            }
        }
        p { a href="connections/new" { "New connection" } }
        h2 { "Stores" }
        (stores_table(&listed))
    };
    Ok(Frame::new(&state, "Workbench").page(&content))
}

fn stores_table(listed: &[(Option<SyncRecord>, Arc<TenantStore>)]) -> Markup {
    if listed.is_empty() {
        return html! { p { "No store is open. A sync of a connection makes one." } };
    }
    html! {
        div.scroll role="region" aria-label="Stores" tabindex="0" {
            table {
                thead { tr { th { "Store" } th { "Connection" } th { "Last sync" } th { "Ended" } th { "Verdict" } } }
                tbody {
                    @for (number, (sync, store)) in listed.iter().enumerate() {
                        tr {
                            @match sync {
                                Some(sync) => {
                                    td { a data-row="" href={ "tenants/" (number) "/" (sync.id) } { (store.name()) } }
                                    td { (sync.connection) }
                                    td.number { (sync.id) }
                                    td { (sync.ended_at.map_or_else(|| "-".to_owned(), text::moment)) }
                                    td { (verdict_mark(sync.outcome)) }
                                }
                                None => {
                                    td { a data-row="" href={ "tenants/" (number) } { (store.name()) } }
                                    td colspan="4" { "no sync has ended yet" }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
