//! An HTTP client in the making.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lumos_connector_core::Call;
use lumos_connector_core::error::{ConnectorError, Result};
use lumos_connector_types::capability::StandardCapability;
use lumos_connector_types::error::ConnectorErrorCode;
use lumos_connector_types::rate_limit::RateLimitMode;
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue, USER_AGENT};

use super::answer::HttpAnswer;
use super::client::{ErrorMap, HttpClient, Inner};
use super::exchange::IsRefusal;
use super::login::{Authorize, BasicLogin, HeaderLogin, ParameterLogin, Token};
use super::path;
use crate::budget::Budget;
use crate::content_coding;
use crate::limit::{Limiter, RateLimit};
use crate::retry::Retries;
use crate::transport::Route;
use crate::transport::environment::warn_of_plain_http;
use crate::transport::pool::{self, Connecting};

/// Seconds that a request and its answer may take.
const TIMEOUT_SECONDS: u64 = 300;

/// Bytes that an answer may have.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// Builds the HTTP client of a call: `call.http()`, then options, then [`base_url`](Self::base_url).
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
    error_maps: Vec<Arc<ErrorMap>>,
    refusals: Vec<IsRefusal>,
    rate_limit: Option<RateLimit>,
    retries: Option<Retries>,
    host_suffix: Option<String>,
    mistake: Option<ConnectorError>,
}

impl HttpBuilder {
    pub(super) fn new(call: &Call) -> Self {
        let mut headers = HeaderMap::new();
        let agent = format!("{}/{}", call.app_id(), call.version());
        // An app id that does not fit a header is no reason to send no request.
        if let Ok(agent) = HeaderValue::from_str(&agent) {
            headers.insert(USER_AGENT, agent);
        }
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(content_coding::ACCEPTED));
        Self {
            call: call.clone(),
            login: None,
            headers,
            connecting: Connecting { timeout: connect_timeout(call), ..Connecting::default() },
            own_client: None,
            timeout: Duration::from_secs(TIMEOUT_SECONDS),
            max_answer_bytes: MAX_ANSWER_BYTES,
            meanings: Vec::new(),
            error_maps: Vec::new(),
            refusals: Vec::new(),
            rate_limit: None,
            retries: None,
            host_suffix: None,
            mistake: None,
        }
    }

    /// Sends a user name and password in `Authorization: Basic …` (RFC 7617): a credential, or a pair.
    pub fn basic(self, login: impl Into<BasicLogin>) -> Self {
        self.login(HeaderLogin::basic(&login.into()))
    }

    /// Sends a token in `Authorization: Bearer …` (RFC 6750): a token, or the credential that holds it.
    pub fn bearer(self, token: impl Into<Token>) -> Self {
        self.authorization("Bearer", token)
    }

    /// Sends a token in `Authorization` with a scheme of the app's own: `.authorization("SSWS", token)`.
    pub fn authorization(self, scheme: &str, token: impl Into<Token>) -> Self {
        self.login(HeaderLogin::authorization(scheme, &token.into()))
    }

    /// Sends a token in a header of the app's own: `.header_login("x-api-key", token)`. Nothing is put before the token.
    pub fn header_login(self, name: &str, token: impl Into<Token>) -> Self {
        let login = header_name(name).and_then(|name| HeaderLogin::new(name, &token.into()));
        self.login(login)
    }

    /// Sends a token in a query parameter: `.query_login("api_key", token)`. It appears in no log.
    pub fn query_login(self, name: impl Into<String>, token: impl Into<Token>) -> Self {
        self.authorize_with(ParameterLogin { name: name.into(), token: token.into() })
    }

    /// Authenticates requests in any other way: signatures, several headers.
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

    /// Sets a header of every request, in place of the one before with that name. Not for secrets: it may be logged.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match header(name, value) {
            Ok((name, value)) => {
                self.headers.insert(name, value);
                self
            }
            Err(error) => self.mistaken(error),
        }
    }

    /// Sets the time that a request and its answer may take; 300 seconds by default, and never past the caller's deadline.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the time in which a connection must be made; 30 seconds by default, 10 seconds in `validate_credentials`.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connecting.timeout = timeout;
        self
    }

    /// Sets the bytes that an answer may have, unpacked; 64 MiB by default. A larger answer is an `invalid_response`.
    pub fn max_answer_bytes(mut self, bytes: usize) -> Self {
        self.max_answer_bytes = bytes;
        self
    }

    /// Trusts the certificate authorities in a PEM file, beside the operating system's.
    pub fn extra_authorities(mut self, pem_file: impl Into<PathBuf>) -> Self {
        self.connecting.extra_authorities.push(pem_file.into());
        self
    }

    /// Requires that the app's host is this domain or below it: `.host_suffix("acme.test")`.
    ///
    /// For addresses that are made from settings: `format!("https://{}.acme.test", settings.tenant)` leads to another host
    /// when the tenant is `evil.test/`. A setting of the type [`DnsLabel`](lumos_connector_types::dns_label::DnsLabel)
    /// cannot do that either.
    pub fn host_suffix(mut self, domain: impl Into<String>) -> Self {
        self.host_suffix = Some(domain.into());
        self
    }

    /// Sets the code of an error status, where the app does not mean what HTTP says: an app that answers a bad token with
    /// 403 is `.on_status(403, ConnectorErrorCode::Unauthorized)`. Of several for one status the last one counts.
    pub fn on_status(mut self, status: u16, code: ConnectorErrorCode) -> Self {
        self.meanings.push((status, code));
        self
    }

    /// Takes answers for refusals for now, beside those that HTTP knows: they are waited for and repeated like a 429, and
    /// after the last retry they are `rate_limit`, even with a status of 2xx.
    ///
    /// ```
    /// # use lumos_connector_client::HttpBuilder;
    /// # fn client(http: HttpBuilder) -> HttpBuilder {
    /// // GitHub's secondary limit, Salesforce's daily one.
    /// http.refused_when(|answer| answer.status() == 403 && answer.retry_after().is_some())
    ///     .refused_when(|answer| answer.status() == 403 && answer.text().contains("REQUEST_LIMIT_EXCEEDED"))
    /// # }
    /// ```
    ///
    /// It is asked about every answer, whatever its status. Several of them are all asked.
    pub fn refused_when(mut self, is_refusal: impl Fn(&HttpAnswer) -> bool + Send + Sync + 'static) -> Self {
        self.refusals.push(Arc::new(is_refusal));
        self
    }

    /// Changes the errors of this app's answers, where their bodies say more than their statuses. The function gets the
    /// answer and the error that it would be, and returns a better one, or the same. When there are several, each gets what
    /// the one before returned.
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
    ///         Ok(problem) => error.with_message(problem.message).with_app_error_code(problem.code),
    ///         Err(_) => error,
    ///     }
    /// }
    /// # fn client(http: HttpBuilder) -> HttpBuilder {
    /// http.map_error(explained)
    /// # }
    /// ```
    pub fn map_error(
        mut self,
        map: impl Fn(&HttpAnswer, ConnectorError) -> ConnectorError + Send + Sync + 'static,
    ) -> Self {
        self.error_maps.push(Arc::new(map));
        self
    }

    /// Sets the app's rate limit. Without one, requests are sent at once.
    pub fn rate_limit(mut self, limit: RateLimit) -> Self {
        self.rate_limit = Some(limit);
        self
    }

    /// Sets how often requests are repeated, where the call's mode repeats any at all.
    ///
    /// By default `validate_credentials` does not repeat a request when no connection can be made, so that a wrong address
    /// is reported within seconds; with this it does.
    pub fn retries(mut self, retries: Retries) -> Self {
        self.retries = Some(retries);
        self
    }

    /// Sends requests with a reqwest client of the author's own. How it connects, which proxies and authorities it uses and
    /// whether it follows redirects is up to it.
    pub fn reqwest(mut self, client: reqwest::Client) -> Self {
        self.own_client = Some(client);
        self
    }

    fn mistaken(mut self, error: ConnectorError) -> Self {
        self.mistake.get_or_insert(error);
        self
    }

    /// Makes the client for the app at this address. Paths of requests stand below it.
    ///
    /// # Errors
    /// `invalid_value` for an address that is not a URL of `http` or `https`, holds a user, parameters or a fragment, or is
    /// not below the [`host_suffix`](Self::host_suffix): it often comes from settings. The same for an environment in which
    /// no request can be sent there (`SSL_CERT_FILE`, `HTTPS_PROXY`). `bad_request` for a credential that does not fit a
    /// header.
    pub fn base_url(self, address: &str) -> Result<HttpClient> {
        if let Some(mistake) = self.mistake {
            return Err(mistake);
        }
        let base = path::base(address)?;
        if let Some(suffix) = &self.host_suffix {
            path::check_host(&base, suffix)?;
        }
        let route = self.call.host().transport::<Route>().cloned().unwrap_or_default();
        let reqwest = match self.own_client {
            Some(client) => client,
            None => {
                let pooled = pool::client(&self.connecting)?;
                if route.is_direct() {
                    pooled.check(&base)?;
                    warn_of_plain_http(&base);
                }
                pooled.client
            }
        };
        let budget = Budget::of(&self.call);
        let retries_connecting = self.retries.is_some() || !is_validation(&self.call);
        let retries = match self.call.rate_limit().mode {
            RateLimitMode::Bypass | RateLimitMode::EnforceNoRetry => Retries::none(),
            _ => self.retries.unwrap_or_default(),
        };
        Ok(HttpClient::new(Inner {
            reqwest,
            route,
            limiter: self.rate_limit.and_then(|limit| Limiter::of(&self.call, &limit, &budget)),
            budget,
            retries,
            retries_connecting,
            base,
            login: self.login,
            headers: self.headers,
            timeout: self.timeout,
            max_answer_bytes: self.max_answer_bytes,
            meanings: self.meanings,
            error_maps: self.error_maps,
            refusals: self.refusals,
        }))
    }
}

/// Whether a person waits for the answer, who may have mistyped the address.
fn is_validation(call: &Call) -> bool {
    call.capability() == StandardCapability::ValidateCredentials.as_str()
}

fn connect_timeout(call: &Call) -> Duration {
    /// Seconds in which a connection must be made while a person waits.
    const WAITING_SECONDS: u64 = 10;
    if is_validation(call) { Duration::from_secs(WAITING_SECONDS) } else { Connecting::default().timeout }
}

pub(super) fn header_name(name: &str) -> Result<HeaderName> {
    HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| ConnectorError::internal(format!("{name:?} is not the name of a header")))
}

pub(super) fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue)> {
    let name = header_name(name)?;
    let value = HeaderValue::from_str(value).map_err(|_| {
        ConnectorError::client(format!(
            "The value of the header {name} contains a line break or another control character"
        ))
    })?;
    Ok((name, value))
}

impl fmt::Debug for HttpBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpBuilder").field("call", &self.call).finish_non_exhaustive()
    }
}
