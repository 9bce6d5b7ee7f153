//! What goes wrong, as a page.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use lumos_sync::diff::SideError;
use lumos_sync::store::StoreError;
use maud::{DOCTYPE, html};

use super::layout::Frame;
use crate::server::state::State as Workbench;

/// Why there is no page, in a sentence without secrets.
#[derive(Debug, Clone)]
pub(crate) struct PageError {
    status: StatusCode,
    message: String,
}

impl PageError {
    pub(crate) fn missing(what: &str) -> Self {
        Self { status: StatusCode::NOT_FOUND, message: format!("There is no such {what}.") }
    }

    /// What was asked for cannot be.
    pub(crate) fn request(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message: message.into() }
    }

    /// It should have worked.
    pub(crate) fn failed(message: impl std::fmt::Display) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, message: message.to_string() }
    }
}

impl std::fmt::Display for PageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NoSuchSync { .. } => Self::missing("sync"),
            error => Self::failed(error),
        }
    }
}

impl From<SideError> for PageError {
    fn from(error: SideError) -> Self {
        Self::failed(error)
    }
}

impl From<rusqlite::Error> for PageError {
    fn from(error: rusqlite::Error) -> Self {
        Self::failed(format_args!("the index of the store cannot be read: {error}"))
    }
}

impl From<tokio::task::JoinError> for PageError {
    fn from(_: tokio::task::JoinError) -> Self {
        Self::failed("the page could not be made; the log says why")
    }
}

impl IntoResponse for PageError {
    /// [`dress`] makes a page of it.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Makes a page of an error.
pub(crate) async fn dress(State(workbench): State<Arc<Workbench>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<PageError>() {
        None => response,
        Some(error) => {
            let body = html! {
                p.notice.bad role="alert" { (error.message) }
                p { a href="home" { "To the first page" } }
            };
            (error.status, Frame::new(&workbench, "Not possible").page(&body)).into_response()
        }
    }
}

/// What somebody is told who may not see anything.
pub(crate) fn refusal(reason: &str) -> Html<String> {
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { "Workbench: refused" }
            }
            body { main { h1 { "Refused" } p { (reason) } } }
        }
    };
    Html(markup.into_string())
}
