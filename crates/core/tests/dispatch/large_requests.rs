//! Requests with very much in them: each of these would take a day if its cost grew with the square of the number of keys.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use lumos_connector_core::error::Result;
use lumos_connector_core::host::Host;
use lumos_connector_core::observation::CallHandle;
use lumos_connector_core::{Auth, Call, Integration, Settings};
use lumos_connector_types::capability::marker::{CreateAccount, ValidateCredentials as Validate};
use lumos_connector_types::json::JsonObject;
use lumos_connector_types::payload::{
    AccountStatus, BasicCredential, CreateAccountEntitlement, CreatedAccount, ValidateCredentials,
    ValidatedCredentials,
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::acme::{answer, block_on, builder, bytes, valid};

const MANY: usize = 200_000;

#[derive(Deserialize, JsonSchema)]
struct AcmeSettings {
    host: String,
    labels: Option<BTreeMap<String, i64>>,
}

/// A custom payload with a free-form and a typed part.
#[derive(Deserialize, JsonSchema)]
struct Person {
    #[serde(default)]
    entitlements: Vec<CreateAccountEntitlement>,
    email: String,
    more: Option<JsonObject>,
    labels: Option<BTreeMap<String, i64>>,
}

fn acme() -> Integration {
    async fn validate(
        _: Auth<BasicCredential>,
        settings: Settings<AcmeSettings>,
        _: ValidateCredentials,
    ) -> Result<ValidatedCredentials> {
        assert_eq!(settings.host, "h");
        Ok(valid())
    }
    async fn create(call: Call, person: Person) -> Result<CreatedAccount> {
        assert!(person.entitlements.is_empty());
        let count = call.settings::<AcmeSettings>()?.labels.map_or(0, |labels| labels.len());
        let labels = person.labels.map_or(0, |labels| labels.len());
        let more = person.more.map_or(0, |more| more.text().len());
        let id = Some(format!("{} {count} {labels} {more}", person.email));
        Ok(CreatedAccount { id, status: AccountStatus::Active, created: true })
    }
    builder()
        .auth::<BasicCredential>()
        .settings::<AcmeSettings>()
        .capability(Validate, async |(login, settings): (_, _), request| {
            validate(login, settings, request).await
        })
        .capability(CreateAccount::of::<Person>(), create)
        .build()
        .unwrap()
}

fn keys() -> String {
    (0..MANY).map(|index| format!(r#""key{index}":{index},"#)).collect()
}

fn request(auth: &str, payload: &str, settings: &str, more: &str) -> String {
    format!(
        r#"{{{more}"auth":{{{auth}"basic":{{{auth}"username":"u","password":"p"}}}},"request":{{{payload}}},
        "settings":{{{settings}"host":"h"}}}}"#
    )
}

#[test]
fn very_many_keys_are_read_wherever_they_are() {
    let acme = acme();
    let keys = keys();
    let object = format!("{{{}}}", keys.trim_end_matches(','));
    for request in [
        request("", "", &keys, ""),
        request(&keys, "", "", ""),
        request("", keys.trim_end_matches(','), "", ""),
        request("", "", "", &keys),
        request("", &format!(r#""more":{object}"#), &format!(r#""more":{object},"#), ""),
        request("", "", &format!(r#""host":"other",{keys}{keys}"#), ""),
        request("", "", &format!(r#""n":[{}{{}}],"#, "{},".repeat(MANY)), ""),
    ] {
        let answer = answer(&acme, "validate_credentials", &request);
        assert_eq!(answer["response"]["valid"], true, "{answer}");
    }
    let payload = format!(r#""email":"e","labels":{object},"more":{object},{keys}"email":"a@b.c""#);
    let request = request("", &payload, &format!(r#""labels":{object},{keys}"#), "");
    let answer = answer(&acme, "create_account", &request);
    assert_eq!(answer["response"]["id"], format!("a@b.c {MANY} {MANY} {}", object.len()));
}

#[test]
fn a_request_that_is_not_read_by_its_deadline_is_a_timeout() {
    let acme = acme();
    let request = request("", "", &keys(), "");
    let passed = Instant::now();
    let code = |deadline| {
        let answer = {
            let handle = CallHandle::with_deadline(&Host::default(), "validate_credentials", deadline);
            block_on(acme.dispatch_with(&handle, &request))
        };
        let text: serde_json::Value = serde_json::from_slice(&bytes(answer).unwrap()).unwrap();
        text["error"]["error_code"].clone()
    };
    assert_eq!(code(passed), "request_timeout");
    assert_eq!(code(passed + Duration::from_secs(3600)), serde_json::Value::Null);
}
