//! Several OAuth credentials in one connector, chosen by `credential_id`.

use lumos_connector_core::Integration;
use lumos_connector_core::auth::CredentialConfig;
use lumos_connector_core::oauth::{ClientAuthentication, OAuthSettings};
use lumos_connector_types::payload::*;
use serde_json::{Value, json};

use super::provider::{AUTHORIZE, Provider, ask, call, client, with_flow};
use crate::acme::builder;

fn several() -> Integration {
    let person = OAuthSettings::code_flow(AUTHORIZE, "https://acme.test/person");
    let machine = OAuthSettings::client_credentials("https://acme.test/machine")
        .client_authentication(ClientAuthentication::BasicHeader);
    builder()
        .credential(CredentialConfig::<OAuthCredential>::new("person", "").oauth(person))
        .credential(CredentialConfig::<OAuthClientCredential>::new("machine", "").oauth(machine))
        .credential(CredentialConfig::<BasicCredential>::new("login", ""))
        .build()
        .unwrap()
}

fn refresh(credential_id: &Value) -> Value {
    json!({"request": client(json!({"refresh_token": "r", "credential_id": credential_id}))})
}

#[test]
fn the_credential_that_is_named_has_its_own_provider_and_authentication() {
    for (id, url, has_header) in
        [("person", "https://acme.test/person", false), ("machine", "https://acme.test/machine", true)]
    {
        let provider = Provider::content();
        call(&several(), &provider, "refresh_access_token", &refresh(&json!(id)));
        let request = provider.request();
        assert_eq!(request.url.expose(), url);
        assert_eq!(request.authorization.is_some(), has_header, "{id}");
    }
}

#[test]
fn a_credential_that_is_not_named_unknown_or_without_a_flow_is_a_missing_parameter() {
    for id in [json!(null), json!(""), json!("nobody"), json!("login")] {
        let answer = ask(&several(), "refresh_access_token", &refresh(&id));
        assert_eq!(answer["error"]["error_code"], "integration_missing_parameter", "{id}");
        assert_eq!(answer["error"]["raised_by"], "MissingParameterError", "{id}");
    }
}

#[test]
fn capabilities_belong_to_the_connector_and_not_to_a_credential() {
    let provider = Provider::content();
    let request = json!({"request": client(json!({"scopes": [], "credential_id": "person"}))});
    call(&several(), &provider, "handle_client_credentials_request", &request);
    assert_eq!(provider.request().url.expose(), "https://acme.test/person");

    let request = json!({"request": {
        "client_id": "c", "scopes": [], "redirect_uri": "u", "state": "s", "credential_id": "machine",
    }});
    let answer = ask(&several(), "get_authorization_url", &request);
    assert_eq!(answer["error"]["error_code"], "integration_missing_parameter", "{answer}");
}

#[test]
fn the_flow_of_a_single_credential_has_no_id() {
    let single =
        with_flow::<OAuthClientCredential>(OAuthSettings::client_credentials("https://acme.test/one"));
    let named = ask(&single, "refresh_access_token", &refresh(&json!("one")));
    assert_eq!(named["error"]["error_code"], "integration_missing_parameter");
    let provider = Provider::content();
    call(&single, &provider, "refresh_access_token", &refresh(&json!(null)));
    assert_eq!(provider.request().url.expose(), "https://acme.test/one");
}
