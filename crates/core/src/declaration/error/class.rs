//! The classes of errors that an author raises, with what each stands for (contract §19.2).

use lumos_connector_types::error::ConnectorErrorCode as Code;
use lumos_connector_types::wire_enum;

wire_enum! {
    /// The class of an error: the name it is reported under and the defaults it brings.
    pub enum ErrorClass {
        /// Any other failure.
        Connector = "ConnectorError",
        /// The app does not accept the credentials.
        Authentication = "AuthenticationError",
        /// The credentials were good once and have expired.
        AuthenticationExpired = "AuthenticationExpiredError",
        /// The credentials were withdrawn.
        CredentialsRevoked = "CredentialsRevokedError",
        /// The credentials do not allow this.
        Authorization = "AuthorizationError",
        /// The app cannot answer now and may later.
        Transient = "TransientError",
        /// The app asks for fewer requests.
        RateLimit = "RateLimitError",
        /// The call's time does not allow waiting for the app's rate limit.
        BudgetExhausted = "BudgetExhaustedError",
        /// The app answered that it failed.
        Upstream = "UpstreamError",
        /// The app could not be reached.
        Network = "NetworkError",
        /// The app refused the connection.
        ConnectionRejected = "ConnectionRejectedError",
        /// The connection broke.
        ConnectionClosed = "ConnectionClosedError",
        /// The app did not answer in time.
        RequestTimeout = "RequestTimeoutError",
        /// The request is wrong.
        Client = "ClientError",
        /// What the request names does not exist.
        NotFound = "NotFoundError",
        /// A value of the request is not allowed.
        InvalidValue = "InvalidValueError",
        /// A value of the request is not known to the app.
        UnknownValue = "UnknownValueError",
        /// The page token was not made by this listing.
        InvalidPageToken = "InvalidPageTokenError",
        /// The request lacks something that the connector needs.
        MissingParameter = "MissingParameterError",
        /// What should be made exists, or is in the way.
        Conflict = "ConflictError",
        /// The connection is set up in a way that cannot work.
        InvalidConfiguration = "InvalidConfigurationError",
        /// The connector failed.
        Internal = "InternalError",
        /// The app answered something that makes no sense.
        InvalidResponse = "InvalidResponseError",
        /// The app, or the connector, cannot do this.
        UnsupportedOperation = "UnsupportedOperationError",
    }
}

impl ErrorClass {
    /// The code that errors of this class have unless they are given another.
    #[must_use]
    pub fn code(self) -> Code {
        match self {
            Self::Connector | Self::Internal => Code::InternalError,
            Self::Authentication => Code::Unauthorized,
            Self::AuthenticationExpired => Code::AuthenticationExpired,
            Self::CredentialsRevoked => Code::CredsRevoked,
            Self::Authorization => Code::PermissionDenied,
            Self::Transient => Code::ServiceError,
            Self::RateLimit => Code::RateLimit,
            Self::BudgetExhausted => Code::BudgetExhausted,
            Self::Upstream => Code::BadGateway,
            Self::Network => Code::ConnectionTimeout,
            Self::ConnectionRejected => Code::ConnectionRejected,
            Self::ConnectionClosed => Code::ConnectionClosed,
            Self::RequestTimeout => Code::RequestTimeout,
            Self::Client => Code::BadRequest,
            Self::NotFound => Code::NotFound,
            Self::InvalidValue | Self::InvalidConfiguration => Code::InvalidValue,
            Self::UnknownValue => Code::UnknownValue,
            Self::InvalidPageToken => Code::InvalidPageToken,
            Self::MissingParameter => Code::IntegrationMissingParameter,
            Self::Conflict => Code::Conflict,
            Self::InvalidResponse => Code::InvalidResponse,
            Self::UnsupportedOperation => Code::UnsupportedOperation,
        }
    }

    /// What an error of this class says when it is given no message.
    #[must_use]
    pub fn default_message(self) -> &'static str {
        match self {
            Self::Connector => "The connector failed.",
            Self::Authentication => "The app does not accept these credentials.",
            Self::AuthenticationExpired => "The credentials have expired.",
            Self::CredentialsRevoked => "The credentials were revoked.",
            Self::Authorization => "The credentials do not allow this.",
            Self::Transient => "The app cannot answer at the moment.",
            Self::RateLimit => "The app asks for fewer requests.",
            Self::BudgetExhausted => "The time of this call does not allow waiting for the app.",
            Self::Upstream => "The app failed to answer.",
            Self::Network => "The app could not be reached.",
            Self::ConnectionRejected => "The app refused the connection.",
            Self::ConnectionClosed => "The connection to the app broke.",
            Self::RequestTimeout => "The app did not answer in time.",
            Self::Client => "The request is not valid.",
            Self::NotFound => "What the request names does not exist.",
            Self::InvalidValue => "A value of the request is not valid.",
            Self::UnknownValue => "A value of the request is not known to the app.",
            Self::InvalidPageToken => "The page token was not made by this listing.",
            Self::MissingParameter => "The request lacks something that is needed.",
            Self::Conflict => "It exists already, or something is in its way.",
            Self::InvalidConfiguration => "The connection is set up in a way that cannot work.",
            Self::Internal => "The connector failed.",
            Self::InvalidResponse => "The app answered something unexpected.",
            Self::UnsupportedOperation => "This cannot be done with the app.",
        }
    }

    /// What the person in front of the platform can do about it, for the classes where that is known.
    #[must_use]
    pub fn hint(self) -> Option<&'static str> {
        match self {
            Self::Authentication => Some("Check the credentials of the connection and enter them again."),
            Self::CredentialsRevoked => Some("Connect the app again with new credentials."),
            Self::Authorization => {
                Some("Give the connection's user or token the permissions that are missing.")
            }
            Self::Transient | Self::Upstream => {
                Some("Try again later; if it stays, look at the app's status page.")
            }
            Self::RateLimit | Self::BudgetExhausted => {
                Some("Try again after the app's rate limit has recovered.")
            }
            Self::Network | Self::ConnectionRejected | Self::ConnectionClosed | Self::RequestTimeout => {
                Some("Check that the app's address is right and can be reached from here, then try again.")
            }
            Self::InvalidConfiguration => Some("Correct the settings of the connection."),
            Self::Connector
            | Self::AuthenticationExpired
            | Self::Client
            | Self::NotFound
            | Self::InvalidValue
            | Self::UnknownValue
            | Self::InvalidPageToken
            | Self::MissingParameter
            | Self::Conflict
            | Self::Internal
            | Self::InvalidResponse
            | Self::UnsupportedOperation => None,
        }
    }
}
