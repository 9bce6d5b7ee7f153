//! Which capabilities an OAuth flow brings.

use lumos_connector_core::Integration;
use lumos_connector_core::auth::CredentialConfig;
use lumos_connector_core::error::Result;
use lumos_connector_core::oauth::{OAuthSettings, Scopes, computed};
use lumos_connector_types::capability::marker;
use lumos_connector_types::oauth::{OauthCredentials, TokenType};
use lumos_connector_types::payload::*;
use serde_json::json;

use super::provider::{AUTHORIZE, Provider, TOKEN, ask, call, client, with_flow};
use crate::acme::builder;

const URL: &str = "get_authorization_url";
const CALLBACK: &str = "handle_authorization_callback";
const GRANT: &str = "handle_client_credentials_request";
const REFRESH: &str = "refresh_access_token";

fn brought(acme: &Integration) -> Vec<&'static str> {
    acme.capabilities()
        .map(|(name, _)| name)
        .filter(|name| [URL, CALLBACK, GRANT, REFRESH].contains(name))
        .collect()
}

fn code_flow() -> OAuthSettings {
    OAuthSettings::code_flow(AUTHORIZE, TOKEN)
}

fn machine_flow() -> OAuthSettings {
    OAuthSettings::client_credentials(TOKEN)
}

#[test]
fn each_flow_brings_its_own() {
    assert_eq!(brought(&with_flow::<OAuthCredential>(code_flow())), [URL, CALLBACK, REFRESH]);
    assert_eq!(brought(&with_flow::<OAuthClientCredential>(machine_flow())), [GRANT, REFRESH]);
    assert_eq!(brought(&builder().auth::<OAuthCredential>().build().unwrap()), [""; 0]);
}

#[test]
fn they_are_switched_off_one_by_one() {
    let without_url = code_flow().without(marker::GetAuthorizationUrl);
    let without_callback = code_flow().without(marker::HandleAuthorizationCallback);
    let without_refresh = code_flow().without(marker::RefreshAccessToken);
    let without_grant = machine_flow().without(marker::HandleClientCredentials);
    assert_eq!(brought(&with_flow::<OAuthCredential>(without_url)), [CALLBACK, REFRESH]);
    assert_eq!(brought(&with_flow::<OAuthCredential>(without_callback)), [URL, REFRESH]);
    assert_eq!(brought(&with_flow::<OAuthCredential>(without_refresh)), [URL, CALLBACK]);
    assert_eq!(brought(&with_flow::<OAuthClientCredential>(without_grant)), [REFRESH]);
}

#[test]
fn what_one_credential_switches_off_another_may_bring() {
    let acme = builder()
        .credential(
            CredentialConfig::<OAuthCredential>::new("person", "")
                .oauth(code_flow().without(marker::RefreshAccessToken)),
        )
        .credential(CredentialConfig::<OAuthClientCredential>::new("machine", "").oauth(machine_flow()))
        .build()
        .unwrap();
    assert_eq!(brought(&acme), [URL, CALLBACK, GRANT, REFRESH]);
}

#[test]
fn a_handler_of_the_connectors_own_takes_their_place() {
    async fn own(_: (), request: RefreshAccessToken) -> Result<OauthCredentials> {
        Ok(OauthCredentials {
            access_token: format!("for {}", request.client_id).into(),
            refresh_token: None,
            token_type: TokenType::Bearer,
            state: None,
        })
    }
    let acme = builder()
        .auth::<OAuthCredential>()
        .oauth(code_flow())
        .capability(marker::RefreshAccessToken, own)
        .build()
        .unwrap();
    assert_eq!(brought(&acme), [URL, CALLBACK, REFRESH]);
    let provider = Provider::content();
    let answer = call(&acme, &provider, REFRESH, &json!({"request": client(json!({"refresh_token": "r"}))}));
    assert_eq!(answer["response"]["access_token"], "for the client");
}

#[test]
fn without_a_client_a_token_request_is_an_error_and_not_a_hang() {
    let acme = with_flow::<OAuthClientCredential>(machine_flow());
    let answer = ask(&acme, GRANT, &json!({"request": client(json!({"scopes": []}))}));
    assert_eq!(answer["error"]["error_code"], "internal_error", "{answer}");
}

fn info(acme: &Integration) -> serde_json::Value {
    serde_json::from_str::<serde_json::Value>(&acme.info()).unwrap()["response"].take()
}

#[test]
fn info_shows_the_scopes_of_the_integrations_own_flow() {
    let scoped = code_flow().scope(marker::ListAccounts, "users:read").scope(marker::ListResources, "");
    let scopes = |acme: &Integration| info(acme)["oauth_scopes"].take();
    let expected = json!({"list_accounts": "users:read", "list_resources": ""});
    assert_eq!(scopes(&with_flow::<OAuthCredential>(scoped.clone())), expected);
    assert_eq!(scopes(&builder().auth::<BasicCredential>().oauth(scoped.clone()).build().unwrap()), expected);
    assert_eq!(scopes(&builder().oauth(scoped).build().unwrap()), expected);
    assert_eq!(scopes(&with_flow::<OAuthCredential>(code_flow())), json!(null));
    let computed = code_flow().scopes(computed(|_: serde_json::Value| Scopes::default()));
    assert_eq!(scopes(&with_flow::<OAuthCredential>(computed)), json!(null));
}

#[test]
fn info_shows_the_flow_of_the_integration_with_each_of_several_credentials() {
    let several = || {
        builder().credential(CredentialConfig::<TokenCredential>::new("token", "")).credential(
            CredentialConfig::<OAuthCredential>::new("person", "")
                .oauth(code_flow().scope(marker::ListAccounts, "own")),
        )
    };
    let shown = |acme: &Integration| -> Vec<serde_json::Value> {
        let schemas = info(acme)["credentials_schema"].take();
        schemas.as_array().unwrap().iter().map(|schema| schema["oauth_settings"].clone()).collect()
    };
    let acme = several().oauth(code_flow().pkce().scope(marker::ListAccounts, "a b")).build().unwrap();
    let flow = json!({"oauth_type": "CODE_FLOW", "scopes": {"list_accounts": "a b"}, "pkce_enabled": true});
    assert_eq!(shown(&acme), [flow.clone(), flow]);
    assert_eq!(shown(&several().build().unwrap()), [json!(null), json!(null)]);
    assert_eq!(info(&several().build().unwrap())["oauth_scopes"], json!(null));
}
