//! `get_authorization_url`: where a person grants access (RFC 6749 §4.1.1).

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lumos_connector_types::oauth::{AuthorizationUrl, GetAuthorizationUrl};
use lumos_connector_types::secret::Secret;
use sha2::{Digest, Sha256};

use super::parameters::{encode, with_query};
use super::{OAuthFlows, scope};
use crate::call::Call;
use crate::declaration::error::{ConnectorError, Result};

/// Answers `get_authorization_url`.
pub(crate) async fn get_authorization_url(
    flows: Arc<OAuthFlows>,
    call: Call,
    request: GetAuthorizationUrl,
) -> Result<AuthorizationUrl> {
    let settings = flows.of(request.credential_id.as_deref())?;
    let url = settings
        .authorization_url
        .as_ref()
        .ok_or_else(|| ConnectorError::missing_parameter("The OAuth flow has no authorization URL"))?
        .of(&call)?;
    settings.check_host(&url)?;
    let scope = scope(&call, settings, &request.scopes)?.unwrap_or_default();
    let mut parameters = vec![
        ("client_id", request.client_id),
        ("response_type", "code".to_owned()),
        ("scope", scope),
        ("redirect_uri", request.redirect_uri),
        ("state", request.state),
    ];
    let pkce = if settings.pkce { Some(Pkce::new()?) } else { None };
    if let Some(pkce) = &pkce {
        parameters.push(("code_challenge", pkce.challenge()));
        parameters.push(("code_challenge_method", "S256".to_owned()));
    }
    let mut further = Vec::new();
    for (name, value) in &settings.authorization_parameters {
        further.push((name.as_str(), value.of(&call)?));
    }
    parameters.append(&mut further);
    let parameters: Vec<_> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let query = encode(&parameters);
    Ok(AuthorizationUrl {
        // A second `?` is the reference's; who adds parameters gets an address that providers understand.
        authorization_url: if settings.authorization_parameters.is_empty() {
            format!("{url}?{query}")
        } else {
            with_query(&url, &query)
        },
        code_verifier: pkce.map(Pkce::into_verifier),
    })
}

/// Proof Key for Code Exchange, method S256 (RFC 7636): a verifier of 32 random bytes, 43 characters (§4.1).
struct Pkce {
    verifier: Secret,
}

impl Pkce {
    fn new() -> Result<Self> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)
            .map_err(|error| ConnectorError::internal(format!("No random numbers: {error}")))?;
        Ok(Self { verifier: URL_SAFE_NO_PAD.encode(bytes).into() })
    }

    fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.expose()))
    }

    fn into_verifier(self) -> Secret {
        self.verifier
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_rfc() {
        // RFC 7636, appendix B.
        let pkce = Pkce { verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into() };
        assert_eq!(pkce.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn verifiers_are_43_characters_and_differ() {
        let [one, other] = [Pkce::new().unwrap(), Pkce::new().unwrap()];
        assert_eq!(one.verifier.expose().len(), 43);
        assert_ne!(one.verifier.expose(), other.verifier.expose());
    }
}
