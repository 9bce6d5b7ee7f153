//! Requests signed with OAuth 1.0, each attempt anew.

use std::sync::{Arc, Mutex};

use lumos_connector_client::http::HttpCall;
use lumos_connector_client::oauth1::OAuth1Login;
use lumos_connector_core::error::Result;
use lumos_connector_core::{Call, Integration};
use lumos_connector_testing::prelude::*;
use lumos_connector_types::capability::marker as capability;
use lumos_connector_types::payload::{OAuth1Credential, ValidateCredentials, ValidatedCredentials};

async fn validate(call: Call, _: ValidateCredentials) -> Result<ValidatedCredentials> {
    let login = OAuth1Login::new(call.auth::<OAuth1Credential>()?).realm("1234_SB1");
    let http = call.http().authorize_with(login).base_url("https://1234-sb1.rest.acme.test")?;
    let tenant: String = http.get("tenant").query(&[("q", "a b")]).read().await?;
    Ok(ValidatedCredentials { valid: true, unique_tenant_id: tenant })
}

#[test]
fn every_attempt_has_a_signature_of_its_own() {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen_by_app = Arc::clone(&seen);
    let tenant = get("/tenant?q=a+b").times(2).answers_with(move |call| {
        let mut seen = seen_by_app.lock().unwrap();
        seen.push(call.header("authorization").unwrap_or_default().to_owned());
        if seen.len() == 1 { answer(503) } else { answer(200).json("acme") }
    });
    let integration = || {
        Integration::builder("acme", "1.0.0")
            .about("Acme", [])
            .auth::<OAuth1Credential>()
            .capability(capability::ValidateCredentials, validate)
            .build()
    };
    let login = json!({"oauth1": {
        "consumer_key": "consumer", "consumer_secret": "secret-of-the-consumer",
        "token_id": "token", "token_secret": "secret-of-the-token",
    }});
    let case = case(capability::ValidateCredentials, "signs")
        .upstream(tenant)
        .expect(response(json!({"valid": true, "unique_tenant_id": "acme"})));
    Suite::new(integration).auth(login).cases([case]).check().unwrap();

    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 2);
    for header in seen.iter() {
        assert!(header.starts_with("OAuth realm=\"1234_SB1\",oauth_consumer_key=\"consumer\","), "{header}");
    }
    assert_ne!(seen[0], seen[1]);
}
