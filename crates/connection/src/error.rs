//! Why a connection could not be opened, and why a call failed. No text here holds a secret of the connection: each
//! is replaced by `[REDACTED]` before an error leaves this crate.

use std::fmt;
use std::time::Duration;

use lumos_connector_types::error::{ConnectorErrorCode, Error, ErrorResponse};
use lumos_connector_types::json::{Json, JsonObject};
use lumos_connector_types::page::Page;

use crate::reader::Problem;
use crate::receiver::ReceiveError;
use crate::rows::SinkError;
use crate::secrets::Redactor;

/// Why a connection file could not be read or a connection not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionError {
    /// The file could not be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not TOML, or a field of it is not what it has to be.
    #[error("{path}{}: {}{problem}", At(*line), In(field))]
    Invalid {
        /// The file, or `connection file` for a text without one.
        path: String,
        /// The line, from 1, when it is known.
        line: Option<usize>,
        /// The field with dots between its levels; empty for the file as a whole.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A secret stands in the file itself.
    #[error(
        "{path}{}: {field}: a secret stands in the file; write {{ env = \"NAME\" }}, {{ file = \"PATH\" }} or \
         {{ command = [\"PROGRAM\"] }} in its place, or allow it with --allow-literal-secrets",
        At(*line)
    )]
    LiteralSecret {
        /// The file.
        path: String,
        /// The line, from 1, when it is known.
        line: Option<usize>,
        /// The field with dots between its levels.
        field: String,
    },
    /// A secret could not be had from where its reference says.
    #[error("{field}: {problem}")]
    Secret {
        /// The field with dots between its levels.
        field: String,
        /// What is wrong, such as a variable that is not set.
        problem: String,
    },
    /// The connector could not be asked what it is.
    #[error("cannot learn what the connector offers: {0}")]
    Info(#[source] CallError),
}

struct At(Option<usize>);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(line) => write!(f, ":{line}"),
            None => Ok(()),
        }
    }
}

struct In<'a>(&'a str);

impl fmt::Display for In<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, "{}: ", self.0) }
    }
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The connector answered an error envelope.
    #[error("{}: {}", .0.error.error_code.as_str(), .0.error.message)]
    Connector(Box<ErrorAnswer>),
    /// The program could not be started.
    #[error("cannot start {program}: {source}")]
    Start {
        /// The program, without its arguments.
        program: String,
        /// Why.
        source: std::io::Error,
    },
    /// The program ended without a whole answer, or with a status other than 0 after one.
    #[error("the connector ended ({status}) without a whole answer{}", LastWords(stderr))]
    Died {
        /// How it ended, such as `exit status: 1` or `signal: 9 (SIGKILL)`.
        status: String,
        /// The last lines that it wrote to stderr.
        stderr: Vec<String>,
    },
    /// What came back is not an answer.
    #[error("the connector's answer is not valid: {problem}; it begins with {first:?}{}", LastWords(stderr))]
    Garbage {
        /// What is wrong with it.
        problem: String,
        /// How it begins; at most 200 bytes.
        first: String,
        /// The last lines that a program wrote to stderr.
        stderr: Vec<String>,
    },
    /// The call took longer than it may. The program was killed.
    #[error("no whole answer within {} s{}", after.as_secs_f64(), LastWords(stderr))]
    TimedOut {
        /// How long it was waited for.
        after: Duration,
        /// The last lines that a program wrote to stderr.
        stderr: Vec<String>,
    },
    /// A part of the answer that has to be held whole is larger than it may be.
    #[error("{part} of the answer has more than {limit} bytes")]
    TooLarge {
        /// The part, such as `a row` or `raw_data`.
        part: &'static str,
        /// How many bytes it may have.
        limit: u64,
    },
    /// No connection to the server came about, or it broke before the answer was whole.
    #[error("cannot reach the connector: {reason}")]
    Unreachable {
        /// Why.
        reason: String,
    },
    /// The server answered with a status other than 200.
    #[error("the connector's server answered {status}: {detail}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// What it said; at most 200 bytes.
        detail: String,
        /// Its `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// The connector does not have this capability.
    #[error("the connector does not have the capability {capability}")]
    NoCapability {
        /// The capability's name.
        capability: String,
    },
    /// The request cannot be written as JSON.
    #[error("the request is not valid: {problem}")]
    Request {
        /// What is wrong with it.
        problem: String,
    },
    /// The sink did not take the rows.
    #[error("cannot take the rows: {0}")]
    Sink(#[source] SinkError),
    /// The connection was closed.
    #[error("the connection is closed")]
    Closed,
}

/// An error envelope: what a connector answers when a capability failed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ErrorAnswer {
    /// What went wrong, as the contract's type.
    pub error: Error,
    /// The app's own answers.
    pub raw_data: Option<JsonObject>,
    /// A position in the listing, which connectors rarely send with an error.
    pub page: Option<Page>,
}

impl ErrorAnswer {
    /// The error as an envelope (contract §3).
    #[must_use]
    pub fn to_json(&self) -> Json {
        let envelope = ErrorResponse {
            is_error: true,
            error: self.error.clone(),
            raw_data: self.raw_data.clone(),
            page: self.page.clone(),
        };
        // What was read as JSON has a JSON form.
        Json::new(&envelope).unwrap_or_default()
    }
}

struct LastWords<'a>(&'a [String]);

impl fmt::Display for LastWords<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.last() {
            Some(last) => write!(f, "; its last line on stderr: {last}"),
            None => Ok(()),
        }
    }
}

impl CallError {
    /// The code of an error that the connector answered; `None` for every other failure.
    #[must_use]
    pub fn code(&self) -> Option<ConnectorErrorCode> {
        match self {
            Self::Connector(answer) => Some(answer.error.error_code),
            _ => None,
        }
    }

    /// Whether the same call may succeed later: what the connector says of an error that it answered; also a program
    /// that died or took too long, a server that cannot be reached, and the statuses 408, 429 and 5xx.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Connector(answer) => {
                answer.error.error_metadata.as_ref().is_some_and(|metadata| metadata.retryable)
            }
            Self::Died { .. } | Self::TimedOut { .. } | Self::Unreachable { .. } => true,
            Self::Status { status, .. } => matches!(status, 408 | 429 | 500..=599),
            _ => false,
        }
    }

    /// How long the connector or its server asks to wait before the next attempt.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Connector(answer) => {
                let seconds = answer.error.error_metadata.as_ref()?.retry_after_seconds?;
                u64::try_from(seconds).ok().map(Duration::from_secs)
            }
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// A name of the kind of failure that stays the same between releases, for stores and reports: the connector's code
    /// for an error that it answered, else `start`, `died`, `garbage`, `timed_out`, `too_large`, `unreachable`, `status`,
    /// `no_capability`, `request`, `sink` or `closed`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Connector(answer) => answer.error.error_code.as_str(),
            Self::Start { .. } => "start",
            Self::Died { .. } => "died",
            Self::Garbage { .. } => "garbage",
            Self::TimedOut { .. } => "timed_out",
            Self::TooLarge { .. } => "too_large",
            Self::Unreachable { .. } => "unreachable",
            Self::Status { .. } => "status",
            Self::NoCapability { .. } => "no_capability",
            Self::Request { .. } => "request",
            Self::Sink(_) => "sink",
            Self::Closed => "closed",
        }
    }

    /// A program is needed, and there is only an address.
    pub(crate) fn no_program() -> Self {
        Self::Request { problem: "the connection has no program".to_owned() }
    }

    /// An answer that does not say what it has to say.
    pub(crate) fn invalid(problem: String, first: &str) -> Self {
        let first = first.chars().take(200).collect();
        Self::Garbage { problem, first, stderr: Vec::new() }
    }

    /// What it means that an answer was not received to its end.
    pub(crate) fn from_receive_error(error: ReceiveError, first: String, stderr: Vec<String>) -> Self {
        match error {
            ReceiveError::Sink(error) => Self::Sink(error),
            ReceiveError::Problem(Problem::TooLarge { part, limit }) => Self::TooLarge { part, limit },
            ReceiveError::Problem(Problem::Invalid(problem)) => Self::Garbage { problem, first, stderr },
            ReceiveError::Problem(Problem::Truncated) => {
                Self::Garbage { problem: "it ends in the middle".to_owned(), first, stderr }
            }
        }
    }

    /// Takes secrets out of every text. Lines of stderr have lost theirs already.
    pub(crate) fn redacted(self, redactor: &Redactor) -> Self {
        match self {
            Self::Garbage { problem, first, stderr } => {
                Self::Garbage { problem, first: redactor.text(&first), stderr }
            }
            Self::Status { status, detail, retry_after } => {
                Self::Status { status, detail: redactor.text(&detail), retry_after }
            }
            Self::Unreachable { reason } => Self::Unreachable { reason: redactor.text(&reason) },
            other => other,
        }
    }
}
