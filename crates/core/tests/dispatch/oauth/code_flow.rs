//! `get_authorization_url` and the exchange of the code.

use lumos_connector_core::Integration;
use lumos_connector_core::oauth::{OAuthSettings, Scopes, computed};
use lumos_connector_types::capability::marker;
use lumos_connector_types::payload::*;
use serde::Deserialize;
use serde_json::{Value, json};

use super::provider::{AUTHORIZE, Provider, TOKEN, ask, call, client, with_flow};

#[derive(Deserialize)]
struct AcmeSettings {
    tenant: String,
}

fn code_flow() -> OAuthSettings {
    OAuthSettings::code_flow(AUTHORIZE, TOKEN)
}

fn url_request(scopes: &Value, settings: &Value) -> Value {
    json!({
        "request": {"client_id": "c", "scopes": scopes, "redirect_uri": "https://lumos.test/cb?x=1", "state": "a b"},
        "settings": settings,
    })
}

fn authorization_url(acme: &Integration, scopes: &Value) -> String {
    let answer = ask(acme, "get_authorization_url", &url_request(scopes, &json!({"tenant": "t"})));
    answer["response"]["authorization_url"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

#[test]
fn the_url_has_its_parameters_in_order_and_form_encoded() {
    let acme = with_flow::<OAuthCredential>(code_flow().scope(marker::ListAccounts, "users:read"));
    assert_eq!(
        authorization_url(&acme, &json!([])),
        "https://acme.test/authorize?client_id=c&response_type=code&scope=users%3Aread\
         &redirect_uri=https%3A%2F%2Flumos.test%2Fcb%3Fx%3D1&state=a+b"
    );
}

#[test]
fn scopes_are_merged_once_each_in_the_order_of_their_declaration() {
    let flow = code_flow()
        .scope(marker::ListAccounts, "users  read")
        .scope(marker::ListResources, "")
        .scope(marker::AssignEntitlement, "write users");
    let acme = with_flow::<OAuthCredential>(flow);
    let scope = |scopes: Value| {
        let url = authorization_url(&acme, &scopes);
        url.split("scope=").nth(1).unwrap().split('&').next().unwrap().to_owned()
    };
    assert_eq!(scope(json!([])), "users+read+write");
    assert_eq!(scope(json!(["b", "a a", "b"])), "b+a+a+b", "requested ones are taken word for word");
    assert_eq!(scope(json!([""])), "");
}

#[test]
fn addresses_and_scopes_may_come_from_the_settings() {
    let flow = OAuthSettings::code_flow(
        computed(|settings: AcmeSettings| format!("https://{}.acme.test/in", settings.tenant)),
        computed(|settings: AcmeSettings| format!("https://{}.acme.test/token", settings.tenant)),
    )
    .scopes(computed(|settings: AcmeSettings| {
        Scopes::default().scope(marker::ListAccounts, format!("{}:users", settings.tenant))
    }));
    let acme = with_flow::<OAuthCredential>(flow);
    let url = authorization_url(&acme, &json!([]));
    assert!(url.starts_with("https://t.acme.test/in?"), "{url}");
    assert!(url.contains("scope=t%3Ausers&"), "{url}");

    let provider = Provider::content();
    let request = json!({"request": client(json!({"refresh_token": "r"})), "settings": {"tenant": "other"}});
    call(&acme, &provider, "refresh_access_token", &request);
    assert_eq!(provider.request().url.expose(), "https://other.acme.test/token");
}

#[test]
fn settings_that_an_address_needs_are_asked_for() {
    let flow = OAuthSettings::code_flow(computed(|settings: AcmeSettings| settings.tenant), TOKEN);
    let acme = with_flow::<OAuthCredential>(flow);
    for settings in [json!(null), json!({}), json!({"tenant": 5})] {
        let answer = ask(&acme, "get_authorization_url", &url_request(&json!([]), &settings));
        assert_eq!(answer["error"]["error_code"], "bad_request", "{settings}: {answer}");
    }
}

#[test]
fn with_pkce_the_verifier_is_answered_and_sent_with_the_code() {
    let acme = with_flow::<OAuthCredential>(code_flow().pkce());
    let request = url_request(&json!([]), &json!({}));
    let response = ask(&acme, "get_authorization_url", &request)["response"].take();
    let verifier = response["code_verifier"].as_str().unwrap();
    let url = response["authorization_url"].as_str().unwrap();
    assert_eq!(verifier.len(), 43);
    assert!(url.contains("&code_challenge=") && url.ends_with("&code_challenge_method=S256"), "{url}");
    assert!(!url.contains(verifier));

    let provider = Provider::content();
    let callback = "https://lumos.test/cb?code=the+code%2F1&state=a";
    let payload = client(json!({"redirect_uri_with_code": callback, "code_verifier": verifier}));
    call(&acme, &provider, "handle_authorization_callback", &json!({"request": payload}));
    assert_eq!(
        provider.request().body.unwrap().1.expose(),
        format!(
            "grant_type=authorization_code&code=the+code%2F1&redirect_uri=https%3A%2F%2Flumos.test%2Fcb\
             &code_verifier={verifier}&client_id=the+client&client_secret=s%26cret"
        )
    );
}

#[test]
fn a_callback_without_a_code_or_a_verifier_is_for_the_provider_to_judge() {
    let acme = with_flow::<OAuthCredential>(code_flow().pkce());
    let provider = Provider::content();
    let payload = client(json!({"redirect_uri_with_code": "https://lumos.test/cb", "code_verifier": ""}));
    call(&acme, &provider, "handle_authorization_callback", &json!({"request": payload}));
    let (_, body) = provider.request().body.unwrap();
    assert!(body.expose().contains("&code=&"), "{}", body.expose());
    assert!(!body.expose().contains("code_verifier"), "{}", body.expose());
}

#[test]
fn a_callback_that_is_no_address_is_refused_without_its_code() {
    let acme = with_flow::<OAuthCredential>(code_flow());
    let payload = client(json!({"redirect_uri_with_code": "https://[lumos]/cb?code=hunter2"}));
    let answer = ask(&acme, "handle_authorization_callback", &json!({"request": payload}));
    assert_eq!(answer["error"]["error_code"], "internal_error", "{answer}");
    assert!(!answer.to_string().contains("hunter2"), "{answer}");
}

#[test]
fn further_parameters_follow_a_query_of_the_address() {
    let flow = |url: &str| {
        OAuthSettings::code_flow(url, TOKEN)
            .authorization_parameter("access_type", "offline")
            .authorization_parameter(
                "resource",
                computed(|settings: AcmeSettings| format!("{}/&", settings.tenant)),
            )
    };
    let url = |flow| authorization_url(&with_flow::<OAuthCredential>(flow), &json!(["a"]));
    let own =
        "client_id=c&response_type=code&scope=a&redirect_uri=https%3A%2F%2Flumos.test%2Fcb%3Fx%3D1&state=a+b";
    let further = "access_type=offline&resource=t%2F%26";
    assert_eq!(url(flow(AUTHORIZE)), format!("{AUTHORIZE}?{own}&{further}"));
    assert_eq!(url(flow("https://acme.test/in?a=1#f")), format!("https://acme.test/in?a=1&{own}&{further}"));
    // Without the option it is the reference's address.
    let odd = OAuthSettings::code_flow("https://acme.test/in?a=1", TOKEN);
    assert_eq!(url(odd), format!("https://acme.test/in?a=1?{own}"));
}

#[test]
fn parameters_of_the_sdk_cannot_be_added() {
    use lumos_connector_core::integration::Mistake;
    let flow = code_flow()
        .authorization_parameter("State", "x")
        .authorization_parameter("audience", "y")
        .token_parameter("client_secret", "z");
    let error = crate::acme::builder().auth::<OAuthCredential>().oauth(flow).build().unwrap_err();
    let reserved = |name: &str| Mistake::ReservedOAuthParameter(name.to_owned());
    assert_eq!(error.mistakes, [reserved("State"), reserved("client_secret")]);
}

#[test]
fn a_callback_that_says_error_asks_nobody() {
    let callback = |flow, query: &str| {
        let provider = Provider::content();
        let address = format!("https://lumos.test/cb?{query}");
        let request = json!({"request": client(json!({"redirect_uri_with_code": address}))});
        let answer =
            call(&with_flow::<OAuthCredential>(flow), &provider, "handle_authorization_callback", &request);
        (answer, provider.requests())
    };
    for (query, code) in [
        ("error=access_denied&state=s", "permission_denied"),
        ("error=invalid_scope&code=x", "unauthorized"),
        ("error=s%26cret", "unauthorized"),
        ("error=server_error", "bad_gateway"),
    ] {
        let (answer, requests) = callback(code_flow(), query);
        assert_eq!(answer["error"]["error_code"], code, "{query}");
        assert_eq!(answer["error"]["error_metadata"]["retryable"], false, "{query}");
        assert_eq!(requests, 0, "{query}");
        assert!(!answer.to_string().contains("cret"), "{answer}");
    }
    for query in ["error=&code=x", "code=x", "state=s"] {
        assert_eq!(callback(code_flow(), query).1, 1, "{query}");
    }
    let (answer, requests) = callback(code_flow().ignore_callback_error(), "error=access_denied");
    assert_eq!((&answer["response"]["access_token"], requests), (&json!("at"), 1));
}

#[test]
fn computed_addresses_stay_in_their_domain() {
    let flow = || {
        OAuthSettings::code_flow(
            computed(|settings: AcmeSettings| format!("https://{}.acme.test/in", settings.tenant)),
            computed(|settings: AcmeSettings| format!("https://{}.acme.test/token", settings.tenant)),
        )
        .host_suffix("acme.test")
    };
    let acme = with_flow::<OAuthCredential>(flow());
    for tenant in [
        "evil.test/",
        "evil.test#",
        "evil.test?",
        "evil.test\\",
        "u@evil.test/",
        "evil.test:1/",
        "evil.test%2f",
        "e\tvil.test/",
    ] {
        let settings = json!({"tenant": tenant});
        let url = ask(&acme, "get_authorization_url", &url_request(&json!([]), &settings));
        let provider = Provider::content();
        let request = json!({"request": client(json!({"refresh_token": "r"})), "settings": settings});
        let tokens = call(&acme, &provider, "refresh_access_token", &request);
        for answer in [url, tokens] {
            assert_eq!(answer["error"]["error_code"], "invalid_value", "{tenant}: {answer}");
            assert!(!answer.to_string().contains("evil"), "{answer}");
        }
        assert_eq!(provider.requests(), 0, "{tenant}");
    }
    assert!(authorization_url(&acme, &json!([])).starts_with("https://t.acme.test/in?"));
}
