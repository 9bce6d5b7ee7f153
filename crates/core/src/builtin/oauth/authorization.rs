//! `get_authorization_url`: where a person grants access (RFC 6749 §4.1.1).

use std::sync::Arc;

use lumos_connector_types::oauth::{AuthorizationUrl, GetAuthorizationUrl};

use super::parameters::{encode, with_query};
use super::pkce::Pkce;
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
