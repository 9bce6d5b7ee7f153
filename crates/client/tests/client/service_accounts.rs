//! A service account gets an access token for a signed assertion.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lumos_connector_client::http::HttpCall;
use lumos_connector_client::service_account;
use lumos_connector_core::error::{self, Result};
use lumos_connector_core::integration::IntegrationError;
use lumos_connector_core::{Call, Integration};
use lumos_connector_testing::prelude::*;
use lumos_connector_types::capability::marker as capability;
use lumos_connector_types::error::ConnectorErrorCode;
use lumos_connector_types::payload::{ServiceAccountCredential, ValidateCredentials, ValidatedCredentials};
use serde_json::Value;

async fn validate(call: Call, _: ValidateCredentials) -> Result<ValidatedCredentials> {
    let credential: ServiceAccountCredential = call.auth()?;
    let token = service_account::access_token(&call, &credential, &["scope-of-the-connector"]).await?;
    let tenant: String =
        call.http().bearer(token).base_url("https://directory.test")?.get("tenant").read().await?;
    Ok(ValidatedCredentials { valid: true, unique_tenant_id: tenant })
}

fn integration() -> Result<Integration, IntegrationError> {
    Integration::builder("directory", "1.0.0")
        .about("Directory", [])
        .auth::<ServiceAccountCredential>()
        .on_error(error::http_status)
        .capability(capability::ValidateCredentials, validate)
        .build()
}

fn login(email: &str, scopes: &[&str]) -> Value {
    let key = json!({
        "client_email": "robot@project.test",
        "private_key_id": "k7",
        "private_key": include_str!("../keys/rsa.pkcs8.pem"),
        "token_uri": "{upstream}/token",
    });
    json!({"service_account": {"key": key, "impersonation_email": email, "tenant_id": "t", "scopes": scopes}})
}

/// A token endpoint that grants what an assertion with these claims asks for.
fn token_endpoint(expected: Value) -> Exchange {
    call("POST", "/token").any_body().answers_with(move |call| {
        let form: std::collections::HashMap<_, _> = form_urlencoded::parse(&call.body).into_owned().collect();
        assert_eq!(form["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
        let part = |number| {
            let part = form["assertion"].split('.').nth(number).unwrap();
            serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        assert_eq!(part(0), json!({"alg": "RS256", "typ": "JWT", "kid": "k7"}));
        let mut claims = part(1);
        let [issued, expires] = ["iat", "exp"].map(|name| claims[name].take().as_u64().unwrap());
        assert_eq!(expires - issued, 3600);
        assert!(claims["aud"].take().as_str().unwrap().ends_with("/token"));
        claims.as_object_mut().unwrap().retain(|_, claim| !claim.is_null());
        assert_eq!(claims, expected);
        answer(200).json(json!({"access_token": "granted-token", "expires_in": 3599}))
    })
}

fn suite(case: Case) -> Suite {
    Suite::new(integration).cases([case])
}

#[test]
fn it_is_asked_for_with_the_scopes_and_the_user_of_the_credential() {
    for (email, scopes, claims) in [
        ("", [].as_slice(), json!({"iss": "robot@project.test", "scope": "scope-of-the-connector"})),
        (
            "ada@acme.test",
            ["a", "b"].as_slice(),
            json!({"iss": "robot@project.test", "scope": "a b", "sub": "ada@acme.test"}),
        ),
    ] {
        let tenant = get("/tenant").header("authorization", "Bearer granted-token").answers(json!("acme"));
        let case = case(capability::ValidateCredentials, "logs in")
            .auth(login(email, scopes))
            .upstream(token_endpoint(claims))
            .upstream(tenant)
            .expect(response(json!({"valid": true, "unique_tenant_id": "acme"})));
        suite(case).check().unwrap();
    }
}

#[test]
fn a_refusal_says_that_the_credential_is_not_accepted() {
    let refused = (400, json!({"error": "invalid_grant", "error_description": "Invalid JWT Signature."}));
    let case = case(capability::ValidateCredentials, "is refused")
        .auth(login("", &[]))
        .upstream(call("POST", "/token").any_body().answers(refused))
        .expect(error(ConnectorErrorCode::Unauthorized).message("invalid_grant").status_code(400));
    suite(case).check().unwrap();
}

#[test]
fn a_key_that_is_no_key_file_is_a_mistake_of_the_configuration() {
    let auth = json!({"service_account":
        {"key": {"client_email": "x"}, "impersonation_email": "", "tenant_id": "", "scopes": []}});
    let case = case(capability::ValidateCredentials, "has no key")
        .auth(auth)
        .expect(error(ConnectorErrorCode::InvalidValue).message("private_key"));
    suite(case).check().unwrap();
}
