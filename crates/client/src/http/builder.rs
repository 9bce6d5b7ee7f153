//! An HTTP client in the making.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lumos_connector_core::Call;
use lumos_connector_core::error::{ConnectorError, Result};
use lumos_connector_types::error::ConnectorErrorCode;
use lumos_connector_types::rate_limit::RateLimitMode;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, USER_AGENT};

use super::answer::HttpAnswer;
use super::client::{Explain, HttpClient, Inner};
use super::login::{Authorize, BasicLogin, HeaderLogin, ParameterLogin, Token};
use super::path;
use crate::budget::Budget;
use crate::limit::{Limiter, RateLimit};
use crate::retry::Retries;
use crate::transport::Route;
use crate::transport::pool::{self, Connecting};

/// Seconds that a request and its answer may take.
const TIMEOUT_SECONDS: u64 = 300;

/// Bytes that an answer may have.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// An HTTP client in the making: `call.http()`, then what it needs, then [`base_url`](Self::base_url).
///
/// No step fails; `base_url` reports the first mistake.
#[must_use = "a client is made by `base_url()`"]
pub struct HttpBuilder {
    call: Call,
    login: Option<Arc<dyn Authorize>>,
    headers: HeaderMap,
    connecting: Connecting,
    own_client: Option<reqwest::Client>,
    timeout: Duration,
    max_answer_bytes: usize,
    meanings: Vec<(u16, ConnectorErrorCode)>,
    explain: Option<Arc<Explain>>,
    rate_limit: Option<RateLimit>,
    retries: Retries,
    mistake: Option<ConnectorError>,
}

impl HttpBuilder {
    pub(super) fn new(call: &Call) -> Self {
        let mut headers = HeaderMap::new();
        let agent = format!("{}/{}", call.app_id(), call.integration().version());
        // An app id that does not fit a header is no reason to send no request.
        if let Ok(agent) = HeaderValue::from_str(&agent) {
            headers.insert(USER_AGENT, agent);
        }
        Self {
            call: call.clone(),
            login: None,
            headers,
            connecting: Connecting::default(),
            own_client: None,
            timeout: Duration::from_secs(TIMEOUT_SECONDS),
            max_answer_bytes: MAX_ANSWER_BYTES,
            meanings: Vec::new(),
            explain: None,
            rate_limit: None,
            retries: Retries::default(),
            mistake: None,
        }
    }

    /// Logs in with a user and password (RFC 7617): a credential, or a pair.
    pub fn basic(self, login: impl Into<BasicLogin>) -> Self {
        self.login(HeaderLogin::basic(&login.into()))
    }

    /// Logs in with `Authorization: Bearer …` (RFC 6750): a token, or the credential that holds it.
    pub fn bearer(self, token: impl Into<Token>) -> Self {
        self.authorization("Bearer", token)
    }

    /// Logs in with `Authorization` and a scheme of the app's own: `.authorization("SSWS", token)`.
    pub fn authorization(self, scheme: &str, token: impl Into<Token>) -> Self {
        self.login(HeaderLogin::authorization(scheme, &token.into()))
    }

    /// Logs in with a header of the app's own: `.header_login("x-api-key", token)`. Nothing is put before the token.
    pub fn header_login(self, name: &str, token: impl Into<Token>) -> Self {
        let login = header_name(name).and_then(|name| HeaderLogin::new(name, &token.into()));
        self.login(login)
    }

    /// Logs in with a parameter of the address: `.query_login("api_key", token)`. It appears in no log.
    pub fn query_login(self, name: impl Into<String>, token: impl Into<Token>) -> Self {
        self.authorize_with(ParameterLogin { name: name.into(), token: token.into() })
    }

    /// Logs in in any other way: signatures, several headers.
    pub fn authorize_with(mut self, login: impl Authorize + 'static) -> Self {
        self.login = Some(Arc::new(login));
        self
    }

    fn login(self, login: Result<impl Authorize + 'static>) -> Self {
        match login {
            Ok(login) => self.authorize_with(login),
            Err(error) => self.mistaken(error),
        }
    }

    /// A header of every request, in the place of the one before of that name. Not for secrets: it may be logged.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match header(name, value) {
            Ok((name, value)) => {
                self.headers.insert(name, value);
                self
            }
            Err(error) => self.mistaken(error),
        }
    }

    /// Time for a request and its answer; 300 seconds unless this says otherwise, and never past the caller's
    /// deadline.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Time for making a connection; 30 seconds unless this says otherwise.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connecting.timeout = timeout;
        self
    }

    /// Bytes that an answer may have, unpacked; 64 MiB unless this says otherwise. A larger one is an
    /// `invalid_response`.
    pub fn max_answer_bytes(mut self, bytes: usize) -> Self {
        self.max_answer_bytes = bytes;
        self
    }

    /// A PEM file of authorities that are trusted beside the operating system's.
    pub fn extra_authorities(mut self, pem_file: impl Into<PathBuf>) -> Self {
        self.connecting.extra_authorities.push(pem_file.into());
        self
    }

    /// What an error status of this app means, where it is not what HTTP says: an app that answers a bad token with
    /// 403 is `.on_status(403, ConnectorErrorCode::Unauthorized)`.
    pub fn on_status(mut self, status: u16, code: ConnectorErrorCode) -> Self {
        self.meanings.push((status, code));
        self
    }

    /// What error answers of this app mean, where their bodies say more than their statuses. It is given the answer and
    /// the error that it would be, and gives a better one, or the same.
    ///
    /// ```
    /// # use lumos_connector_client::{HttpBuilder, HttpAnswer};
    /// use lumos_connector_core::error::ConnectorError;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Problem { code: String, message: String }
    ///
    /// fn explained(answer: &HttpAnswer, error: ConnectorError) -> ConnectorError {
    ///     match answer.json::<Problem>() {
    ///         Ok(problem) => error.message(problem.message).app_error_code(problem.code),
    ///         Err(_) => error,
    ///     }
    /// }
    /// # fn client(http: HttpBuilder) -> HttpBuilder {
    /// http.map_error(explained)
    /// # }
    /// ```
    pub fn map_error(
        mut self,
        explain: impl Fn(&HttpAnswer, ConnectorError) -> ConnectorError + Send + Sync + 'static,
    ) -> Self {
        self.explain = Some(Arc::new(explain));
        self
    }

    /// What the app allows. Without it requests are sent at once.
    pub fn rate_limit(mut self, limit: RateLimit) -> Self {
        self.rate_limit = Some(limit);
        self
    }

    /// How often requests are repeated, where the call's mode repeats any at all.
    pub fn retries(mut self, retries: Retries) -> Self {
        self.retries = retries;
        self
    }

    /// Sends with a reqwest client of the author's own. How it connects, and whether it follows redirects, is up to it.
    pub fn reqwest(mut self, client: reqwest::Client) -> Self {
        self.own_client = Some(client);
        self
    }

    fn mistaken(mut self, error: ConnectorError) -> Self {
        self.mistake.get_or_insert(error);
        self
    }

    /// The client for the app at this address. Paths of requests stand below it.
    ///
    /// # Errors
    /// `invalid_value` for an address that is none, or holds a user, parameters or a fragment: it often comes from
    /// settings. `bad_request` for a credential that does not fit a header.
    pub fn base_url(self, address: &str) -> Result<HttpClient> {
        if let Some(mistake) = self.mistake {
            return Err(mistake);
        }
        let base = path::base(address)?;
        let reqwest = match self.own_client {
            Some(client) => client,
            None => pool::client(&self.connecting)?,
        };
        let budget = Budget::of(&self.call);
        let retries = match self.call.rate_limit().mode {
            RateLimitMode::Bypass | RateLimitMode::EnforceNoRetry => Retries::none(),
            _ => self.retries,
        };
        let route = self.call.integration().provided::<Route>();
        Ok(HttpClient::new(Inner {
            reqwest,
            route: route.map(|route| (*route).clone()).unwrap_or_default(),
            limiter: self.rate_limit.and_then(|limit| Limiter::of(&self.call, &limit, &budget)),
            budget,
            retries,
            base,
            login: self.login,
            headers: self.headers,
            timeout: self.timeout,
            max_answer_bytes: self.max_answer_bytes,
            meanings: self.meanings,
            explain: self.explain,
        }))
    }
}

pub(super) fn header_name(name: &str) -> Result<HeaderName> {
    HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| ConnectorError::internal(format!("{name:?} is not the name of a header")))
}

pub(super) fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue)> {
    let name = header_name(name)?;
    let value = HeaderValue::from_str(value).map_err(|_| {
        ConnectorError::client(format!(
            "The value of the header {name} holds a line break or another control character"
        ))
    })?;
    Ok((name, value))
}

impl fmt::Debug for HttpBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpBuilder").field("call", &self.call).finish_non_exhaustive()
    }
}
