//! The one request that OAuth sends; an HTTP client implements it.

use std::fmt;

use futures_util::future::BoxFuture;
use lumos_connector_types::secret::Secret;
use lumos_connector_types::wire_enum;

use crate::declaration::error::Result;

/// Bytes that the answer of a token endpoint may have.
pub const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// Seconds that a token request may take, connecting included.
pub const TIMEOUT_SECONDS: u64 = 60;

wire_enum! {
    /// The HTTP method of token requests.
    pub enum TokenMethod {
        /// As RFC 6749 asks for.
        Post = "POST",
        /// For providers that want it.
        Get = "GET",
    }
}

/// Sends requests to token endpoints.
///
/// It must not follow redirects (a token endpoint that moves is an error: RFC 6749 §10.5 binds secrets to it), nor
/// read more than [`MAX_ANSWER_BYTES`], nor take longer than [`TIMEOUT_SECONDS`], and it logs neither bodies nor
/// queries.
pub trait TokenExchange: Send + Sync {
    /// Sends one request.
    fn send(&self, request: TokenRequest) -> BoxFuture<'static, Result<TokenAnswer>>;
}

/// A request to a token endpoint.
#[derive(Debug)]
#[non_exhaustive]
pub struct TokenRequest {
    /// The HTTP method.
    pub method: TokenMethod,
    /// The address; it is a secret because its query may hold secrets.
    pub url: Secret,
    /// The value of the `Authorization` header.
    pub authorization: Option<Secret>,
    /// The body with its content type.
    pub body: Option<(&'static str, Secret)>,
}

/// What a token endpoint answered.
#[non_exhaustive]
pub struct TokenAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl TokenAnswer {
    /// An answer.
    #[must_use]
    pub fn new(status: u16, body: String) -> Self {
        Self { status, body }
    }
}

impl fmt::Debug for TokenAnswer {
    /// Only the status: the body holds tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenAnswer").field("status", &self.status).finish_non_exhaustive()
    }
}
