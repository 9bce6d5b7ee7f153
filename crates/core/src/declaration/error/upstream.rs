//! Failures of calls to the app, as errors that the client raises and the classification knows.

use lumos_connector_types::error::ConnectorErrorCode as Code;

/// Characters of an app's text that a message repeats.
const TEXT_LIMIT: usize = 800;

/// The app answered with an error status.
///
/// It carries the `status_code` of the error. Its code is `internal_error` unless the connector registers a handler
/// such as [`http_status`](super::http_status) with `on_error`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("[{status}][{url}] {detail}")]
pub struct HttpStatusError {
    /// The HTTP status.
    pub status: u16,
    /// The address without its query, which may hold secrets.
    pub url: String,
    /// What the app said, fit for a message: JSON as it is, text shortened, HTML left out.
    pub detail: String,
}

impl HttpStatusError {
    /// An error status and the body that came with it.
    #[must_use]
    pub fn new(status: u16, url: &str, content_type: Option<&str>, body: &str) -> Self {
        let url = url.split(['?', '#']).next().unwrap_or_default().to_owned();
        Self { status, url, detail: detail(content_type, body) }
    }
}

fn detail(content_type: Option<&str>, body: &str) -> String {
    let is_html = content_type.is_some_and(|kind| kind.contains("html"))
        || body.trim_start().get(..1).is_some_and(|start| start == "<")
            && body.to_ascii_lowercase().contains("<html");
    if is_html {
        return "(a page of HTML)".to_owned();
    }
    if let Ok(json) = serde_json::from_str::<serde_json::Value>(body) {
        return shortened(&json.to_string());
    }
    shortened(&body.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(TEXT_LIMIT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// How a call to the app failed before there was a whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportFailure {
    /// No connection could be made.
    Connect,
    /// No connection was made in time.
    ConnectTimeout,
    /// No connection of the pool became free in time.
    PoolTimeout,
    /// The answer did not come in time.
    ReadTimeout,
    /// The request could not be sent in time.
    WriteTimeout,
    /// The connection broke while the answer came.
    Read,
    /// The connection broke while the request was sent.
    Write,
    /// The connection could not be closed.
    Close,
    /// The app did not speak HTTP.
    RemoteProtocol,
    /// The answer was larger than the caller takes.
    TooLarge,
    /// The request could not be made: its address, its proxy, too many redirects.
    Request,
}

impl TransportFailure {
    /// The code of such a failure (contract §19.5).
    #[must_use]
    pub fn code(self) -> Code {
        match self {
            Self::Connect | Self::ConnectTimeout | Self::PoolTimeout => Code::ConnectionTimeout,
            Self::ReadTimeout | Self::WriteTimeout => Code::RequestTimeout,
            Self::Read | Self::Write | Self::Close | Self::RemoteProtocol => Code::ConnectionClosed,
            Self::TooLarge => Code::InvalidResponse,
            Self::Request => Code::InternalError,
        }
    }
}

/// A call to the app failed before there was a whole answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[error("{message}")]
pub struct TransportError {
    /// How.
    pub failure: TransportFailure,
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl TransportError {
    /// A failure with a message for people, which must not hold the query of an address.
    #[must_use]
    pub fn new(failure: TransportFailure, message: impl Into<String>) -> Self {
        Self { failure, message: message.into(), source: None }
    }

    /// Sets the error that caused the failure.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}
