//! The grants that end in a token: code, client credentials, refresh (RFC 6749 §4.1.3, §4.4, §6).

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lumos_connector_types::oauth::{
    HandleAuthorizationCallback, HandleClientCredentials, OauthCredentials, RefreshAccessToken,
};
use lumos_connector_types::secret::Secret;
use serde_json::{Map, Value};

use super::parameters::{encode, escape, first_value, with_query};
use super::redirect_uri::Callback;
use super::settings::{ClientAuthentication, OAuthSettings, TokenParameters};
use super::{OAuthFlows, scope, tokens};
use crate::call::Call;
use crate::call::reply::Reply;
use crate::call::token_exchange::TokenRequest;
use crate::declaration::error::{ConnectorError, Result};

/// Answers `handle_authorization_callback`.
pub(crate) async fn handle_authorization_callback(
    flows: Arc<OAuthFlows>,
    call: Call,
    request: HandleAuthorizationCallback,
) -> Result<Reply<OauthCredentials>> {
    let settings = flows.of(request.credential_id.as_deref())?;
    let callback = Callback::parse(request.redirect_uri_with_code.expose())?;
    if let Some(error) = first_value(&callback.query, "error").filter(|_| !settings.ignores_callback_error) {
        return Err(tokens::denied(&error));
    }
    let code = first_value(&callback.query, "code").unwrap_or_default();
    let redirect_uri = callback.redirect_uri()?;
    let mut grant =
        vec![("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", &redirect_uri)];
    if let Some(verifier) = request.code_verifier.as_ref().filter(|verifier| !verifier.is_empty()) {
        grant.push(("code_verifier", verifier.expose()));
    }
    exchange(&call, settings, &grant, &request.client_id, &request.client_secret).await
}

/// Answers `handle_client_credentials_request`.
pub(crate) async fn handle_client_credentials(
    flows: Arc<OAuthFlows>,
    call: Call,
    request: HandleClientCredentials,
) -> Result<Reply<OauthCredentials>> {
    let settings = flows.of(request.credential_id.as_deref())?;
    let wanted = scope(&call, settings, &request.scopes)?.filter(|scope| !scope.is_empty());
    let mut grant = vec![("grant_type", "client_credentials")];
    if let Some(scope) = &wanted {
        grant.push(("scope", scope));
    }
    exchange(&call, settings, &grant, &request.client_id, &request.client_secret).await
}

/// Answers `refresh_access_token`.
pub(crate) async fn refresh_access_token(
    flows: Arc<OAuthFlows>,
    call: Call,
    request: RefreshAccessToken,
) -> Result<Reply<OauthCredentials>> {
    let settings = flows.of(request.credential_id.as_deref())?;
    let grant = [("grant_type", "refresh_token"), ("refresh_token", request.refresh_token.expose())];
    exchange(&call, settings, &grant, &request.client_id, &request.client_secret).await
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
    settings.check_host(&url)?;
    let mut further = Vec::new();
    for (name, value) in &settings.token_parameters {
        further.push((name.as_str(), value.of(call)?));
    }
    let mut parameters = grant.to_vec();
    parameters.extend(further.iter().map(|(name, value)| (*name, value.as_str())));
    let request = token_request(settings, &url, parameters, client_id, client_secret);
    let exchange = call
        .host()
        .token_exchange()
        .ok_or_else(|| ConnectorError::internal("This connector was started without an HTTP client"))?;
    let answer = exchange.send(request).await?;
    let secrets = grant.iter().filter(|(name, _)| *name != "grant_type" && *name != "scope");
    let sent: Vec<_> = secrets.map(|(_, value)| *value).chain([client_secret.expose()]).collect();
    let (credentials, raw) = tokens::read(&answer, &settings.token_answers, &sent)?;
    let reply = Reply::new(credentials);
    Ok(if call.include_raw_data() { reply.raw_data(raw) } else { reply })
}

fn token_request<'a>(
    settings: &OAuthSettings,
    url: &str,
    mut parameters: Vec<(&'a str, &'a str)>,
    client_id: &'a str,
    client_secret: &'a Secret,
) -> TokenRequest {
    let authorization = match settings.client_authentication {
        ClientAuthentication::Body => {
            parameters.extend([("client_id", client_id), ("client_secret", client_secret.expose())]);
            None
        }
        ClientAuthentication::BasicHeader => {
            let login = if settings.encodes_basic {
                format!("{}:{}", escape(client_id), escape(client_secret.expose()))
            } else {
                format!("{client_id}:{}", client_secret.expose())
            };
            Some(Secret::from(format!("Basic {}", STANDARD.encode(login))))
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
        TokenParameters::Query if settings.token_parameters.is_empty() => {
            let address = url.split(['?', '#']).next().unwrap_or_default();
            (format!("{address}?{}", encode(&parameters)), None)
        }
        TokenParameters::Query => (with_query(url, &encode(&parameters)), None),
    };
    TokenRequest { method: settings.method, url: url.into(), authorization, body }
}
