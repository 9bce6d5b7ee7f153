//! The page of a connection's sync, and the stream of its progress.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Form;
use axum::extract::{Path, State as Extracted};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use futures_util::Stream;
use lumos_sync::execute::SyncOptions;
use lumos_sync::plan::{LISTINGS, Selection};
use maud::{Markup, html};
use serde::Deserialize;
use tokio::sync::watch;

use super::running::{End, Progress, Running, Shown};
use crate::connection::entry::Entry;
use crate::connection::{entry, frame};
use crate::page::PageError;
use crate::page::text::{counted, duration, grouped};
use crate::server::state::State;
use crate::tenant::verdict_mark;

/// The least time between two looks at a sync.
const PAUSE: Duration = Duration::from_millis(250);

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Wanted {
    only: String,
    page_size: String,
    since: String,
    verify: String,
    fresh: String,
}

/// Where the rows of a connection go: beside its file.
fn store_path(state: &State, entry: &Entry) -> PathBuf {
    match entry.path() {
        Some(path) => path.with_extension("db"),
        None => state.folder().join(format!("{}.db", entry.name().replace(['/', '\\'], "_"))),
    }
}

pub(super) async fn show(
    Extracted(state): Extracted<Arc<State>>,
    Path(number): Path<usize>,
) -> Result<Html<String>, PageError> {
    let entry = entry(&state, number)?;
    Ok(page(&state, number, &entry, None))
}

fn page(state: &State, number: usize, entry: &Entry, problem: Option<&str>) -> Html<String> {
    let running = entry.running();
    let href = format!("connections/{number}/sync");
    let content = html! {
        @if let Some(problem) = problem { p.notice.bad role="alert" { (problem) } }
        @match &running {
            Some(running) if !running.has_ended() => {
                div hx-ext="sse" sse-connect={ (href) "/events" } sse-swap="progress" sse-close="end" { (progress(state, &running.get())) }
                form method="post" action={ (href) "/stop" } { div.actions { button type="submit" { "Stop" } span.dim { "What was read is kept; the next sync goes on." } } }
            }
            Some(running) => { (progress(state, &running.get())) (form(&href, state, entry)) }
            None => (form(&href, state, entry))
        }
    };
    frame(state, number, entry, "Sync", "/sync").page(&content)
}

fn form(href: &str, state: &State, entry: &Entry) -> Markup {
    html! {
        p { "Reads everything that the connector lists into " code { (store_path(state, entry).display()) } ". A sync that was stopped goes on." }
        form method="post" action=(href) autocomplete="off" {
            details {
                summary { "Options" }
                div.field {
                    label for="only" { "Only these listings" }
                    p.help { "Separated by commas; all when empty: " (LISTINGS.iter().map(|listing| listing.label).collect::<Vec<_>>().join(", ")) "." }
                    input id="only" name="only" type="text";
                }
                div.field { label for="page-size" { "Rows of a page" } input id="page-size" name="page_size" type="number" min="1" step="1"; }
                div.field { label for="since" { "Activities and expenses since" } input id="since" name="since" type="date"; }
                div.field { label for="verify" { "Read every listing twice and compare" }
                    select id="verify" name="verify" { option value="" { "no" } option value="yes" { "yes" } } }
                div.field { label for="fresh" { "If a sync was stopped" }
                    select id="fresh" name="fresh" { option value="" { "go on with it" } option value="yes" { "read everything anew" } } }
            }
            div.actions { button.main type="submit" { "Start a sync" } }
        }
    }
}

pub(super) async fn start(
    Extracted(state): Extracted<Arc<State>>,
    Path(number): Path<usize>,
    Form(wanted): Form<Wanted>,
) -> Result<Response, PageError> {
    let entry = entry(&state, number)?;
    let there = Redirect::to(&format!("{}/connections/{number}/sync", state.base()));
    if entry.running().is_some_and(|running| !running.has_ended()) {
        return Ok(there.into_response());
    }
    let mut options = SyncOptions::new(entry.name());
    let only = wanted.only.split(',').map(str::trim).filter(|name| !name.is_empty());
    options.selection = Selection { only: only.map(str::to_owned).collect(), without: Vec::new() };
    options.page_size = match wanted.page_size.trim() {
        "" => None,
        size => match size.parse() {
            Ok(size) if size > 0 => Some(size),
            _ => {
                return Ok(page(
                    &state,
                    number,
                    &entry,
                    Some("Rows of a page: expected a number from 1 on."),
                )
                .into_response());
            }
        },
    };
    options.since = (!wanted.since.is_empty()).then_some(wanted.since);
    options.verify = wanted.verify == "yes";
    options.fresh = wanted.fresh == "yes";
    let path = store_path(&state, &entry);
    entry.set_running(Running::start(Arc::clone(&entry), path, options));
    Ok(there.into_response())
}

pub(super) async fn stop(
    Extracted(state): Extracted<Arc<State>>,
    Path(number): Path<usize>,
) -> Result<Redirect, PageError> {
    let entry = entry(&state, number)?;
    if let Some(running) = entry.running() {
        running.stop();
        let mut changes = running.changes();
        while !running.has_ended() && changes.changed().await.is_ok() {}
    }
    Ok(Redirect::to(&format!("{}/connections/{number}/sync", state.base())))
}

/// A stream of what a page shows of a sync, until it ends.
struct Watched {
    state: Arc<State>,
    running: Arc<Running>,
    changes: watch::Receiver<u64>,
    stopping: watch::Receiver<bool>,
    step: Step,
}

enum Step {
    First,
    Next,
    Last,
    Done,
}

pub(super) async fn events(
    Extracted(state): Extracted<Arc<State>>,
    Path(number): Path<usize>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, PageError> {
    let entry = entry(&state, number)?;
    let running = entry.running().ok_or_else(|| PageError::missing("sync that runs"))?;
    let (changes, stopping) = (running.changes(), state.stopping());
    let watched = Watched { state, running, changes, stopping, step: Step::First };
    Ok(Sse::new(futures_util::stream::unfold(watched, next)).keep_alive(KeepAlive::default()))
}

async fn next(mut watched: Watched) -> Option<(Result<Event, Infallible>, Watched)> {
    match watched.step {
        Step::Done => return None,
        Step::Last => {
            watched.step = Step::Done;
            return Some((Ok(Event::default().event("end").data("end")), watched));
        }
        Step::First => watched.step = Step::Next,
        Step::Next => {
            tokio::time::sleep(PAUSE).await;
            tokio::select! {
                changed = watched.changes.changed() => drop(changed),
                _ = watched.stopping.wait_for(|stopping| *stopping) => return None,
            }
        }
    }
    watched.changes.mark_unchanged();
    let now = watched.running.get();
    if now.end.is_some() {
        watched.step = Step::Last;
    }
    // An event may hold no carriage return.
    let text = progress(&watched.state, &now).into_string().replace('\r', " ");
    Some((Ok(Event::default().event("progress").data(text)), watched))
}

fn progress(state: &State, progress: &Progress) -> Markup {
    let pages: u64 = progress.listings.iter().map(|listing| listing.pages).sum();
    let rows: u64 = progress.listings.iter().map(|listing| listing.rows).sum();
    html! {
        div role="status" {
            @match &progress.end {
                None if progress.listings.is_empty() => p { "The sync begins." }
                None => p { "Reading: " (counted(rows, "row", "rows")) " in " (counted(pages, "page", "pages")) ", for " (duration(progress.started.elapsed())) "." }
                Some(End::Judged(verdict)) => p { "The sync has ended: " (verdict_mark(Some(*verdict))) " " (results(state, progress)) }
                Some(End::Stopped) => p.notice { "The sync was stopped. What was read is kept, and the next one goes on." }
                Some(End::Failed(reason)) => p.notice.bad { (reason) }
            }
            @if progress.is_resumed { p.dim { "It goes on where an earlier one was stopped." } }
            @if let Some(left) = &progress.left { p.dim { "An earlier sync does not go on: " (left) } }
        }
        @if !progress.listings.is_empty() {
            div.scroll role="region" aria-label="Listings of the sync" tabindex="0" {
                table {
                    thead { tr { th { "Listing" } th { "Progress" } th.number { "Rows" } th.number { "Pages" } th.number { "Connector" } th { "State" } } }
                    tbody { @for shown in &progress.listings { (listing(shown)) } }
                }
            }
        }
    }
}

fn listing(shown: &Shown) -> Markup {
    let label = format!("Progress of {}", shown.label);
    html! {
        tr {
            td { (shown.label) @if shown.reading > 1 { " (again)" } }
            td {
                @match (shown.is_read, shown.expected) {
                    (true, _) => progress value="1" max="1" aria-label=(label) {}
                    (false, Some(expected)) if expected > 0 => progress value=(shown.rows.min(expected)) max=(expected) aria-label=(label) {}
                    (false, _) if shown.pages == 0 => progress value="0" max="1" aria-label=(label) {}
                    _ => progress aria-label=(label) {}
                }
            }
            td.number { (grouped(shown.rows)) }
            td.number { (grouped(shown.pages)) }
            td.number { (duration(shown.connector)) }
            td { (shown.state) }
        }
    }
}

/// A link to what was read, once the store is among those of the workbench.
fn results(state: &State, progress: &Progress) -> Markup {
    let found = progress.sync.and_then(|sync| Some((state.add_store(&progress.store).ok()?, sync)));
    html! { @if let Some((store, sync)) = found { a href={ "tenants/" (store) "/" (sync) } { "What was read" } } }
}
