//! Checks: whether a connector keeps the rules, with each finding's request and answer.
//!
//! | file | what it does |
//! | --- | --- |
//! | `running` | a check that runs, or has ended |
//! | `page` | the page of a connection's check, and the report as a file |

mod page;
pub(crate) mod running;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::server::state::State;

pub(crate) fn routes() -> Router<Arc<State>> {
    Router::new()
        .route("/connections/{number}/check", get(page::show).post(page::start))
        .route("/connections/{number}/check/report", get(page::report))
}
