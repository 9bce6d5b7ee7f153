//! Scripts and styles. `assets/README.md` says where those come from that are not ours.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Name, type and text of each.
const ASSETS: &[(&str, &str, &str)] = &[
    ("workbench.css", "text/css; charset=utf-8", include_str!("../../assets/workbench.css")),
    ("workbench.js", SCRIPT, include_str!("../../assets/workbench.js")),
    ("htmx.min.js", SCRIPT, include_str!("../../assets/htmx.min.js")),
    ("htmx-sse.min.js", SCRIPT, include_str!("../../assets/htmx-sse.min.js")),
];

/// They are the same for as long as the server runs, and hold nothing that is secret.
pub(crate) async fn asset(Path(name): Path<String>) -> Response {
    match ASSETS.iter().find(|(known, _, _)| *known == name) {
        Some((_, kind, text)) => {
            ([(CONTENT_TYPE, *kind), (CACHE_CONTROL, "private, max-age=3600")], *text).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
