//! Connections: their forms, consent of OAuth providers, trying them out, saving them as files.
//!
//! | file | what it does |
//! | --- | --- |
//! | `entry` | a connection of the workbench: its file as it is now, and what is open |
//! | `form` | the form, and what was filled in |
//! | `trial` | `validate_credentials` and `probe_integration`, told in sentences |
//! | `consent` | tokens from OAuth providers, through the connector's own capabilities |
//! | `save` | the connection as a file, its secrets by reference |
//! | `start` | a connection to a connector that has no file yet |

mod consent;
pub(crate) mod entry;
mod form;
mod save;
mod start;
mod trial;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State as Extracted};
use axum::response::Html;
use axum::routing::{get, post};

use crate::page::layout::tabs;
use crate::page::{Frame, PageError};
use crate::server::state::State;
use entry::Entry;

pub(crate) use consent::{CALLBACK, Consents, callback};
pub(crate) use form::value as form_value;

pub(crate) fn routes() -> Router<Arc<State>> {
    Router::new()
        .route("/connections/new", get(start::show).post(start::add))
        .route("/connections/{number}", get(show).post(form::apply))
        .route("/connections/{number}/trial", post(trial::run))
        .route("/connections/{number}/save", post(save::save))
        .route("/connections/{number}/consent", post(consent::begin))
        .route("/connections/{number}/token", post(consent::token))
}

pub(crate) async fn show(
    Extracted(state): Extracted<Arc<State>>,
    Path(number): Path<usize>,
) -> Result<Html<String>, PageError> {
    let entry = entry(&state, number)?;
    form::page(&state, number, &entry, None).await
}

/// The connection with that number.
pub(crate) fn entry(state: &State, number: usize) -> Result<Arc<Entry>, PageError> {
    state.connection(number).ok_or_else(|| PageError::missing("connection"))
}

/// The page around something about a connection; `here` is the last part of the address of a tab.
pub(crate) fn frame<'a>(
    state: &'a State,
    number: usize,
    entry: &Entry,
    title: impl Into<String>,
    here: &str,
) -> Frame<'a> {
    let href = format!("connections/{number}");
    let links: Vec<(String, &str)> =
        [("", "Connection"), ("/calls", "Calls"), ("/sync", "Sync"), ("/check", "Check")]
            .map(|(end, name)| (format!("{href}{end}"), name))
            .into();
    Frame::new(state, title).below(href.clone(), entry.name()).tabs(tabs(
        "Parts of the connection",
        &format!("{href}{here}"),
        &links,
    ))
}
