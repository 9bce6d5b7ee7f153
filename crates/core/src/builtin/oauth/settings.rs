//! The declaration of an OAuth flow.

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;
use lumos_connector_types::capability::{Capability, StandardCapability};
use lumos_connector_types::wire_enum;
use serde::de::DeserializeOwned;

use crate::call::Call;
use crate::declaration::error::Result;

wire_enum! {
    /// Which OAuth 2.0 flow obtains the token.
    pub enum OAuthFlow {
        /// The authorization-code flow (RFC 6749 §4.1): a person grants access in a browser.
        Code = "CODE_FLOW",
        /// The client-credentials flow (RFC 6749 §4.4): the client has access of its own.
        ClientCredentials = "CLIENT_CREDENTIALS",
    }
}

wire_enum! {
    /// How the client authenticates itself to the token endpoint (RFC 6749 §2.3.1).
    pub enum ClientAuthentication {
        /// Client id and secret among the parameters of the request.
        Body = "CLIENT_SECRET_POST",
        /// Client id and secret in a Basic `Authorization` header, as they are, without form encoding.
        BasicHeader = "CLIENT_SECRET_BASIC",
    }
}

wire_enum! {
    /// The HTTP method of token requests.
    pub enum TokenMethod {
        /// As RFC 6749 asks for.
        Post = "POST",
        /// For providers that want it.
        Get = "GET",
    }
}

wire_enum! {
    /// Where the parameters of token requests go.
    pub enum TokenParameters {
        /// In a form, as RFC 6749 asks for.
        Form = "FORMDATA",
        /// In a JSON object.
        Json = "JSON",
        /// In the query of the address, in place of one that is there.
        Query = "QUERY",
    }
}

/// The scopes of capabilities: for each, the scopes that it needs, with blanks between them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes(IndexMap<String, String>);

impl Scopes {
    /// The same with the scopes of one more capability.
    #[must_use]
    pub fn scope<C: Capability>(mut self, _: C, scopes: impl Into<String>) -> Self {
        self.0.insert(C::NAME.to_owned(), scopes.into());
        self
    }

    /// The scopes by the names of their capabilities.
    #[must_use]
    pub fn by_name(&self) -> &IndexMap<String, String> {
        &self.0
    }
}

/// A value that is fixed, or computed for each call from its settings.
#[derive(Clone)]
pub struct Computed<T>(Source<T>);

#[derive(Clone)]
enum Source<T> {
    Fixed(T),
    Computed(Compute<T>),
}

type Compute<T> = Arc<dyn Fn(&Call) -> Result<T> + Send + Sync>;

impl<T: Clone> Computed<T> {
    /// The value for a call.
    ///
    /// # Errors
    /// Those of the function that computes it.
    pub fn of(&self, call: &Call) -> Result<T> {
        match &self.0 {
            Source::Fixed(value) => Ok(value.clone()),
            Source::Computed(compute) => compute(call),
        }
    }

    /// The value when it is the same for all calls.
    #[must_use]
    pub fn fixed(&self) -> Option<&T> {
        match &self.0 {
            Source::Fixed(value) => Some(value),
            Source::Computed(_) => None,
        }
    }
}

/// A value that is computed for each call from its settings.
///
/// ```
/// use lumos_connector_core::oauth::{OAuthSettings, computed};
/// #[derive(serde::Deserialize)]
/// struct AcmeSettings { tenant: String }
///
/// let token_url = computed(|settings: AcmeSettings| format!("https://{}.acme.test/token", settings.tenant));
/// let settings = OAuthSettings::client_credentials(token_url);
/// # let _ = settings;
/// ```
pub fn computed<S, T>(compute: impl Fn(S) -> T + Send + Sync + 'static) -> Computed<T>
where
    S: DeserializeOwned + Send + 'static,
{
    try_computed(move |settings| Ok(compute(settings)))
}

/// A value that is computed for each call from its settings, which may not allow it.
///
/// ```
/// use lumos_connector_core::error::ConnectorError;
/// use lumos_connector_core::oauth::{OAuthSettings, try_computed};
/// #[derive(serde::Deserialize)]
/// struct AcmeSettings { token_url: Option<String> }
///
/// let token_url = try_computed(|settings: AcmeSettings| {
///     settings.token_url.ok_or_else(|| ConnectorError::invalid_configuration("token_url: needed for OAuth"))
/// });
/// let settings = OAuthSettings::client_credentials(token_url);
/// # let _ = settings;
/// ```
pub fn try_computed<S, T>(compute: impl Fn(S) -> Result<T> + Send + Sync + 'static) -> Computed<T>
where
    S: DeserializeOwned + Send + 'static,
{
    Computed(Source::Computed(Arc::new(move |call| compute(call.settings()?))))
}

impl From<&str> for Computed<String> {
    fn from(fixed: &str) -> Self {
        Self(Source::Fixed(fixed.to_owned()))
    }
}

impl From<String> for Computed<String> {
    fn from(fixed: String) -> Self {
        Self(Source::Fixed(fixed))
    }
}

impl<T: fmt::Debug> fmt::Debug for Computed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Fixed(value) => value.fmt(f),
            Source::Computed(_) => f.write_str("(computed)"),
        }
    }
}

/// An OAuth 2.0 flow: where it goes, what it asks for, and how the provider wants to be talked to.
///
/// ```
/// use lumos_connector_core::oauth::OAuthSettings;
/// use lumos_connector_types::capability::marker as capability;
///
/// let settings = OAuthSettings::code_flow("https://acme.test/authorize", "https://acme.test/token")
///     .pkce()
///     .scope(capability::ValidateCredentials, "profile")
///     .scope(capability::ListAccounts, "users:read profile");
/// # let _ = settings;
/// ```
#[derive(Debug, Clone)]
pub struct OAuthSettings {
    pub(crate) flow: OAuthFlow,
    pub(crate) authorization_url: Option<Computed<String>>,
    pub(crate) token_url: Computed<String>,
    pub(crate) scopes: Option<Computed<Scopes>>,
    pub(crate) client_authentication: ClientAuthentication,
    pub(crate) method: TokenMethod,
    pub(crate) parameters: TokenParameters,
    pub(crate) pkce: bool,
    pub(crate) switched_off: Vec<StandardCapability>,
}

impl OAuthSettings {
    fn new(flow: OAuthFlow, token_url: Computed<String>) -> Self {
        Self {
            flow,
            authorization_url: None,
            token_url,
            scopes: None,
            client_authentication: ClientAuthentication::Body,
            method: TokenMethod::Post,
            parameters: TokenParameters::Form,
            pkce: false,
            switched_off: Vec::new(),
        }
    }

    /// The authorization-code flow. Addresses are fixed texts or [`computed`].
    #[must_use]
    pub fn code_flow(
        authorization_url: impl Into<Computed<String>>,
        token_url: impl Into<Computed<String>>,
    ) -> Self {
        let mut settings = Self::new(OAuthFlow::Code, token_url.into());
        settings.authorization_url = Some(authorization_url.into());
        settings
    }

    /// The client-credentials flow. The address is a fixed text or [`computed`].
    #[must_use]
    pub fn client_credentials(token_url: impl Into<Computed<String>>) -> Self {
        Self::new(OAuthFlow::ClientCredentials, token_url.into())
    }

    /// The same, with the scopes that a capability needs, blanks between them.
    #[must_use]
    pub fn scope<C: Capability>(mut self, capability: C, scopes: impl Into<String>) -> Self {
        let all = self.scopes.as_ref().and_then(Computed::fixed).cloned().unwrap_or_default();
        self.scopes = Some(Computed(Source::Fixed(all.scope(capability, scopes))));
        self
    }

    /// The same, with scopes [`computed`] for each call in place of fixed ones.
    #[must_use]
    pub fn scopes(mut self, scopes: Computed<Scopes>) -> Self {
        self.scopes = Some(scopes);
        self
    }

    /// The same, proving the exchange of the code with PKCE, method S256 (RFC 7636).
    #[must_use]
    pub fn pkce(mut self) -> Self {
        self.pkce = true;
        self
    }

    /// The same, with another way for the client to authenticate itself; the default is in the body.
    #[must_use]
    pub fn client_authentication(mut self, way: ClientAuthentication) -> Self {
        self.client_authentication = way;
        self
    }

    /// The same, with token requests of another form; the default is a POST of a form.
    #[must_use]
    pub fn token_request(mut self, method: TokenMethod, parameters: TokenParameters) -> Self {
        self.method = method;
        self.parameters = parameters;
        self
    }

    /// The same, without one of the capabilities of the flow.
    #[must_use]
    pub fn without<C: Capability>(mut self, _: C) -> Self {
        self.switched_off.extend(C::STANDARD);
        self
    }

    /// The capabilities that the flow has, switched off or not.
    pub(crate) fn flow_capabilities(&self) -> &'static [StandardCapability] {
        match self.flow {
            OAuthFlow::Code => &[
                StandardCapability::GetAuthorizationUrl,
                StandardCapability::HandleAuthorizationCallback,
                StandardCapability::RefreshAccessToken,
            ],
            OAuthFlow::ClientCredentials => {
                &[StandardCapability::HandleClientCredentials, StandardCapability::RefreshAccessToken]
            }
        }
    }

    pub(crate) fn has(&self, capability: StandardCapability) -> bool {
        self.flow_capabilities().contains(&capability) && !self.switched_off.contains(&capability)
    }

    /// The scopes for a call; none when there are none.
    pub(crate) fn scopes_of(&self, call: &Call) -> Result<Scopes> {
        self.scopes.as_ref().map_or_else(|| Ok(Scopes::default()), |scopes| scopes.of(call))
    }
}
