//! Token requests go to the fake app, too.

use lumos_connector::prelude::*;
use lumos_connector_testing::prelude::*;

fn integration() -> Result<Integration, IntegrationError> {
    Integration::builder("acme", "1.0.0")
        .about("Acme", [AppCategory::Developers])
        .auth::<OAuthCredential>()
        .oauth(OAuthSettings::code_flow(
            "https://acme.test/authorize",
            "https://login.acme.test/oauth/token?v=2",
        ))
        .build()
}

fn refresh() -> Case {
    case(capability::RefreshAccessToken, "renews").request(json!({
        "client_id": "c", "client_secret": "s3cret-of-the-client", "refresh_token": "refresh-me",
    }))
}

fn asked() -> Exchange {
    post("/oauth/token?v=2").form([
        ("grant_type", "refresh_token"),
        ("refresh_token", "refresh-me"),
        ("client_id", "c"),
        ("client_secret", "s3cret-of-the-client"),
    ])
}

#[test]
fn a_refreshed_token_comes_from_the_fake_app() {
    let granted = json!({"access_token": "fresh", "token_type": "Bearer"});
    let expected = json!({"access_token": "fresh", "token_type": "bearer"});
    let case = refresh().upstream(asked().answers(granted)).expect(response(expected).partly());
    Suite::new(integration).cases([case]).check().unwrap();
}

#[test]
fn a_refused_refresh_is_what_the_contract_says() {
    let refused = asked().answers((400, json!({"error": "invalid_grant"})));
    let case = refresh().upstream(refused).expect(error(ConnectorErrorCode::AuthenticationExpired));
    Suite::new(integration).cases([case]).check().unwrap();
}
