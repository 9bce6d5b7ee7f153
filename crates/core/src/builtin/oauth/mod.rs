//! OAuth 2.0: the flows that bring a connection its tokens (contract §15, RFC 6749, RFC 7636).
//!
//! A connector declares a flow with [`OAuthSettings`], on the integration or on one of its credentials, and gets the
//! capabilities of the flow. The one request that they send goes through a [`TokenExchange`], which the client brings.

mod authorization;
mod grant;
mod parameters;
mod redirect_uri;
mod settings;
mod tokens;

pub(crate) use authorization::get_authorization_url;
pub(crate) use grant::{handle_authorization_callback, handle_client_credentials, refresh_access_token};
pub use settings::{
    ClientAuthentication, Computed, OAuthFlow, OAuthSettings, Scopes, TokenParameters, computed, try_computed,
};

use indexmap::IndexMap;

use crate::call::Call;
pub use crate::call::token_exchange::{
    MAX_ANSWER_BYTES, TIMEOUT_SECONDS, TokenAnswer, TokenExchange, TokenMethod, TokenRequest,
};
use crate::declaration::error::{ConnectorError, Result};

/// The OAuth flows that a connector declares.
#[derive(Debug, Default)]
pub(crate) struct OAuthFlows {
    /// The flow of the integration: that of its single credential.
    pub(crate) single: Option<OAuthSettings>,
    /// The flows of several credentials, by their ids.
    pub(crate) by_credential: IndexMap<String, OAuthSettings>,
}

impl OAuthFlows {
    pub(crate) fn all(&self) -> impl Iterator<Item = &OAuthSettings> {
        self.single.iter().chain(self.by_credential.values())
    }

    /// The flow that a request means: that of the credential it names, or that of the integration.
    fn of(&self, credential_id: Option<&str>) -> Result<&OAuthSettings> {
        let (settings, whose) = match credential_id.filter(|id| !id.is_empty()) {
            Some(id) => (self.by_credential.get(id), format!("credential '{id}'")),
            None => (self.single.as_ref(), "request without `credential_id`".to_owned()),
        };
        settings
            .ok_or_else(|| ConnectorError::missing_parameter(format!("There is no OAuth flow for a {whose}")))
    }
}

/// The scopes of a request: those it names, word for word, or all that the connector declares, each once, in the
/// order of their declaration. `None` when there are none at all.
fn scope(call: &Call, settings: &OAuthSettings, requested: &[String]) -> Result<Option<String>> {
    if !requested.is_empty() {
        return Ok(Some(requested.join(" ")));
    }
    let declared = settings.scopes_of(call)?;
    let mut scopes: Vec<&str> = Vec::new();
    for scope in declared.by_name().values().flat_map(|scopes| scopes.split_whitespace()) {
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    Ok((!scopes.is_empty()).then(|| scopes.join(" ")))
}
