//! From a library's error to a code.

use std::error::Error;

use lumos_connector_types::error::ConnectorErrorCode as Code;

use super::ConnectorError;
use super::paging::PagingError;
use super::upstream::{HttpStatusError, TransportError};

/// What a connector says about errors of one type; nothing for all others.
pub(crate) type ErrorMapping = Box<dyn Fn(&(dyn Error + 'static)) -> Option<ConnectorError> + Send + Sync>;

/// The mapping of error statuses that most connectors want: the [code of the status](super::of_http_status).
///
/// Register it with `.on_error(error::http_status)`; without it an error status is an `internal_error`.
#[must_use]
pub fn http_status(error: &HttpStatusError) -> ConnectorError {
    ConnectorError::of_code(error)
}

impl ConnectorError {
    /// The error with its code, and with what the connector says about errors of its type.
    ///
    /// Errors of a class stay as they are: the code that raised them said what they mean. For a library's error the mapping
    /// registered last for its type counts, alone; what was set on the error itself stays. Where nobody says anything,
    /// the contract's defaults count.
    pub(crate) fn mapped(mut self, mappings: &[ErrorMapping]) -> Self {
        if self.0.class.is_some() {
            return self;
        }
        let source = self.0.source.as_deref();
        let (default_code, default_status) = default_meaning(&self.0.message, source);
        let known = source.and_then(|source| mappings.iter().rev().find_map(|mapping| mapping(source)));
        let error = &mut *self.0;
        if let Some(known) = known {
            error.code = error.code.or(Some(known.code()));
            let known = *known.0;
            if known.message_given && !error.message_given {
                error.message = known.message;
                error.message_given = true;
            }
            error.status_code = error.status_code.or(known.status_code);
            error.app_error_code = error.app_error_code.take().or(known.app_error_code);
            error.hint = error.hint.take().or(known.hint);
            error.retryable = error.retryable.or(known.retryable);
            error.throttled = error.throttled.or(known.throttled);
            error.refreshable = error.refreshable.or(known.refreshable);
            error.retry_after_seconds = error.retry_after_seconds.or(known.retry_after_seconds);
        }
        error.code = error.code.or(Some(default_code));
        error.status_code = error.status_code.or(default_status);
        self
    }
}

/// The code and the status of a library's error of which the connector says nothing (contract §19.5).
pub(super) fn default_meaning(
    message: &str,
    source: Option<&(dyn Error + Send + Sync + 'static)>,
) -> (Code, Option<i64>) {
    let mut cause: Option<&(dyn Error + 'static)> = source.map(|source| source as _);
    while let Some(error) = cause {
        if let Some(status) = error.downcast_ref::<HttpStatusError>() {
            return (Code::InternalError, Some(status.status.into()));
        }
        if let Some(transport) = error.downcast_ref::<TransportError>() {
            return (transport.failure.code(), None);
        }
        let is_json =
            error.downcast_ref::<serde_json::Error>().is_some_and(|json| json.is_syntax() || json.is_eof());
        if is_json || error.is::<PagingError>() {
            return (Code::InvalidResponse, None);
        }
        cause = error.source();
    }
    let message = message.to_lowercase();
    let says = |text: &str| message.contains(text);
    let code = if says("illegal header") {
        Code::BadRequest
    } else if says("name or service not known") || says("nodename nor servname provided") {
        Code::ConnectionTimeout
    } else {
        Code::InternalError
    };
    (code, None)
}
