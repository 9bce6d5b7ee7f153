//! How requests say who sends them.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lumos_connector_core::error::{ConnectorError, Result};
use lumos_connector_core::{Auth, auth::CredentialModel};
use lumos_connector_types::auth::{BasicCredential, OAuthClientCredential, OAuthCredential, TokenCredential};
use lumos_connector_types::secret::Secret;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};

/// Authenticates a request. It sees every attempt, finished but for the login, so that it can sign it.
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
