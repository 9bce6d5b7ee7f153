//! Errors: one type for everything that goes wrong, and how it becomes an error envelope.
//!
//! | you have | you write | the caller reads |
//! | --- | --- | --- |
//! | a known situation | `Err(ConnectorError::not_found("No account 7"))` | its code, `raised_by: "NotFoundError"` |
//! | any error of a library | `library()?` | the code of its [classification](Classification), its type as `raised_by` |
//! | an error status of the app | a handler on it: `.on_error(error::http_status)` | the [code of the status](of_http_status) |

mod class;
pub(crate) mod classify;
mod code;
mod upstream;

use std::any::type_name;
use std::fmt;

use lumos_connector_types::error::{
    ConnectorErrorCode, ConnectorErrorMetadata, Error as WireError, ErrorResponse,
};

pub use class::ErrorClass;
pub use classify::{Classification, http_status};
pub use code::of_http_status;
pub use upstream::{HttpStatusError, TransportError, TransportFailure};

use classify::ErrorHandler;

/// What handlers, and everything they call, return.
pub type Result<T, E = ConnectorError> = std::result::Result<T, E>;

type Source = Box<dyn std::error::Error + Send + Sync + 'static>;

/// Why a capability failed: what the caller is told, and the flags it acts on.
///
/// It is made by a constructor per class of error, or from any `std` error by `?`. It does not implement
/// `std::error::Error` itself, which is what lets `?` convert everything.
///
/// ```
/// use lumos_connector_core::error::{ConnectorError, Result};
///
/// fn port(text: &str) -> Result<u16> {
///     if text.is_empty() {
///         return Err(ConnectorError::missing_parameter("No port").app_error_code("acme.port"));
///     }
///     Ok(text.parse()?)
/// }
/// assert_eq!(port("").unwrap_err().raised_by(), "MissingParameterError");
/// assert_eq!(port("x").unwrap_err().raised_by(), "ParseIntError");
/// ```
pub struct ConnectorError(Box<Details>);

struct Details {
    class: Option<ErrorClass>,
    raised_by: &'static str,
    message: String,
    code: Option<ConnectorErrorCode>,
    status_code: Option<i64>,
    app_error_code: Option<String>,
    hint: Option<String>,
    retryable: Option<bool>,
    throttled: Option<bool>,
    refreshable: Option<bool>,
    retry_after_seconds: Option<i64>,
    source: Option<Source>,
}

impl ConnectorError {
    /// An error of a class, with the message and hint that the class brings.
    #[must_use]
    pub fn of(class: ErrorClass) -> Self {
        Self(Box::new(Details {
            class: Some(class),
            raised_by: class.as_str(),
            message: class.default_message().to_owned(),
            code: Some(class.code()),
            status_code: None,
            app_error_code: None,
            hint: class.hint().map(str::to_owned),
            retryable: None,
            throttled: None,
            refreshable: None,
            retry_after_seconds: None,
            source: None,
        }))
    }

    /// The same error with another message, for people. It must not hold a secret.
    #[must_use]
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.0.message = message.into();
        self
    }

    /// The same error with another code. Its flags become those of the code, its hint stays.
    #[must_use]
    pub fn code(mut self, code: impl Into<ConnectorErrorCode>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// The same error with a code of the app's or the connector's own; an empty one counts as none.
    #[must_use]
    pub fn app_error_code(mut self, code: impl Into<String>) -> Self {
        self.0.app_error_code = Some(code.into()).filter(|code| !code.is_empty());
        self
    }

    /// The same error with the HTTP status that the app answered.
    #[must_use]
    pub fn status_code(mut self, status: u16) -> Self {
        self.0.status_code = Some(status.into());
        self
    }

    /// The same error with advice for the person in front of the platform.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// The same error, saying whether the same request may succeed later.
    #[must_use]
    pub fn retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = Some(retryable);
        self
    }

    /// The same error, saying whether the app asked for fewer requests.
    #[must_use]
    pub fn throttled(mut self, throttled: bool) -> Self {
        self.0.throttled = Some(throttled);
        self
    }

    /// The same error, saying whether new credentials would help.
    #[must_use]
    pub fn refreshable(mut self, refreshable: bool) -> Self {
        self.0.refreshable = Some(refreshable);
        self
    }

    /// The same error with the seconds after which a retry makes sense.
    #[must_use]
    pub fn retry_after_seconds(mut self, seconds: i64) -> Self {
        self.0.retry_after_seconds = Some(seconds);
        self
    }

    /// The same error with the error beneath it, for logs.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The name of the class, or of the original error's type.
    #[must_use]
    pub fn raised_by(&self) -> &'static str {
        self.0.raised_by
    }

    /// The class, unless the error is a library's.
    #[must_use]
    pub fn class(&self) -> Option<ErrorClass> {
        self.0.class
    }

    /// The code, as far as it is known before the handlers of the connector have seen the error.
    #[must_use]
    pub fn current_code(&self) -> ConnectorErrorCode {
        self.0.code.unwrap_or_else(|| classify::default_code(&self.0.message, self.0.source.as_deref()).code)
    }

    /// The text of the error: trimmed, never empty.
    #[must_use]
    pub fn text(&self) -> String {
        match self.0.message.trim() {
            "" => format!("{}: (no message)", self.0.raised_by),
            message => message.to_owned(),
        }
    }

    /// The original error, when it is of this type.
    #[must_use]
    pub fn source_as<E: std::error::Error + 'static>(&self) -> Option<&E> {
        self.0.source.as_deref().and_then(|source| source.downcast_ref())
    }

    /// The hint, when there is one.
    #[must_use]
    pub fn current_hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The error as the caller reads it.
    ///
    /// Errors of a class keep their code; others get theirs from the default classification and then from every
    /// handler that knows their type, in the order of registration.
    pub(crate) fn into_wire(
        self,
        app_id: &str,
        raised_in: Option<String>,
        handlers: &[ErrorHandler],
    ) -> WireError {
        let mut message = self.text();
        let Details {
            class,
            raised_by,
            code,
            mut status_code,
            mut app_error_code,
            mut hint,
            source,
            message: raw,
            ..
        } = *self.0;
        let mut flags = (self.0.retryable, self.0.throttled, self.0.refreshable);
        let code = code.filter(|_| class.is_some()).unwrap_or_else(|| {
            let mut found = classify::default_code(&raw, source.as_deref());
            if let Some(source) = &source {
                for known in handlers.iter().filter_map(|handler| handler(source.as_ref())) {
                    found = found.overridden_by(known);
                }
            }
            status_code = status_code.or(found.status_code);
            app_error_code = app_error_code.take().or(found.app_error_code);
            hint = hint.take().or(found.hint);
            // A message that the author has put in place of the error's own stays.
            if let Some(better) =
                found.message.filter(|_| source.as_ref().is_some_and(|source| source.to_string() == raw))
            {
                message = better;
            }
            flags = (flags.0.or(found.retryable), flags.1, flags.2);
            code.unwrap_or(found.code)
        });
        let meaning = code::meaning(code);
        WireError {
            message,
            status_code,
            app_error_code,
            error_code: code,
            app_id: app_id.to_owned(),
            raised_by: Some(raised_by.to_owned()),
            raised_in,
            error_metadata: Some(ConnectorErrorMetadata {
                fault: meaning.fault,
                category: meaning.category,
                hint,
                retryable: flags.0.unwrap_or(meaning.retryable),
                throttled: flags.1.unwrap_or(meaning.throttled),
                refreshable: flags.2.unwrap_or(meaning.refreshable),
                retry_after_seconds: self.0.retry_after_seconds,
            }),
        }
    }
}

/// An error of the SDK itself, before or around a capability: nobody raised it.
pub(crate) fn framework(app_id: &str, code: ConnectorErrorCode, message: String) -> WireError {
    let error = ConnectorError::of(ErrorClass::Connector).message(message).code(code);
    WireError { raised_by: None, ..error.into_wire(app_id, None, &[]) }
}

/// The envelope around an error.
pub(crate) fn envelope(error: WireError) -> ErrorResponse {
    ErrorResponse { is_error: true, error, raw_data: None, page: None }
}

macro_rules! constructors {
    ($($(#[doc = $doc:literal])+ $name:ident => $class:ident;)+) => {
        impl ConnectorError {
            $(
                $(#[doc = $doc])+
                #[must_use]
                pub fn $name(message: impl Into<String>) -> Self {
                    Self::of(ErrorClass::$class).message(message)
                }
            )+
        }
    };
}

constructors! {
    /// Any failure that fits no other class: `internal_error`.
    new => Connector;
    /// The app does not accept the credentials: `unauthorized`.
    authentication => Authentication;
    /// The credentials have expired: `authentication_expired`.
    authentication_expired => AuthenticationExpired;
    /// The credentials were withdrawn: `creds_revoked`.
    credentials_revoked => CredentialsRevoked;
    /// The credentials do not allow this: `permission_denied`.
    authorization => Authorization;
    /// The app cannot answer now: `service_error`.
    transient => Transient;
    /// The app asks for fewer requests: `rate_limit`.
    rate_limit => RateLimit;
    /// The call's time does not allow waiting for the rate limit: `budget_exhausted`.
    budget_exhausted => BudgetExhausted;
    /// The app answered that it failed: `bad_gateway`.
    upstream => Upstream;
    /// The app could not be reached: `connection_timeout`.
    network => Network;
    /// The app refused the connection: `connection_rejected`.
    connection_rejected => ConnectionRejected;
    /// The connection broke: `connection_closed`.
    connection_closed => ConnectionClosed;
    /// The app did not answer in time: `request_timeout`.
    request_timeout => RequestTimeout;
    /// The request is wrong: `bad_request`.
    client => Client;
    /// What the request names does not exist: `not_found`.
    not_found => NotFound;
    /// A value of the request is not allowed: `invalid_value`.
    invalid_value => InvalidValue;
    /// A value of the request is not known to the app: `unknown_value`.
    unknown_value => UnknownValue;
    /// The page token was not made by this listing: `invalid_page_token`.
    invalid_page_token => InvalidPageToken;
    /// The request lacks something that the connector needs: `integration_missing_parameter`.
    missing_parameter => MissingParameter;
    /// What should be made exists, or is in the way: `conflict`.
    conflict => Conflict;
    /// The connection is set up in a way that cannot work: `invalid_value`.
    invalid_configuration => InvalidConfiguration;
    /// The connector failed: `internal_error`.
    internal => Internal;
    /// The app answered something that makes no sense: `invalid_response`.
    invalid_response => InvalidResponse;
    /// This cannot be done: `unsupported_operation`.
    unsupported_operation => UnsupportedOperation;
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for ConnectorError {
    fn from(error: E) -> Self {
        let mut converted = Self::new(error.to_string());
        converted.0.class = None;
        converted.0.code = None;
        converted.0.raised_by = short_type_name::<E>();
        converted.0.source = Some(Box::new(error));
        converted
    }
}

/// A type's name without its path and parameters. One that is called no more than `Error` keeps its path, which says
/// whose error it is.
fn short_type_name<T>() -> &'static str {
    let name = type_name::<T>();
    let path = name.split('<').next().unwrap_or(name);
    match path.rsplit("::").next() {
        Some(name) if name != "Error" => name,
        _ => path,
    }
}

impl fmt::Display for ConnectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.current_code(), self.raised_by(), self.text())
    }
}

impl fmt::Debug for ConnectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)?;
        let source = self.0.source.as_deref().map(|source| source as &dyn std::error::Error);
        // A library's error is what the first line says already.
        let mut source =
            if self.0.class.is_some() { source } else { source.and_then(std::error::Error::source) };
        while let Some(cause) = source {
            write!(f, "\ncaused by: {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}
