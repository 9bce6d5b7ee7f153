//! Calls: every capability with its form and its JSON, run, and the answer as a table and as JSON.
//!
//! | file | what it does |
//! | --- | --- |
//! | `list` | the capabilities of a connection |
//! | `form` | the page of one capability, and its request |
//! | `answer` | what came back |
//! | `exchanges` | the HTTP exchanges behind the call |
//! | `copy` | the call as a command line, for curl, and as a test case |

mod answer;
mod copy;
mod exchanges;
mod form;
mod list;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::server::state::State;

pub(crate) fn routes() -> Router<Arc<State>> {
    Router::new()
        .route("/connections/{number}/calls", get(list::show))
        .route("/connections/{number}/calls/{capability}", get(form::show).post(form::run))
}
