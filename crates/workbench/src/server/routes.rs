//! Which page is where. Everything is below a path that only the admitted know.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State as Extracted};
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde::Deserialize;

use super::session::{Admission, Sessions};
use super::state::State;
use super::{assets, guard};
use crate::page::{self, refusal};
use crate::{calls, checking, connection, syncing, tenant};

pub(crate) fn router(sessions: Arc<Sessions>, state: Arc<State>) -> Router {
    let provider =
        Router::new().route(connection::CALLBACK, get(connection::callback)).with_state(Arc::clone(&state));
    let pages = Router::new()
        .route("/home", get(page::home::show))
        .merge(tenant::routes())
        .merge(connection::routes())
        .merge(calls::routes())
        .merge(syncing::routes())
        .merge(checking::routes())
        .layer(from_fn_with_state(Arc::clone(&state), page::dress))
        .with_state(state)
        .layer(from_fn_with_state(Arc::clone(&sessions), guard::admitted));
    let entrance = Router::new().route("/enter", get(enter)).with_state(Arc::clone(&sessions));
    let files = Router::new().route("/assets/{name}", get(assets::asset));
    Router::new()
        .nest(sessions.base(), pages.merge(entrance).merge(files))
        .route(&format!("{}/", sessions.base()), get(async || page::to("./home")))
        .merge(provider)
        .fallback(async || (StatusCode::NOT_FOUND, refusal("There is no such page.")))
        .layer(from_fn_with_state(sessions, guard::every_request))
}

#[derive(Deserialize)]
struct Entrance {
    #[serde(default)]
    token: String,
}

/// Exchanges the token of the address for a cookie. The browser goes on by itself: a redirect would still count as a
/// visit from where the address was opened, and the cookie would not be sent.
async fn enter(Extracted(sessions): Extracted<Arc<Sessions>>, Query(entrance): Query<Entrance>) -> Response {
    match sessions.enter(&entrance.token) {
        Admission::Granted(cookie) => ([(SET_COOKIE, cookie)], page::to("./home")).into_response(),
        Admission::Refused => {
            let reason = "This address was used already, or is not whole. Open the one that the workbench printed last.";
            (StatusCode::FORBIDDEN, refusal(reason)).into_response()
        }
    }
}
