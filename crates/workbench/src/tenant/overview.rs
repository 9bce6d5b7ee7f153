//! The syncs of a store; the verdicts of one with their evidence.

use std::sync::Arc;

use axum::extract::{Path, State as Extracted};
use axum::response::Html;
use lumos_sync::store::{Finding, SyncState};
use maud::html;

use super::{Tenant, verdict_mark};
use crate::page::text::{duration, grouped, moment};
use crate::page::{Frame, PageError};
use crate::server::state::State;

pub(crate) async fn syncs(
    Extracted(state): Extracted<Arc<State>>,
    Path(number): Path<usize>,
) -> Result<Html<String>, PageError> {
    let store = state.store(number).ok_or_else(|| PageError::missing("store"))?;
    let opened = Arc::clone(&store);
    let mut syncs = tokio::task::spawn_blocking(move || opened.syncs()).await??;
    syncs.reverse();
    let content = html! {
        p.dim { (store.path().display()) }
        @if syncs.is_empty() { p { "The store holds no sync yet." } }
        div.scroll role="region" aria-label="Syncs" tabindex="0" {
            table {
                thead { tr { th { "Sync" } th { "Connection" } th { "Connector" } th { "Began" } th { "Ended" } th { "Verdict" } } }
                tbody {
                    @for sync in &syncs {
                        tr {
                            td { a data-row="" href={ "tenants/" (number) "/" (sync.id) } { "Sync " (sync.id) } }
                            td { (sync.connection) }
                            td { (sync.app_id) " " (sync.connector_version) }
                            td { (moment(sync.started_at)) }
                            td { (ended(sync.state, sync.ended_at)) }
                            td { (verdict_mark(sync.outcome)) }
                        }
                    }
                }
            }
        }
    };
    Ok(Frame::new(&state, store.name()).page(&content))
}

pub(crate) async fn show(
    Extracted(state): Extracted<Arc<State>>,
    Path((number, sync)): Path<(usize, i64)>,
) -> Result<Html<String>, PageError> {
    let tenant = Tenant::open(state, number, sync).await?;
    let (store, ids) =
        (Arc::clone(&tenant.store), tenant.listings.iter().map(|it| it.id).collect::<Vec<_>>());
    let findings: Vec<Vec<Finding>> = tokio::task::spawn_blocking(move || {
        ids.into_iter().map(|listing| store.findings(listing)).collect::<Result<_, _>>()
    })
    .await??;
    let (sync, href) = (&tenant.sync, tenant.href());
    let content = html! {
        p { (sync.app_id) " " (sync.connector_version) ", read through the connection " strong { (sync.connection) } ". "
            "Began " (moment(sync.started_at)) ", ended " (ended(sync.state, sync.ended_at)) ". " (verdict_mark(sync.outcome)) }
        div.scroll role="region" aria-label="Verdicts" tabindex="0" {
            table {
                thead { tr {
                    th { "Listing" } th { "Verdict" } th.number { "Rows" } th.number { "Pages" } th.number { "Calls" }
                    th.number { "Connector" } th.number { "Waited" } th { "Evidence" }
                } }
                tbody {
                    @for (listing, findings) in tenant.listings.iter().zip(&findings) {
                        tr {
                            td { a data-row="" href={ (href) "/listings/" (listing.label) } { (listing.label) } }
                            td { (verdict_mark(listing.verdict)) }
                            td.number { (grouped(listing.rows)) }
                            td.number { (grouped(listing.pages)) }
                            td.number { (grouped(listing.calls)) }
                            td.number { (duration(listing.connector_time)) }
                            td.number { (duration(listing.waiting_time)) }
                            td {
                                (listing.reason.as_deref().unwrap_or("not judged yet"))
                                @for finding in findings {
                                    @if !listing.reason.as_deref().unwrap_or_default().contains(finding.example.as_deref().unwrap_or_default()) {
                                        br;
                                        (finding.kind.as_str()) ": " (grouped(finding.count))
                                        @if let Some(example) = &finding.example { ", such as " code { (example) } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        p.dim { "Only a complete listing may imply that something is gone." }
    };
    Ok(tenant.frame(format!("Sync {}", sync.id), "").page(&content))
}

fn ended(state: SyncState, at: Option<i64>) -> String {
    match (state, at) {
        (SyncState::Reading, _) => "not yet".to_owned(),
        (SyncState::Abandoned, _) => "never: another one was begun in its place".to_owned(),
        (_, Some(at)) => moment(at),
        (_, None) => "-".to_owned(),
    }
}
