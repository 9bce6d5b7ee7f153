//! How requests of the document authenticate themselves: the schemes, and which of them a capability needs.

use lumos_connector_types::schema::Object;
use serde_json::{Value, json};

use super::oauth_settings::{Flow, Flows};
use crate::builtin::oauth::OAuthFlow;
use crate::declaration::Declaration;
use crate::declaration::auth::{AuthModel, CredentialEntry};

/// The value of `components.securitySchemes`: a scheme for each credential that has one.
pub(super) fn schemes(declaration: &Declaration, flows: &Flows) -> Object {
    let login = &declaration.auth;
    if let Some((model, _)) = login.single {
        let id = declaration.app_id.as_str();
        return single(model, flows.get(id)).map(|scheme| (id.to_owned(), scheme)).into_iter().collect();
    }
    let schemes = login
        .credentials
        .iter()
        .filter_map(|entry| Some((entry.id.clone(), one_of_several(entry, flows.get(&entry.id))?)));
    schemes.collect()
}

/// The value of an operation's `security`: each credential that can serve the capability, with its scopes.
///
/// A credential whose flow has scopes, but none for the capability, cannot.
pub(super) fn requirements(declaration: &Declaration, flows: &Flows, capability: &str) -> Vec<Value> {
    let login = &declaration.auth;
    let single = login.single.map(|_| declaration.app_id.as_str());
    let ids = single.into_iter().chain(login.credentials.iter().map(|entry| entry.id.as_str()));
    let requirements =
        ids.filter_map(|id| match flows.get(id).filter(|flow| !flow.scopes.by_name().is_empty()) {
            None => Some(json!({ id: [] })),
            Some(flow) => {
                let scopes = flow.scopes.by_name().get(capability).filter(|scopes| !scopes.is_empty())?;
                Some(json!({ id: scopes.split_whitespace().collect::<Vec<_>>() }))
            }
        });
    requirements.collect()
}

fn single(model: AuthModel, flow: Option<&Flow>) -> Option<Value> {
    match model {
        AuthModel::OAuth => Some(oauth(OAuthFlow::Code, flow)),
        AuthModel::OAuthClientCredentials => Some(oauth(OAuthFlow::ClientCredentials, flow)),
        AuthModel::OAuth1 => Some(authorization_header("A request signed with OAuth 1.0a.")),
        AuthModel::Basic => Some(basic()),
        AuthModel::Token => Some(authorization_header("A token that the app issued.")),
        AuthModel::Jwt => Some(bearer("A JSON Web Token that the connector signs.")),
        AuthModel::ServiceAccount => Some(authorization_header("A token of a service account.")),
        AuthModel::KeyPair => Some(bearer("A token signed with the private key of a key pair.")),
        AuthModel::Empty => None,
    }
}

/// Several credentials have fewer schemes than a single one (contract §6).
fn one_of_several(entry: &CredentialEntry, flow: Option<&Flow>) -> Option<Value> {
    match (entry.model, flow) {
        (AuthModel::OAuth | AuthModel::OAuthClientCredentials, Some(flow)) => {
            Some(oauth(flow.kind, Some(flow)))
        }
        (AuthModel::Token, _) => Some(authorization_header("A token that the app issued.")),
        (AuthModel::Jwt, _) => Some(authorization_header("A JSON Web Token that the connector signs.")),
        (AuthModel::Basic, _) => Some(basic()),
        _ => None,
    }
}

fn oauth(kind: OAuthFlow, flow: Option<&Flow>) -> Value {
    let token_url = flow.map(|flow| flow.token_url.as_str()).unwrap_or_default();
    let scopes = flow.map(Flow::described_scopes).unwrap_or_default();
    let flows = match kind {
        OAuthFlow::Code => {
            let authorization_url = flow.map(|flow| flow.authorization_url.as_str()).unwrap_or_default();
            json!({"authorizationCode": {
                "authorizationUrl": authorization_url, "tokenUrl": token_url, "scopes": scopes,
            }})
        }
        OAuthFlow::ClientCredentials => {
            json!({"clientCredentials": {"tokenUrl": token_url, "scopes": scopes}})
        }
    };
    json!({"type": "oauth2", "description": "An access token from an OAuth 2.0 flow.", "flows": flows})
}

fn authorization_header(description: &str) -> Value {
    json!({"type": "apiKey", "description": description, "in": "header", "name": "Authorization"})
}

/// The reference writes no `scheme`, which OpenAPI asks for.
fn basic() -> Value {
    json!({"type": "http", "description": "A user name and a password."})
}

fn bearer(description: &str) -> Value {
    json!({"type": "http", "description": description, "scheme": "bearer", "bearerFormat": "JWT"})
}
