//! Syncs that are started here, with their progress while they run.
//!
//! | file | what it does |
//! | --- | --- |
//! | `running` | a sync that runs: what it did so far |
//! | `page` | the page of a connection's sync, and the stream of its progress |

mod page;
pub(crate) mod running;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::server::state::State;

pub(crate) fn routes() -> Router<Arc<State>> {
    Router::new()
        .route("/connections/{number}/sync", get(page::show).post(page::start))
        .route("/connections/{number}/sync/stop", post(page::stop))
        .route("/connections/{number}/sync/events", get(page::events))
}
