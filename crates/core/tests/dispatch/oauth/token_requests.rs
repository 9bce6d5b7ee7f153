//! The request to the token endpoint: method, place of the parameters, authentication of the client.

use lumos_connector_core::oauth::{
    ClientAuthentication, OAuthSettings, TokenMethod, TokenParameters, TokenRequest,
};
use lumos_connector_types::payload::*;
use lumos_connector_types::secret::Secret;
use serde_json::{Value, json};

use super::provider::{Provider, TOKEN, call, client, with_flow};

const WITH_CLIENT: &str =
    "grant_type=refresh_token&refresh_token=r+%C3%A9&client_id=the+client&client_secret=s%26cret";
const WITHOUT_CLIENT: &str = "grant_type=refresh_token&refresh_token=r+%C3%A9";

fn refresh(flow: OAuthSettings) -> TokenRequest {
    let provider = Provider::content();
    let acme = with_flow::<OAuthClientCredential>(flow);
    let request = json!({"request": client(json!({"refresh_token": "r é"}))});
    call(&acme, &provider, "refresh_access_token", &request);
    provider.request()
}

fn flow(method: TokenMethod, parameters: TokenParameters, client: ClientAuthentication) -> OAuthSettings {
    OAuthSettings::client_credentials(TOKEN).token_request(method, parameters).client_authentication(client)
}

/// The address, the `Authorization` header, and content type and text of the body.
fn parts(request: &TokenRequest) -> (&str, Option<&str>, Option<(&str, &str)>) {
    (
        request.url.expose(),
        request.authorization.as_ref().map(Secret::expose),
        request.body.as_ref().map(|(kind, body)| (*kind, body.expose())),
    )
}

#[test]
fn every_method_goes_with_every_place_and_every_authentication() {
    const FORM: &str = "application/x-www-form-urlencoded";
    const JSON: &str = "application/json";
    const BASIC: &str = "Basic dGhlIGNsaWVudDpzJmNyZXQ=";
    let with_client = json!({
        "grant_type": "refresh_token", "refresh_token": "r é", "client_id": "the client", "client_secret": "s&cret",
    });
    let without_client = json!({"grant_type": "refresh_token", "refresh_token": "r é"});
    for method in [TokenMethod::Post, TokenMethod::Get] {
        for (authentication, header, query, object) in [
            (ClientAuthentication::Body, None, WITH_CLIENT, &with_client),
            (ClientAuthentication::BasicHeader, Some(BASIC), WITHOUT_CLIENT, &without_client),
        ] {
            let sent = refresh(flow(method, TokenParameters::Form, authentication));
            assert_eq!(sent.method, method);
            assert_eq!(parts(&sent), (TOKEN, header, Some((FORM, query))));

            let sent = refresh(flow(method, TokenParameters::Query, authentication));
            assert_eq!(sent.method, method);
            assert_eq!(parts(&sent), (format!("{TOKEN}?{query}").as_str(), header, None));

            let sent = refresh(flow(method, TokenParameters::Json, authentication));
            assert_eq!(sent.method, method);
            let (url, sent_header, body) = parts(&sent);
            let (kind, text) = body.unwrap();
            assert_eq!((url, sent_header, kind), (TOKEN, header, JSON));
            assert_eq!(&serde_json::from_str::<Value>(text).unwrap(), object);
        }
    }
}

#[test]
fn a_query_replaces_the_one_of_the_address_and_a_body_leaves_it() {
    let url = "https://acme.test/token?fixed=1";
    let flow =
        |parameters| OAuthSettings::client_credentials(url).token_request(TokenMethod::Post, parameters);
    let replaced = refresh(flow(TokenParameters::Query));
    assert_eq!(replaced.url.expose(), format!("{TOKEN}?{WITH_CLIENT}"));
    for parameters in [TokenParameters::Form, TokenParameters::Json] {
        assert_eq!(refresh(flow(parameters)).url.expose(), url);
    }
}

#[test]
fn a_grant_for_the_client_sends_a_scope_only_when_there_is_one() {
    let sent = |scopes: Value, flow: OAuthSettings| {
        let provider = Provider::content();
        let request = json!({"request": client(json!({"scopes": scopes}))});
        call(
            &with_flow::<OAuthClientCredential>(flow),
            &provider,
            "handle_client_credentials_request",
            &request,
        );
        provider.request().body.unwrap().1.expose().to_owned()
    };
    let bare = || OAuthSettings::client_credentials(TOKEN);
    let scoped = || bare().scope(lumos_connector_types::capability::marker::ListAccounts, "a b");
    assert!(sent(json!([]), scoped()).starts_with("grant_type=client_credentials&scope=a+b&client_id="));
    assert!(sent(json!(["c"]), scoped()).contains("&scope=c&"));
    assert!(!sent(json!([]), bare()).contains("scope"));
    assert!(!sent(json!([""]), scoped()).contains("scope"));
}

#[test]
fn printing_a_request_shows_no_secret() {
    for parameters in [TokenParameters::Form, TokenParameters::Json, TokenParameters::Query] {
        for authentication in [ClientAuthentication::Body, ClientAuthentication::BasicHeader] {
            let printed = format!("{:?}", refresh(flow(TokenMethod::Post, parameters, authentication)));
            for secret in ["cret", "dGhl", "refresh_token"] {
                assert!(!printed.contains(secret), "{printed}");
            }
        }
    }
}

#[test]
fn further_parameters_follow_those_of_the_grant() {
    let further = |parameters| {
        flow(TokenMethod::Post, parameters, ClientAuthentication::BasicHeader)
            .token_parameter("audience", "https://api.acme.test")
            .token_parameter("resource", "a b")
    };
    let query = format!("{WITHOUT_CLIENT}&audience=https%3A%2F%2Fapi.acme.test&resource=a+b");
    assert_eq!(refresh(further(TokenParameters::Form)).body.unwrap().1.expose(), query);
    let object = refresh(further(TokenParameters::Json)).body.unwrap().1;
    let object: Value = serde_json::from_str(object.expose()).unwrap();
    assert_eq!(object["audience"], "https://api.acme.test");
    assert_eq!(refresh(further(TokenParameters::Query)).url.expose(), format!("{TOKEN}?{query}"));
    // A query of the address stays, where it would be replaced without the option.
    let flow = |url: &str| {
        OAuthSettings::client_credentials(url)
            .token_request(TokenMethod::Get, TokenParameters::Query)
            .client_authentication(ClientAuthentication::BasicHeader)
    };
    let kept = refresh(flow("https://acme.test/token?tenant=7").token_parameter("x", "1"));
    assert_eq!(kept.url.expose(), format!("https://acme.test/token?tenant=7&{WITHOUT_CLIENT}&x=1"));
    let replaced = refresh(flow("https://acme.test/token?tenant=7"));
    assert_eq!(replaced.url.expose(), format!("https://acme.test/token?{WITHOUT_CLIENT}"));
}

#[test]
fn a_basic_header_is_form_encoded_when_that_is_asked_for() {
    let sent = |flow: OAuthSettings| {
        let provider = Provider::content();
        let acme =
            with_flow::<OAuthClientCredential>(flow.client_authentication(ClientAuthentication::BasicHeader));
        let request =
            json!({"request": {"client_id": "a:b", "client_secret": "x+y/z%2F= é", "refresh_token": "r"}});
        call(&acme, &provider, "refresh_access_token", &request);
        provider.request().authorization.unwrap().expose().to_owned()
    };
    let flow = || OAuthSettings::client_credentials(TOKEN);
    // `a:b:x+y/z%2F= é`, as the reference sends it.
    assert_eq!(sent(flow()), "Basic YTpiOngreS96JTJGPSDDqQ==");
    // `a%3Ab:x%2By%2Fz%252F%3D+%C3%A9`.
    assert_eq!(sent(flow().form_encoded_basic()), "Basic YSUzQWI6eCUyQnklMkZ6JTI1MkYlM0QrJUMzJUE5");
}
