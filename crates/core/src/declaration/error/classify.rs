//! From a library's error to a code.

use std::error::Error;

use lumos_connector_types::error::ConnectorErrorCode as Code;

use super::code::of_http_status;
use super::upstream::{HttpStatusError, TransportError};
use crate::call::listing::PagingError;

/// What a connector, or the SDK, knows about an error of a library.
///
/// ```
/// use lumos_connector_core::Integration;
/// use lumos_connector_core::error::Classification;
/// use lumos_connector_types::error::ConnectorErrorCode;
///
/// let builder = Integration::builder("acme", "1.0.0").on_error(|error: &std::io::Error| {
///     Classification::from(ConnectorErrorCode::ServiceError)
///         .message(format!("The spool cannot be read: {error}"))
///         .app_error_code(format!("{:?}", error.kind()))
///         .hint("Mount the spool directory.")
/// });
/// # drop(builder);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Classification {
    /// The code that the caller reads.
    pub code: Code,
    /// The HTTP status behind it.
    pub status_code: Option<i64>,
    /// Whether a retry may succeed, where that differs from what the code says.
    pub retryable: Option<bool>,
    /// A message for people, where the error's own says too little. It must not hold a secret.
    pub message: Option<String>,
    /// The app's own code.
    pub app_error_code: Option<String>,
    /// Advice for the person in front of the platform.
    pub hint: Option<String>,
}

impl Classification {
    /// The same, saying whether a retry may succeed.
    #[must_use]
    pub fn retryable(mut self, retryable: bool) -> Self {
        self.retryable = Some(retryable);
        self
    }

    /// The same with a message in place of the error's own.
    #[must_use]
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// The same with the app's own code.
    #[must_use]
    pub fn app_error_code(mut self, code: impl Into<String>) -> Self {
        self.app_error_code = Some(code.into());
        self
    }

    /// The same with advice for the person in front of the platform.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn overridden_by(self, other: Self) -> Self {
        Self {
            code: other.code,
            status_code: other.status_code.or(self.status_code),
            retryable: other.retryable.or(self.retryable),
            message: other.message.or(self.message),
            app_error_code: other.app_error_code.or(self.app_error_code),
            hint: other.hint.or(self.hint),
        }
    }
}

impl From<Code> for Classification {
    fn from(code: Code) -> Self {
        Self { code, status_code: None, retryable: None, message: None, app_error_code: None, hint: None }
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

/// What an error is without the connector's help (contract §19.5).
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
        if error.is::<PagingError>() {
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
