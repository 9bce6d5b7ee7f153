//! How requests say who sends them.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use lumos_connector_core::error::{ConnectorError, Result};
use lumos_connector_core::{Auth, auth::CredentialModel};
use lumos_connector_types::auth::{BasicCredential, OAuthClientCredential, OAuthCredential, TokenCredential};
use lumos_connector_types::secret::Secret;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};

/// Authenticates a request. It sees every attempt, finished but for the login, so that it can sign it.
///
/// A login that the app gives for a time only is a [`SessionLogin`].
///
/// ```
/// use lumos_connector_client::{http::Authorize, reqwest};
/// use lumos_connector_core::error::Result;
///
/// struct Shard(&'static str);
///
/// impl Authorize for Shard {
///     fn authorize(&self, request: &mut reqwest::Request) -> Result<()> {
///         request.headers_mut().insert("x-shard", self.0.parse()?);
///         Ok(())
///     }
/// }
/// ```
pub trait Authorize: Send + Sync {
    /// Changes the request.
    ///
    /// # Errors
    /// Any; the request is not sent then.
    fn authorize(&self, request: &mut reqwest::Request) -> Result<()>;

    /// Is awaited before each request: a login that takes a request of its own is obtained here. Gives the number of the
    /// login, which [`renew`](Self::renew) counts up; `None` for one that cannot be renewed.
    ///
    /// # Errors
    /// Any; the request is not sent then.
    fn prepare(&self) -> BoxFuture<'_, Result<Option<u64>>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// Is awaited when the app has answered 401 to a request with the login of this number: logs in again, unless that has
    /// been done meanwhile. The request is then sent once more.
    ///
    /// # Errors
    /// Any; it takes the place of the answer.
    fn renew(&self, refused: u64) -> BoxFuture<'_, Result<()>> {
        let _ = refused;
        Box::pin(std::future::ready(Ok(())))
    }
}

/// A login that the app gives for a time: a session, a token for some minutes. It is obtained by a request of its own
/// before the first request, shared by all requests of the client, and obtained again after a 401; the request that was
/// refused is then sent once more. A second 401 counts.
///
/// ```
/// use lumos_connector_client::http::{SessionLogin, Token};
/// use lumos_connector_client::{HttpCall, HttpClient};
/// use lumos_connector_core::{Call, error::Result};
/// use lumos_connector_types::payload::BasicCredential;
///
/// #[derive(serde::Deserialize)]
/// struct Session { token: String }
///
/// fn client(call: &Call) -> Result<HttpClient> {
///     let user: BasicCredential = call.auth()?;
///     let login = call.http().basic(user).base_url("https://api.acme.test")?;
///     let session = SessionLogin::bearer(move || {
///         let login = login.clone();
///         async move {
///             let session: Session = login.post("sessions").read().await?;
///             Ok(Token::from(session.token))
///         }
///     });
///     call.http().authorize_with(session).base_url("https://api.acme.test")
/// }
/// # let _ = client;
/// ```
pub struct SessionLogin {
    log_in: Box<dyn Fn() -> BoxFuture<'static, Result<HeaderLogin>> + Send + Sync>,
    /// Held by the request that logs in; the others wait for its outcome.
    gate: tokio::sync::Mutex<()>,
    current: Mutex<Current>,
}

/// The last login, and how many there have been.
#[derive(Default)]
struct Current {
    number: u64,
    header: Option<HeaderLogin>,
}

impl SessionLogin {
    /// A session whose token goes into `Authorization: Bearer …`.
    pub fn bearer<F, Fut>(log_in: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Token>> + Send + 'static,
    {
        Self::new(log_in, |token| HeaderLogin::authorization("Bearer", token))
    }

    /// A session whose token goes into a header of the app's own, with nothing before it.
    ///
    /// # Errors
    /// `internal_error` when the name is not that of a header.
    pub fn header<F, Fut>(name: &str, log_in: F) -> Result<Self>
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Token>> + Send + 'static,
    {
        let name = super::builder::header_name(name)?;
        Ok(Self::new(log_in, move |token| HeaderLogin::new(name.clone(), token)))
    }

    fn new<F, Fut>(
        log_in: F,
        header: impl Fn(&Token) -> Result<HeaderLogin> + Clone + Send + Sync + 'static,
    ) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Token>> + Send + 'static,
    {
        Self {
            log_in: Box::new(move || {
                let (token, header) = (log_in(), header.clone());
                Box::pin(async move { header(&token.await?) })
            }),
            gate: tokio::sync::Mutex::default(),
            current: Mutex::default(),
        }
    }

    fn current(&self) -> std::sync::MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Logs in unless somebody has since the login of a number; gives the number of the login that counts.
    async fn log_in_after(&self, number: u64) -> Result<u64> {
        let _gate = self.gate.lock().await;
        let known = self.current().number;
        if known > number {
            return Ok(known);
        }
        let header = (self.log_in)().await?;
        let mut current = self.current();
        *current = Current { number: current.number + 1, header: Some(header) };
        Ok(current.number)
    }
}

impl Authorize for SessionLogin {
    fn authorize(&self, request: &mut reqwest::Request) -> Result<()> {
        match &self.current().header {
            Some(header) => header.authorize(request),
            None => Err(ConnectorError::internal("The session login was not prepared")),
        }
    }

    fn prepare(&self) -> BoxFuture<'_, Result<Option<u64>>> {
        let known = self.current().number;
        Box::pin(async move { Ok(Some(if known > 0 { known } else { self.log_in_after(0).await? })) })
    }

    fn renew(&self, refused: u64) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move { self.log_in_after(refused).await.map(drop) })
    }
}

impl fmt::Debug for SessionLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionLogin").field("logins", &self.current().number).finish_non_exhaustive()
    }
}

/// A token or key: a [`Secret`], or the credential that holds it.
#[derive(Debug, Clone)]
pub struct Token(Secret);

/// A user and password, or the credential that holds them.
#[derive(Debug, Clone)]
pub struct BasicLogin(BasicCredential);

macro_rules! tokens {
    ($($from:ty: $token:ident => $secret:expr;)+) => {
        $(impl From<$from> for Token {
            fn from($token: $from) -> Self {
                Self($secret)
            }
        })+
    };
}

tokens! {
    Secret: token => token;
    &Secret: token => token.clone();
    String: token => token.into();
    &str: token => token.into();
    TokenCredential: credential => credential.token;
    OAuthCredential: credential => credential.access_token;
    OAuthClientCredential: credential => credential.access_token;
}

impl<T: CredentialModel + Into<Token>> From<Auth<T>> for Token {
    fn from(credential: Auth<T>) -> Self {
        credential.0.into()
    }
}

impl From<BasicCredential> for BasicLogin {
    fn from(credential: BasicCredential) -> Self {
        Self(credential)
    }
}

impl From<Auth<BasicCredential>> for BasicLogin {
    fn from(credential: Auth<BasicCredential>) -> Self {
        Self(credential.0)
    }
}

impl<U: Into<String>, P: Into<Secret>> From<(U, P)> for BasicLogin {
    fn from((username, password): (U, P)) -> Self {
        Self(BasicCredential { username: username.into(), password: password.into() })
    }
}

/// A header with a secret value.
pub(super) struct HeaderLogin {
    name: HeaderName,
    value: HeaderValue,
}

impl HeaderLogin {
    pub(super) fn basic(login: &BasicLogin) -> Result<Self> {
        let pair = format!("{}:{}", login.0.username, login.0.password.expose());
        Self::authorization("Basic", &STANDARD.encode(pair).into())
    }

    pub(super) fn authorization(scheme: &str, token: &Token) -> Result<Self> {
        Self::new(AUTHORIZATION, &format!("{scheme} {}", token.0.expose()).into())
    }

    pub(super) fn new(name: HeaderName, token: &Token) -> Result<Self> {
        let mut value = HeaderValue::from_str(token.0.expose()).map_err(|_| {
            ConnectorError::client(format!(
                "The credential cannot be sent in the header {name}: it contains a line break or another control character"
            ))
        })?;
        value.set_sensitive(true);
        Ok(Self { name, value })
    }
}

impl Authorize for HeaderLogin {
    fn authorize(&self, request: &mut reqwest::Request) -> Result<()> {
        request.headers_mut().insert(self.name.clone(), self.value.clone());
        Ok(())
    }
}

/// A parameter of the address with a secret value. It is put on last, so that no log sees it.
pub(super) struct ParameterLogin {
    pub(super) name: String,
    pub(super) token: Token,
}

impl Authorize for ParameterLogin {
    fn authorize(&self, request: &mut reqwest::Request) -> Result<()> {
        request.url_mut().query_pairs_mut().append_pair(&self.name, self.token.0.expose());
        Ok(())
    }
}

impl fmt::Debug for HeaderLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeaderLogin").field("name", &self.name).finish_non_exhaustive()
    }
}
