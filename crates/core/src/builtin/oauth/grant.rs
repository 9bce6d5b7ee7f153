//! The grants that end in a token: code, client credentials, refresh (RFC 6749 §4.1.3, §4.4, §6).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lumos_connector_types::oauth::{
    HandleAuthorizationCallback, HandleClientCredentials, OauthCredentials, RefreshAccessToken,
};
use lumos_connector_types::secret::Secret;
use serde_json::{Map, Value};

use super::exchange::TokenRequest;
use super::parameters::{encode, first_value};
use super::redirect_uri::Callback;
use super::settings::{ClientAuthentication, OAuthSettings, TokenParameters};
use super::tokens;
use crate::call::Call;
use crate::call::reply::Reply;
use crate::declaration::error::{ConnectorError, Result};

/// Answers `handle_authorization_callback`.
pub(crate) async fn handle_authorization_callback(
    call: Call,
    request: HandleAuthorizationCallback,
) -> Result<Reply<OauthCredentials>> {
    let settings = super::flow(&call, request.credential_id.as_deref())?;
    let callback = Callback::parse(request.redirect_uri_with_code.expose())?;
    let code = first_value(&callback.query, "code").unwrap_or_default();
    let redirect_uri = callback.redirect_uri()?;
    let mut grant =
        vec![("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", &redirect_uri)];
    if let Some(verifier) = request.code_verifier.as_ref().filter(|verifier| !verifier.is_empty()) {
        grant.push(("code_verifier", verifier.expose()));
    }
    exchange(&call, &settings, &grant, &request.client_id, &request.client_secret).await
}

/// Answers `handle_client_credentials_request`.
pub(crate) async fn handle_client_credentials(
    call: Call,
    request: HandleClientCredentials,
) -> Result<Reply<OauthCredentials>> {
    let settings = super::flow(&call, request.credential_id.as_deref())?;
    let scope = super::scope(&call, &settings, &request.scopes)?.filter(|scope| !scope.is_empty());
    let mut grant = vec![("grant_type", "client_credentials")];
    if let Some(scope) = &scope {
        grant.push(("scope", scope));
    }
    exchange(&call, &settings, &grant, &request.client_id, &request.client_secret).await
}

/// Answers `refresh_access_token`.
pub(crate) async fn refresh_access_token(
    call: Call,
    request: RefreshAccessToken,
) -> Result<Reply<OauthCredentials>> {
    let settings = super::flow(&call, request.credential_id.as_deref())?;
    let grant = [("grant_type", "refresh_token"), ("refresh_token", request.refresh_token.expose())];
    exchange(&call, &settings, &grant, &request.client_id, &request.client_secret).await
}

/// Sends a grant to the token endpoint and reads the tokens of its answer.
async fn exchange(
    call: &Call,
    settings: &OAuthSettings,
    grant: &[(&str, &str)],
    client_id: &str,
    client_secret: &Secret,
) -> Result<Reply<OauthCredentials>> {
    let url = settings.token_url.of(call)?;
    let request = token_request(settings, &url, grant, client_id, client_secret);
    let exchange = call
        .integration()
        .token_exchange()
        .ok_or_else(|| ConnectorError::internal("This connector was started without an HTTP client"))?;
    let answer = exchange.send(request).await?;
    let (credentials, raw) = tokens::read(&answer)?;
    let reply = Reply::new(credentials);
    Ok(if call.include_raw_data() { reply.raw_data(raw) } else { reply })
}

fn token_request(
    settings: &OAuthSettings,
    url: &str,
    grant: &[(&str, &str)],
    client_id: &str,
    client_secret: &Secret,
) -> TokenRequest {
    let mut parameters = grant.to_vec();
    let authorization = match settings.client_authentication {
        ClientAuthentication::Body => {
            parameters.extend([("client_id", client_id), ("client_secret", client_secret.expose())]);
            None
        }
        ClientAuthentication::BasicHeader => {
            let login = STANDARD.encode(format!("{client_id}:{}", client_secret.expose()));
            Some(Secret::from(format!("Basic {login}")))
        }
    };
    let (url, body) = match settings.parameters {
        TokenParameters::Form => {
            (url.to_owned(), Some(("application/x-www-form-urlencoded", encode(&parameters).into())))
        }
        TokenParameters::Json => {
            let object: Map<_, _> =
                parameters.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
            (url.to_owned(), Some(("application/json", Value::Object(object).to_string().into())))
        }
        TokenParameters::Query => {
            let address = url.split(['?', '#']).next().unwrap_or_default();
            (format!("{address}?{}", encode(&parameters)), None)
        }
    };
    TokenRequest { method: settings.method, url: url.into(), authorization, body }
}
