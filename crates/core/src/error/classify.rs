//! From a library's error to a code.

use std::error::Error;

use lumos_connector_types::error::ConnectorErrorCode as Code;

use super::code::of_http_status;
use super::upstream::{HttpStatusError, TransportError};

/// What a connector, or the SDK, knows about an error of a library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Classification {
    /// The code that the caller reads.
    pub code: Code,
    /// The HTTP status behind it.
    pub status_code: Option<i64>,
    /// Whether a retry may succeed, where that differs from what the code says.
    pub retryable: Option<bool>,
}

impl Classification {
    /// The same, saying whether a retry may succeed.
    #[must_use]
    pub fn retryable(mut self, retryable: bool) -> Self {
        self.retryable = Some(retryable);
        self
    }

    pub(super) fn overridden_by(self, other: Self) -> Self {
        Self {
            code: other.code,
            status_code: other.status_code.or(self.status_code),
            retryable: other.retryable.or(self.retryable),
        }
    }
}

impl From<Code> for Classification {
    fn from(code: Code) -> Self {
        Self { code, status_code: None, retryable: None }
    }
}

/// A connector's knowledge of one type of error; nothing for all others.
pub(crate) type ErrorHandler = Box<dyn Fn(&(dyn Error + 'static)) -> Option<Classification> + Send + Sync>;

/// The standard handler of error statuses: the code of the status.
///
/// Register it with `.on_error(error::http_status)`; without it an error status is an `internal_error`.
#[must_use]
pub fn http_status(error: &HttpStatusError) -> Classification {
    of_http_status(error.status).into()
}

/// What an error is without the connector's help (contract: transport failures).
pub(super) fn default_code(
    message: &str,
    source: Option<&(dyn Error + Send + Sync + 'static)>,
) -> Classification {
    let mut cause: Option<&(dyn Error + 'static)> = source.map(|source| source as _);
    while let Some(error) = cause {
        if let Some(status) = error.downcast_ref::<HttpStatusError>() {
            return Classification { status_code: Some(status.status.into()), ..Code::InternalError.into() };
        }
        if let Some(transport) = error.downcast_ref::<TransportError>() {
            return transport.failure.code().into();
        }
        if error.downcast_ref::<serde_json::Error>().is_some_and(|json| json.is_syntax() || json.is_eof()) {
            return Code::InvalidResponse.into();
        }
        cause = error.source();
    }
    let message = message.to_lowercase();
    let says = |text: &str| message.contains(text);
    if says("illegal header") {
        Code::BadRequest.into()
    } else if says("name or service not known") || says("nodename nor servname provided") {
        Code::ConnectionTimeout.into()
    } else {
        Code::InternalError.into()
    }
}
