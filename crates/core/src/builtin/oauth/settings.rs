//! The declaration of an OAuth flow.

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;
use lumos_connector_types::capability::{Capability, StandardCapability};
use lumos_connector_types::dns_label;
use lumos_connector_types::oauth::OauthCredentials;
use lumos_connector_types::wire_enum;
use serde::de::DeserializeOwned;

use crate::call::Call;
use crate::call::token_exchange::{TokenAnswer, TokenMethod};
use crate::declaration::error::{ConnectorError, Result};

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
        /// Client id and secret in a Basic `Authorization` header, as they are unless
        /// [`form_encoded_basic`](OAuthSettings::form_encoded_basic) is set.
        BasicHeader = "CLIENT_SECRET_BASIC",
    }
}

wire_enum! {
    /// Where the parameters of token requests go.
    pub enum TokenParameters {
        /// In a form, as RFC 6749 asks for.
        Form = "FORMDATA",
        /// In a JSON object.
        Json = "JSON",
        /// In the query of the address, in place of one that is there unless
        /// [`token_parameter`](OAuthSettings::token_parameter) is used.
        Query = "QUERY",
    }
}

/// What the SDK sends to the authorization page.
const AUTHORIZATION_PARAMETERS: [&str; 7] = [
    "client_id",
    "response_type",
    "scope",
    "redirect_uri",
    "state",
    "code_challenge",
    "code_challenge_method",
];

/// What the SDK sends to the token endpoint.
const TOKEN_PARAMETERS: [&str; 8] = [
    "grant_type",
    "code",
    "redirect_uri",
    "code_verifier",
    "scope",
    "refresh_token",
    "client_id",
    "client_secret",
];

fn names(parameters: &[(String, Computed<String>)]) -> impl Iterator<Item = &str> {
    parameters.iter().map(|(name, _)| name.as_str())
}

/// The host of a URL in which every URL parser sees the same: a domain name, and nothing that is dropped, decoded or taken
/// for a slash.
fn plain_host(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    if !["https", "http"].contains(&scheme) || url.contains(char::is_control) {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    let is_plain = !host.is_empty()
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        && port.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then_some(host)
}

/// A connector's own reading of a token answer.
type ReadTokens = dyn Fn(&TokenAnswer) -> Result<OauthCredentials> + Send + Sync;

/// How a successful token answer is read.
#[derive(Clone)]
pub(crate) enum TokenAnswers {
    Json,
    JsonOrForm,
    Custom(Arc<ReadTokens>),
}

impl fmt::Debug for TokenAnswers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json => "Json",
            Self::JsonOrForm => "JsonOrForm",
            Self::Custom(_) => "Custom",
        })
    }
}

/// The scopes of capabilities: for each, the scopes that it needs, with blanks between them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes(IndexMap<String, String>);

impl Scopes {
    /// Adds the scopes of one more capability.
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
    /// Parameters of the authorization request, beside the SDK's.
    pub(crate) authorization_parameters: Vec<(String, Computed<String>)>,
    /// Parameters of token requests, beside the SDK's.
    pub(crate) token_parameters: Vec<(String, Computed<String>)>,
    /// Whether client id and secret are form-encoded in the Basic header.
    pub(crate) encodes_basic: bool,
    /// The domain that the addresses must be in.
    pub(crate) host_suffix: Option<String>,
    /// Whether the token endpoint is asked even though the callback says `error=…`.
    pub(crate) ignores_callback_error: bool,
    pub(crate) token_answers: TokenAnswers,
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
            authorization_parameters: Vec::new(),
            token_parameters: Vec::new(),
            encodes_basic: false,
            host_suffix: None,
            ignores_callback_error: false,
            token_answers: TokenAnswers::Json,
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

    /// Adds the scopes that a capability needs, blanks between them.
    #[must_use]
    pub fn scope<C: Capability>(mut self, capability: C, scopes: impl Into<String>) -> Self {
        let all = self.scopes.as_ref().and_then(Computed::fixed).cloned().unwrap_or_default();
        self.scopes = Some(Computed(Source::Fixed(all.scope(capability, scopes))));
        self
    }

    /// Sets scopes that are [`computed`] for each call, in place of fixed ones.
    #[must_use]
    pub fn scopes(mut self, scopes: Computed<Scopes>) -> Self {
        self.scopes = Some(scopes);
        self
    }

    /// Proves the exchange of the code with PKCE, method S256 (RFC 7636).
    #[must_use]
    pub fn pkce(mut self) -> Self {
        self.pkce = true;
        self
    }

    /// Adds a parameter to the authorization request: `audience`, `resource` (RFC 8707), `access_type`, `prompt`. The value
    /// is a fixed text or [`computed`]. A parameter that is added twice is sent twice.
    ///
    /// With this option, a query of the authorization URL is kept and the parameters follow it. Without, a URL that has a
    /// query gets a second `?`, as in the reference. Names that the SDK sends itself are refused when the connector is
    /// built.
    ///
    /// ```
    /// use lumos_connector_core::oauth::OAuthSettings;
    ///
    /// let settings = OAuthSettings::code_flow("https://acme.test/authorize?tenant=7", "https://acme.test/token")
    ///     .authorization_parameter("access_type", "offline")
    ///     .authorization_parameter("prompt", "consent")
    ///     .token_parameter("audience", "https://api.acme.test");
    /// # let _ = settings;
    /// ```
    #[must_use]
    pub fn authorization_parameter(
        mut self,
        name: impl Into<String>,
        value: impl Into<Computed<String>>,
    ) -> Self {
        self.authorization_parameters.push((name.into(), value.into()));
        self
    }

    /// Adds a parameter to every token request: `audience`, `resource` (RFC 8707). The value is a fixed text or
    /// [`computed`].
    ///
    /// With this option, [`TokenParameters::Query`] keeps a query of the token URL. Names that the SDK sends itself are
    /// refused when the connector is built.
    #[must_use]
    pub fn token_parameter(mut self, name: impl Into<String>, value: impl Into<Computed<String>>) -> Self {
        self.token_parameters.push((name.into(), value.into()));
        self
    }

    /// Sets how the client authenticates itself; by default with parameters in the body.
    #[must_use]
    pub fn client_authentication(mut self, way: ClientAuthentication) -> Self {
        self.client_authentication = way;
        self
    }

    /// Form-encodes client id and secret before they are joined in the Basic header, as RFC 6749 §2.3.1 asks for.
    ///
    /// By default they are sent as they are, as in the reference. The two differ for ids and secrets with characters other
    /// than letters, digits and `_.-~`; most providers take either, and some only one.
    #[must_use]
    pub fn form_encoded_basic(mut self) -> Self {
        self.encodes_basic = true;
        self
    }

    /// Sets the form of token requests; by default a POST of a form.
    #[must_use]
    pub fn token_request(mut self, method: TokenMethod, parameters: TokenParameters) -> Self {
        self.method = method;
        self.parameters = parameters;
        self
    }

    /// Requires that the authorization URL and the token URL are in a domain: `.host_suffix("acme.test")`. Any other
    /// address is an `invalid_value` before anything is sent.
    ///
    /// For addresses that are [`computed`] from settings: `https://{subdomain}.acme.test/token` leads to another host when
    /// the subdomain is `evil.test/`, and the client secret goes there. A setting of the type
    /// [`DnsLabel`](lumos_connector_types::dns_label::DnsLabel) cannot do that either.
    #[must_use]
    pub fn host_suffix(mut self, domain: impl Into<String>) -> Self {
        self.host_suffix = Some(domain.into());
        self
    }

    /// Asks the token endpoint even when the provider sent the browser back with `error=…`, with an empty code, as the
    /// reference does.
    ///
    /// By default such a callback is an error at once, and the client secret stays here.
    #[must_use]
    pub fn ignore_callback_error(mut self) -> Self {
        self.ignores_callback_error = true;
        self
    }

    /// Reads token answers that are form-encoded (`access_token=…&token_type=bearer`), beside JSON.
    ///
    /// By default they are an `invalid_response`, as in the reference.
    #[must_use]
    pub fn form_token_answers(mut self) -> Self {
        self.token_answers = TokenAnswers::JsonOrForm;
        self
    }

    /// Reads successful token answers with a function of the connector's own, where the tokens stand elsewhere. Statuses
    /// from 300 are errors before it is called.
    ///
    /// ```
    /// use lumos_connector_core::error::ConnectorError;
    /// use lumos_connector_core::oauth::{OAuthSettings, TokenAnswer};
    /// use lumos_connector_types::payload::{OauthCredentials, TokenType};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Answer { data: Data }
    /// #[derive(serde::Deserialize)]
    /// struct Data { token: String }
    ///
    /// let settings = OAuthSettings::client_credentials("https://acme.test/token").read_token_answer(
    ///     |answer: &TokenAnswer| {
    ///         let Answer { data } = serde_json::from_str(&answer.body)
    ///             .map_err(|_| ConnectorError::invalid_response("The token answer has no data.token"))?;
    ///         Ok(OauthCredentials {
    ///             access_token: data.token.into(),
    ///             refresh_token: None,
    ///             token_type: TokenType::Bearer,
    ///             state: None,
    ///         })
    ///     },
    /// );
    /// # let _ = settings;
    /// ```
    #[must_use]
    pub fn read_token_answer(
        mut self,
        read: impl Fn(&TokenAnswer) -> Result<OauthCredentials> + Send + Sync + 'static,
    ) -> Self {
        self.token_answers = TokenAnswers::Custom(Arc::new(read));
        self
    }

    /// Leaves out one of the capabilities of the flow.
    #[must_use]
    pub fn without<C: Capability>(mut self, _: C) -> Self {
        self.switched_off.extend(C::STANDARD);
        self
    }

    /// Parameters that were added although the SDK sends them itself.
    pub(crate) fn reserved_parameters(&self) -> impl Iterator<Item = &str> {
        let at_authorization = names(&self.authorization_parameters)
            .filter(|name| AUTHORIZATION_PARAMETERS.iter().any(|own| name.eq_ignore_ascii_case(own)));
        let at_token = names(&self.token_parameters)
            .filter(|name| TOKEN_PARAMETERS.iter().any(|own| name.eq_ignore_ascii_case(own)));
        at_authorization.chain(at_token)
    }

    /// Whether an address is in the domain that the flow keeps to.
    ///
    /// # Errors
    /// `invalid_value` when it is not, or when URL parsers could disagree about its host.
    pub(crate) fn check_host(&self, url: &str) -> Result<()> {
        let Some(domain) = &self.host_suffix else { return Ok(()) };
        if plain_host(url).is_some_and(|host| dns_label::is_within(host, domain)) {
            return Ok(());
        }
        Err(ConnectorError::invalid_configuration(format!(
            "The address of the OAuth flow is not usable: expected a URL with a host below {domain}"
        )))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_plain_when_nobody_could_read_another() {
        for (url, host) in [
            ("https://acme.test", "acme.test"),
            ("https://x.acme.test:8443/token?a=@b#c", "x.acme.test"),
            ("http://acme.test/a\\b", "acme.test"),
        ] {
            assert_eq!(plain_host(url), Some(host), "{url}");
        }
        for url in [
            "",
            "acme.test/token",
            "https:///token",
            "https:acme.test",
            "https://u@acme.test",
            "https://evil.test\\.acme.test",
            "https://evil.test%2f.acme.test",
            "https://acme.test:80@evil.test",
            "https://[::1]",
            "https://ev\til.test/",
            "ftp://acme.test",
            "https://évil.test",
        ] {
            assert_eq!(plain_host(url), None, "{url}");
        }
    }
}
