//! Errors: one type for everything that goes wrong, and how it becomes an error envelope.
//!
//! | you have | you write | the caller reads |
//! | --- | --- | --- |
//! | a known situation | `Err(ConnectorError::not_found("No account 7"))` | its code, `raised_by: "NotFoundError"` |
//! | any error of a library | `library()?` | its type as `raised_by`, and what `.on_error(…)` says about that type |
//! | an error status of the app | a mapping of it: `.on_error(error::http_status)` | the [code of the status](of_http_status) |

mod class;
mod code;
mod mapping;
mod paging;
mod sql_state;
mod upstream;

use std::any::type_name;
use std::fmt;

use super::redaction;
use lumos_connector_types::error::{
    ConnectorErrorCode, ConnectorErrorMetadata, Error as WireError, ErrorResponse,
};

pub use class::ErrorClass;
pub use code::of_http_status;
pub(crate) use mapping::ErrorMapping;
pub use mapping::http_status;
pub use paging::PagingError;
pub use sql_state::{is_raised_in_database, of_sql_state};
pub use upstream::{HttpStatusError, TransportError, TransportFailure};

/// What handlers, and everything they call, return.
pub type Result<T, E = ConnectorError> = std::result::Result<T, E>;

type Source = Box<dyn std::error::Error + Send + Sync + 'static>;

/// Why a capability failed: what the caller is told, and the flags it acts on.
///
/// It is made by a constructor for each class of error, or from any `std` error by `?`. It does not implement
/// `std::error::Error` itself, which is what lets `?` convert everything.
///
/// ```
/// use lumos_connector_core::error::{ConnectorError, Result};
///
/// fn port(text: &str) -> Result<u16> {
///     if text.is_empty() {
///         return Err(ConnectorError::missing_parameter("No port").with_app_error_code("acme.port"));
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
    /// Whether the message is somebody's words, and not only the text of the original error.
    message_given: bool,
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
        let mut error = Self::unclassified(class.as_str(), class.default_message().to_owned());
        error.0.class = Some(class);
        error.0.message_given = true;
        error.0.code = Some(class.code());
        error.0.hint = class.hint().map(str::to_owned);
        error
    }

    /// An error of the general class with a code: without a hint, and with no message until
    /// [`with_message`](Self::with_message) gives one.
    ///
    /// It is what [`on_error`](crate::integration::Builder::on_error) returns for an error whose own text says enough: the
    /// message of the original error then stays.
    #[must_use]
    pub fn of_code(code: impl Into<ConnectorErrorCode>) -> Self {
        let class = ErrorClass::Connector;
        let mut error = Self::unclassified(class.as_str(), String::new());
        error.0.class = Some(class);
        error.0.code = Some(code.into());
        error
    }

    fn unclassified(raised_by: &'static str, message: String) -> Self {
        Self(Box::new(Details {
            class: None,
            raised_by,
            message,
            message_given: false,
            code: None,
            status_code: None,
            app_error_code: None,
            hint: None,
            retryable: None,
            throttled: None,
            refreshable: None,
            retry_after_seconds: None,
            source: None,
        }))
    }

    /// Sets the message, for people. It must not hold a secret.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.0.message = message.into();
        self.0.message_given = true;
        self
    }

    /// Sets the code. The flags become those of the code, the hint stays.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<ConnectorErrorCode>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// Sets the app's own code, or the connector's; an empty one counts as none.
    #[must_use]
    pub fn with_app_error_code(mut self, code: impl Into<String>) -> Self {
        self.0.app_error_code = Some(code.into()).filter(|code| !code.is_empty());
        self
    }

    /// Sets the HTTP status that the app answered.
    #[must_use]
    pub fn with_status_code(mut self, status: u16) -> Self {
        self.0.status_code = Some(status.into());
        self
    }

    /// Sets the hint for the person in front of the platform.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Sets whether the same request may succeed later.
    #[must_use]
    pub fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = Some(retryable);
        self
    }

    /// Sets whether the app asked for fewer requests.
    #[must_use]
    pub fn with_throttled(mut self, throttled: bool) -> Self {
        self.0.throttled = Some(throttled);
        self
    }

    /// Sets whether new credentials would help.
    #[must_use]
    pub fn with_refreshable(mut self, refreshable: bool) -> Self {
        self.0.refreshable = Some(refreshable);
        self
    }

    /// Sets the seconds after which a retry makes sense.
    #[must_use]
    pub fn with_retry_after_seconds(mut self, seconds: i64) -> Self {
        self.0.retry_after_seconds = Some(seconds);
        self
    }

    /// Sets the error that caused this one, for logs.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Source>) -> Self {
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

    /// The code, as far as it is known before [`on_error`](crate::integration::Builder::on_error) has seen the error.
    #[must_use]
    pub fn code(&self) -> ConnectorErrorCode {
        self.0.code.unwrap_or_else(|| mapping::default_meaning(&self.0.message, self.0.source.as_deref()).0)
    }

    /// The message: trimmed, never empty.
    #[must_use]
    pub fn message(&self) -> String {
        match self.0.message.trim() {
            "" => format!("{}: (no message)", self.0.raised_by),
            message => message.to_owned(),
        }
    }

    /// The hint, when there is one.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The app's own code, when there is one.
    #[must_use]
    pub fn app_error_code(&self) -> Option<&str> {
        self.0.app_error_code.as_deref()
    }

    /// The original error, when it is of this type.
    ///
    /// ```
    /// use lumos_connector_core::error::{ConnectorError, HttpStatusError};
    ///
    /// fn is_missing(error: &ConnectorError) -> bool {
    ///     error.source_as::<HttpStatusError>().is_some_and(|answer| answer.status == 404)
    /// }
    /// assert!(is_missing(&HttpStatusError::new(404, "https://acme.test/users/7", None, "").into()));
    /// ```
    #[must_use]
    pub fn source_as<E: std::error::Error + 'static>(&self) -> Option<&E> {
        self.0.source.as_deref().and_then(|source| source.downcast_ref())
    }

    /// The error as the caller reads it.
    pub(crate) fn into_wire(self, app_id: &str, raised_in: Option<String>) -> WireError {
        let code = self.code();
        let meaning = code::meaning(code);
        WireError {
            message: shown(self.message()),
            status_code: self.0.status_code,
            app_error_code: self.0.app_error_code.map(shown),
            error_code: code,
            app_id: app_id.to_owned(),
            raised_by: Some(self.0.raised_by.to_owned()),
            raised_in,
            error_metadata: Some(ConnectorErrorMetadata {
                fault: meaning.fault,
                category: meaning.category,
                hint: self.0.hint.map(shown),
                retryable: self.0.retryable.unwrap_or(meaning.retryable),
                throttled: self.0.throttled.unwrap_or(meaning.throttled),
                refreshable: self.0.refreshable.unwrap_or(meaning.refreshable),
                retry_after_seconds: self.0.retry_after_seconds,
            }),
        }
    }
}

/// A text for the caller: what the app echoes of this call's secrets is not in it.
fn shown(text: String) -> String {
    redaction::values::redacted(&text).into_owned()
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
                    Self::of(ErrorClass::$class).with_message(message)
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
        Self::unclassified(short_type_name::<E>(), error.to_string()).with_source(error)
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
        write!(f, "{} ({}): {}", self.code(), self.raised_by(), self.message())
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
