//! Two syncs compared.

use std::sync::Arc;

use axum::extract::{Path, Query, State as Extracted};
use axum::response::Html;
use lumos_sync::diff::{
    self, Change, Chosen, FieldChange, ListingDiff, RemovalLimit, Side, SideError, SideName,
};
use lumos_sync::store::SyncState;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use super::Tenant;
use crate::page::PageError;
use crate::page::text::{grouped, moment, shortened};
use crate::server::state::State;

/// Rows of each kind of change that are shown of a listing.
const SHOWN: usize = 100;

/// Which older sync it is compared with; the one before when none is named.
#[derive(Deserialize)]
pub(crate) struct With {
    with: Option<i64>,
}

/// A row that differs.
struct Differs {
    label: String,
    kind: &'static str,
    name: String,
    key: String,
    fields: Vec<FieldChange>,
}

pub(crate) async fn show(
    Extracted(state): Extracted<Arc<State>>,
    Path((store, sync)): Path<(usize, i64)>,
    Query(With { with }): Query<With>,
) -> Result<Html<String>, PageError> {
    let tenant = Tenant::open(state, store, sync).await?;
    let opened = Arc::clone(&tenant.store);
    let mut others = tokio::task::spawn_blocking(move || opened.syncs()).await??;
    others.retain(|other| {
        other.state == SyncState::Ended && other.id != sync && other.connection == tenant.sync.connection
    });
    let chosen = match with {
        Some(with) => {
            Some(others.iter().find(|other| other.id == with).ok_or_else(|| PageError::missing("sync"))?.id)
        }
        None => others.iter().rev().find(|other| other.id < sync).map(|other| other.id),
    };
    let href = format!("{}/changes", tenant.href());
    let Some(chosen) = chosen.filter(|_| tenant.sync.state == SyncState::Ended) else {
        let content = html! { p { "There is no earlier sync of this connection in the store that it could be compared with." } };
        return Ok(tenant.frame("Changes", "/changes").page(&content));
    };
    let path = tenant.store.path().to_owned();
    let (listings, rows) = tokio::task::spawn_blocking(move || {
        let side = |sync| Side::open(&SideName { path: path.clone(), sync: Chosen::Number(sync) });
        compare(&side(chosen)?, &side(sync)?)
    })
    .await??;
    let too_many = RemovalLimit::default().check(&listings);
    let content = html! {
        form.filters method="get" action=(href) {
            label for="with" { "Since" }
            select id="with" name="with" {
                @for other in others.iter().rev() {
                    option value=(other.id) selected[other.id == chosen] { "sync " (other.id) ", " (moment(other.started_at)) }
                }
            }
            button type="submit" { "Compare" }
        }
        @for problem in &too_many { p.notice.bad { (problem.label) ": " (grouped(problem.removed)) " of " (grouped(problem.before)) " rows are gone, more than " (grouped(problem.allowed)) ". Look at them before you believe it." } }
        (summary(&listings))
        @for listing in &listings { (differences(listing, &rows)) }
    };
    Ok(tenant.frame(format!("Changes since sync {chosen}"), "/changes").page(&content))
}

fn compare(old: &Side, new: &Side) -> Result<(Vec<ListingDiff>, Vec<Differs>), SideError> {
    let mut rows: Vec<Differs> = Vec::new();
    let mut shown: std::collections::HashMap<(String, &'static str), usize> =
        std::collections::HashMap::new();
    let listings = diff::diff(old, new, |row| {
        let number = shown.entry((row.label.to_owned(), row.change.as_str())).or_default();
        *number += 1;
        if *number <= SHOWN {
            let fields = if let Change::Changed(fields) = row.change { fields.clone() } else { Vec::new() };
            rows.push(Differs {
                label: row.label.to_owned(),
                kind: row.change.as_str(),
                name: row.name.to_owned(),
                key: row.key.to_owned(),
                fields,
            });
        }
        Ok(())
    })?;
    Ok((listings, rows))
}

fn summary(listings: &[ListingDiff]) -> Markup {
    html! {
        div.scroll role="region" aria-label="Changes by listing" tabindex="0" {
            table {
                thead { tr {
                    th { "Listing" } th.number { "Before" } th.number { "Now" } th.number { "Added" } th.number { "Changed" }
                    th.number { "Removed" } th.number { "Not seen" } th { "Doubt" }
                } }
                tbody {
                    @for listing in listings {
                        tr {
                            td { (listing.label) }
                            @for number in [listing.before, listing.now, listing.added, listing.changed, listing.removed, listing.not_seen] {
                                td.number { (grouped(number)) }
                            }
                            td { (listing.doubt.as_deref().unwrap_or_default()) }
                        }
                    }
                }
            }
        }
    }
}

const KINDS: &[(&str, &str)] =
    &[("added", "Added"), ("changed", "Changed"), ("removed", "Removed"), ("not_seen", "Not seen")];

fn differences(listing: &ListingDiff, rows: &[Differs]) -> Markup {
    let number = |kind: &str| match kind {
        "added" => listing.added,
        "changed" => listing.changed,
        "removed" => listing.removed,
        _ => listing.not_seen,
    };
    html! {
        @if KINDS.iter().any(|(kind, _)| number(kind) > 0) { h2 { (listing.label) } }
        @for (kind, title) in KINDS.iter().filter(|(kind, _)| number(kind) > 0) {
            details open[number(kind) <= 20] {
                summary { (title) " " span.dim { (grouped(number(kind))) } }
                ul.changes {
                    @for row in rows.iter().filter(|row| row.label == listing.label && row.kind == *kind) {
                        li class=(kind) {
                            @if row.name.is_empty() { code { (row.key) } } @else { strong { (row.name) } " " code { (row.key) } }
                            @if !row.fields.is_empty() {
                                ul { @for field in &row.fields { li { code { (field.field) } ": " del { (value(field.old.as_ref())) } " → " ins { (value(field.new.as_ref())) } } } }
                            }
                        }
                    }
                }
                @if number(kind) > SHOWN as u64 { p.dim { "The first " (SHOWN) "; " code { "connector diff" } " writes all of them." } }
            }
        }
    }
}

fn value(value: Option<&Value>) -> String {
    match value {
        None => "nothing".to_owned(),
        Some(Value::String(text)) => shortened(text, 200),
        Some(other) => shortened(&other.to_string(), 200),
    }
}
