//! What each code means for the caller: whose fault, of which kind, worth retrying or not (contract §19.1).

use lumos_connector_types::error::{
    ConnectorErrorCategory as Category, ConnectorErrorCode as Code, ConnectorErrorFault as Fault,
};

use super::class::ErrorClass;
use super::upstream::{HttpStatusError, TransportFailure};

/// What follows from a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Meaning {
    pub(super) fault: Fault,
    pub(super) category: Category,
    /// The same request may succeed later.
    pub(super) retryable: bool,
    /// The app asked for fewer requests.
    pub(super) throttled: bool,
    /// New credentials would help.
    pub(super) refreshable: bool,
}

const NEVER: Meaning = Meaning {
    fault: Fault::Unknown,
    category: Category::Internal,
    retryable: false,
    throttled: false,
    refreshable: false,
};
const CALLER: Meaning = Meaning { fault: Fault::Caller, category: Category::Client, ..NEVER };
const CONNECTOR: Meaning = Meaning { fault: Fault::Connector, ..NEVER };
const LOGIN: Meaning =
    Meaning { fault: Fault::Upstream, category: Category::Authentication, refreshable: true, ..NEVER };
const TRANSIENT: Meaning =
    Meaning { fault: Fault::Upstream, category: Category::Transient, retryable: true, ..NEVER };

pub(super) fn meaning(code: Code) -> Meaning {
    match code {
        Code::BadRequest
        | Code::InvalidValue
        | Code::UnknownValue
        | Code::NotFound
        | Code::InvalidPageToken
        | Code::IntegrationMissingParameter
        | Code::Conflict => CALLER,
        Code::UnsupportedOperation | Code::InvalidResponse => CONNECTOR,
        Code::InternalError => Meaning { retryable: true, ..CONNECTOR },
        Code::Unauthorized | Code::AuthenticationExpired | Code::CredsRevoked => LOGIN,
        Code::PermissionDenied => {
            Meaning { fault: Fault::Upstream, category: Category::Authorization, ..NEVER }
        }
        Code::RateLimit | Code::BudgetExhausted => Meaning { throttled: true, ..TRANSIENT },
        Code::BadGateway | Code::ServiceError | Code::RequestTimeout => TRANSIENT,
        Code::ConnectionTimeout | Code::ConnectionRejected | Code::ConnectionClosed => {
            Meaning { fault: Fault::Infrastructure, ..TRANSIENT }
        }
        // A code newer than this table.
        _ => NEVER,
    }
}

/// The code that [`http_status`](super::http_status) gives to the status of an app's answer.
///
/// Statuses without a code of their own are an `invalid_response`.
#[must_use]
pub fn of_http_status(status: u16) -> Code {
    match status {
        400 | 413 | 415 | 422 => Code::BadRequest,
        401 => Code::Unauthorized,
        403 => Code::PermissionDenied,
        404 => Code::NotFound,
        405 | 406 | 501 => Code::UnsupportedOperation,
        408 => Code::RequestTimeout,
        409 => Code::Conflict,
        429 => Code::RateLimit,
        500 | 502 | 504 => Code::BadGateway,
        503 => Code::ServiceError,
        _ => Code::InvalidResponse,
    }
}

impl From<ErrorClass> for Code {
    fn from(class: ErrorClass) -> Self {
        class.code()
    }
}

impl From<TransportFailure> for Code {
    fn from(failure: TransportFailure) -> Self {
        failure.code()
    }
}

impl From<&HttpStatusError> for Code {
    /// The [code of the status](of_http_status).
    fn from(error: &HttpStatusError) -> Self {
        of_http_status(error.status)
    }
}
