//! The error envelope and everything inside it. An author picks a [`ConnectorErrorCode`] when raising an
//! error; the SDK builds the rest.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::json::JsonObject;
use crate::page::Page;
use crate::wire_enum;

wire_enum! {
    /// What went wrong, in terms the caller can act on. The code determines the metadata of the error.
    pub enum ConnectorErrorCode {
        /// The request is malformed, or lacks valid credentials or settings; the app's 400, 413, 415 or 422.
        BadRequest = "bad_request",
        /// A parameter or setting has a value that is not acceptable.
        InvalidValue = "invalid_value",
        /// A well-formed value names something unknown, such as an entitlement that does not exist.
        UnknownValue = "unknown_value",
        /// The record asked for does not exist in the app; its 404.
        NotFound = "not_found",
        /// The page token is damaged, expired, or from another listing.
        InvalidPageToken = "invalid_page_token",
        /// A parameter this connector needs is missing, such as the id of a credential.
        IntegrationMissingParameter = "integration_missing_parameter",
        /// The connector or the app cannot do this at all; the app's 405, 406 or 501.
        UnsupportedOperation = "unsupported_operation",
        /// The state of the app forbids the change, such as an account that exists already; its 409.
        Conflict = "conflict",
        /// The app did not accept the credentials; its 401.
        Unauthorized = "unauthorized",
        /// The credentials were good but have expired, and need to be renewed.
        AuthenticationExpired = "authentication_expired",
        /// The credentials were withdrawn, and somebody has to connect the app again.
        CredsRevoked = "creds_revoked",
        /// The credentials are good but do not permit the operation; the app's 403.
        PermissionDenied = "permission_denied",
        /// The app refuses further requests for now; its 429.
        RateLimit = "rate_limit",
        /// The app failed with a server error; its 500, 502 or 504.
        BadGateway = "bad_gateway",
        /// The app is temporarily unavailable; its 503.
        ServiceError = "service_error",
        /// The time allowed for the call would run out before the app accepts more requests.
        BudgetExhausted = "budget_exhausted",
        /// No connection to the app came about, or its host name is unknown.
        ConnectionTimeout = "connection_timeout",
        /// The app was reached but did not answer in time; its 408.
        RequestTimeout = "request_timeout",
        /// The app's host refused the connection.
        ConnectionRejected = "connection_rejected",
        /// The connection broke before the answer was complete.
        ConnectionClosed = "connection_closed",
        /// The connector failed in a way it did not foresee.
        InternalError = "internal_error",
        /// The app's answer makes no sense, or the connector produced an answer of the wrong shape.
        InvalidResponse = "invalid_response",
    }
}

wire_enum! {
    /// Deprecated error codes. Wherever an error code is read they are accepted, and replaced by their
    /// successors.
    pub enum ErrorCode {
        /// Kept as `not_found`: the record does not exist in the app.
        NotFound = "not_found",
        /// Kept as `internal_error`: the connector failed in a way it did not foresee.
        InternalError = "internal_error",
        /// Replaced by `invalid_response`.
        ApiError = "api_error",
        /// Kept as `unauthorized`: the app did not accept the credentials.
        Unauthorized = "unauthorized",
        /// Kept as `bad_request`: the request is malformed or incomplete.
        BadRequest = "bad_request",
        /// Kept as `permission_denied`: the credentials do not permit the operation.
        PermissionDenied = "permission_denied",
        /// Replaced by `unsupported_operation`.
        NotImplemented = "not_implemented",
        /// Replaced by `internal_error`.
        UnexpectedError = "unexpected_error",
        /// Kept as `unsupported_operation`: the connector or the app cannot do this.
        UnsupportedOperation = "unsupported_operation",
        /// Kept as `unknown_value`: a value names something unknown.
        UnknownValue = "unknown_value",
        /// Kept as `invalid_value`: a value is not acceptable.
        InvalidValue = "invalid_value",
        /// Kept as `bad_gateway`: the app failed with a server error.
        BadGateway = "bad_gateway",
        /// Replaced by `unauthorized`.
        Unauthenticated = "unauthenticated",
        /// Kept as `request_timeout`: the app did not answer in time.
        RequestTimeout = "request_timeout",
        /// Kept as `connection_timeout`: no connection to the app came about.
        ConnectionTimeout = "connection_timeout",
        /// Kept as `connection_rejected`: the app's host refused the connection.
        ConnectionRejected = "connection_rejected",
        /// Kept as `rate_limit`: the app refuses further requests for now.
        RateLimit = "rate_limit",
        /// Kept as `authentication_expired`: the credentials need to be renewed.
        AuthenticationExpired = "authentication_expired",
        /// Kept as `service_error`: the app is temporarily unavailable.
        ServiceError = "service_error",
        /// Kept as `invalid_response`: the answer makes no sense.
        InvalidResponse = "invalid_response",
        /// Replaced by `invalid_response`.
        ClientCallError = "client_call_error",
        /// Kept as `connection_closed`: the connection broke.
        ConnectionClosed = "connection_closed",
        /// Kept as `creds_revoked`: the credentials were withdrawn.
        CredsRevoked = "creds_revoked",
        /// Kept as `invalid_page_token`: the page token cannot be used.
        InvalidPageToken = "invalid_page_token",
        /// Kept as `integration_missing_parameter`: a needed parameter is missing.
        IntegrationMissingParameter = "integration_missing_parameter",
    }
}

wire_enum! {
    /// On whose side the cause of an error lies.
    pub enum ConnectorErrorFault {
        /// The request, its settings or its parameters.
        Caller = "caller",
        /// The connector's own code.
        Connector = "connector",
        /// The app, or what it thinks of the credentials.
        Upstream = "upstream",
        /// The network between connector and app.
        Infrastructure = "infrastructure",
        /// Not determined; the default for a code outside the table.
        Unknown = "unknown",
    }
}

wire_enum! {
    /// Broad class of an error, for choosing a reaction.
    pub enum ConnectorErrorCategory {
        /// The app does not accept the credentials.
        Authentication = "authentication",
        /// The credentials lack a permission.
        Authorization = "authorization",
        /// Likely to pass by itself.
        Transient = "transient",
        /// The request has to change before it can succeed.
        Client = "client",
        /// The connector has to change, or cannot do what was asked.
        Internal = "internal",
    }
}

/// Advice on how to treat an error, derived from its code unless the connector sets it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectorErrorMetadata {
    /// Side on which the cause lies.
    pub fault: ConnectorErrorFault,
    /// Broad class of the error.
    pub category: ConnectorErrorCategory,
    /// What a person can do about it; null for no advice.
    pub hint: Option<String>,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// Whether the error comes from a rate limit, so that the caller should slow down.
    pub throttled: bool,
    /// Whether refreshing or replacing the credentials may help.
    pub refreshable: bool,
    /// Seconds to wait before trying again; null when not known.
    pub retry_after_seconds: Option<i64>,
}

/// An error as the caller sees it: the content of an error answer, of a failed probe check, or of a caught
/// error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Error {
    /// What happened, for people and logs.
    pub message: String,
    /// HTTP status of the app's response; null when there was none or it is not known.
    pub status_code: Option<i64>,
    /// Error code in the app's or the connector's own terms; null for none.
    pub app_error_code: Option<String>,
    /// What went wrong, in the terms shared by all connectors.
    #[serde(deserialize_with = "redirected_code")]
    #[schemars(schema_with = "any_code_schema")]
    pub error_code: ConnectorErrorCode,
    /// Identifier of the connector that reports the error.
    pub app_id: String,
    /// Name of the error type; null when the SDK refused the request before the capability ran.
    pub raised_by: Option<String>,
    /// Place it was raised, as `module:function`; null when the SDK refused the request beforehand.
    pub raised_in: Option<String>,
    /// How to treat the error; always filled in by the SDK.
    pub error_metadata: Option<ConnectorErrorMetadata>,
}

/// Answer of any capability that failed, in place of its normal answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorResponse {
    /// Always true; tells an error answer from a success.
    #[serde(default = "always_true")]
    pub is_error: bool,
    /// What went wrong and how to treat it.
    pub error: Error,
    /// The app's original data by request; null in errors made by the SDK.
    pub raw_data: Option<JsonObject>,
    /// Position in the listing; null in errors made by the SDK.
    pub page: Option<Page>,
}

impl ErrorCode {
    /// The code of today that replaces this one.
    #[must_use]
    pub fn redirect(self) -> ConnectorErrorCode {
        match self {
            Self::ApiError | Self::ClientCallError => ConnectorErrorCode::InvalidResponse,
            Self::NotImplemented => ConnectorErrorCode::UnsupportedOperation,
            Self::UnexpectedError => ConnectorErrorCode::InternalError,
            Self::Unauthenticated => ConnectorErrorCode::Unauthorized,
            // All other codes kept their names.
            same => ConnectorErrorCode::from_wire(same.as_str()).unwrap_or(ConnectorErrorCode::InternalError),
        }
    }
}

#[diagnostic::do_not_recommend]
impl From<ErrorCode> for ConnectorErrorCode {
    fn from(deprecated: ErrorCode) -> Self {
        deprecated.redirect()
    }
}

impl ConnectorErrorCode {
    /// The code that a string stands for, deprecated codes included.
    #[must_use]
    pub fn from_any_wire(text: &str) -> Option<Self> {
        Self::from_wire(text).or_else(|| ErrorCode::from_wire(text).map(ErrorCode::redirect))
    }
}

fn redirected_code<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ConnectorErrorCode, D::Error> {
    let text = String::deserialize(deserializer)?;
    ConnectorErrorCode::from_any_wire(&text)
        .ok_or_else(|| D::Error::custom("not an error code of the contract"))
}

fn any_code_schema(generator: &mut SchemaGenerator) -> Schema {
    let codes = [generator.subschema_for::<ConnectorErrorCode>(), generator.subschema_for::<ErrorCode>()];
    json_schema!({"anyOf": codes})
}

fn always_true() -> bool {
    true
}
