//! Secrets of the call that the app echoes do not come back to the caller.

use lumos_connector_core::error::{ConnectorError, Result};
use lumos_connector_core::{Auth, Settings};
use lumos_connector_types::capability::{Capability, marker};
use lumos_connector_types::payload::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::acme::{answer, builder, error};

#[derive(Deserialize, JsonSchema)]
struct Nested {
    #[schemars(extend("x-secret" = true))]
    pass_code: String,
}

#[derive(Deserialize, JsonSchema)]
struct AcmeSettings {
    nested: Nested,
    host: String,
}

async fn echo(
    (login, settings): (Auth<BasicCredential>, Settings<AcmeSettings>),
    _: ListAccounts,
) -> Result<Vec<FoundAccountData>> {
    let echoed = format!("{} {} {}", login.password.expose(), settings.nested.pass_code, settings.host);
    Err(ConnectorError::upstream(format!("the app says {echoed}"))
        .with_app_error_code(echoed.clone())
        .with_hint(echoed))
}

#[test]
fn credentials_and_secret_settings_are_replaced_in_the_error() {
    let acme = builder()
        .auth::<BasicCredential>()
        .settings::<AcmeSettings>()
        .capability(marker::ListAccounts, echo)
        .build()
        .unwrap();
    let request = json!({
        "auth": {"basic": {"username": "ada", "password": "hunter2"}},
        "settings": {"nested": {"pass_code": "swordfish"}, "host": "acme.test"},
        "request": {},
    });
    let told = error(&acme, "list_accounts", &request.to_string());
    assert_eq!(told["message"], "the app says [REDACTED] [REDACTED] acme.test");
    assert_eq!(told["app_error_code"], "[REDACTED] [REDACTED] acme.test");
    assert_eq!(told["error_metadata"]["hint"], "[REDACTED] [REDACTED] acme.test");
}

#[derive(Deserialize, JsonSchema)]
struct Rotate {
    #[schemars(extend("x-secret" = true))]
    new_phrase: String,
    owner: String,
}

#[derive(Serialize, JsonSchema)]
struct Rotated {
    phrase: String,
}

struct RotatePhrase;

impl Capability for RotatePhrase {
    const NAME: &'static str = "rotate_phrase";
    type Request = Rotate;
    type Response = Rotated;
}

#[test]
fn secret_fields_of_a_custom_payload_are_replaced_in_errors_and_not_in_answers() {
    async fn rotate(_: (), payload: Rotate) -> Result<Rotated> {
        if payload.owner.is_empty() {
            return Err(ConnectorError::client(format!("refused: {}", payload.new_phrase)));
        }
        Ok(Rotated { phrase: payload.new_phrase })
    }
    let acme = builder().requires_authentication(false).capability(RotatePhrase, rotate).build().unwrap();
    let ask = |owner: &str| {
        json!({"request": {"new_phrase": "swordfish", "owner": owner}, "settings": null}).to_string()
    };
    assert_eq!(error(&acme, "rotate_phrase", &ask(""))["message"], "refused: [REDACTED]");
    assert_eq!(answer(&acme, "rotate_phrase", &ask("ada"))["response"]["phrase"], "swordfish");
}
