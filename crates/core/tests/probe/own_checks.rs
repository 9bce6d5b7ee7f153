//! Checks that the connector makes itself.

use lumos_connector_core::Call;
use lumos_connector_core::error::{ConnectorError, Result};
use lumos_connector_core::probe::{self, ProbeCheckSpec, ProbeSettings};
use lumos_connector_types::payload::*;
use serde_json::{Value, json};

use crate::connector::Connector;

const CHECK: ProbeCheckName = ProbeCheckName::Accounts;

fn passed() -> ProbeCheck {
    probe::outcome(CHECK, ProbeCheckStatus::Passed)
}

async fn run(spec: ProbeCheckSpec) -> (Value, Value) {
    let probed = Connector::new().probing(ProbeSettings::default().check(spec)).probe(json!({})).await;
    (probed.status().clone(), probed.checks()[0].clone())
}

#[tokio::test]
async fn what_the_outcome_leaves_open_is_filled_in() {
    let (status, check) =
        run(ProbeCheckSpec::own(CHECK, async |_, _| Ok(passed())).capability("people")).await;
    assert_eq!(status, "passed");
    assert_eq!((&check["source"], &check["capability"]), (&json!("native"), &json!("people")));
    assert_eq!(check["message"], json!(null));
    assert!(check["duration_ms"].is_u64());
}

#[tokio::test]
async fn what_the_outcome_says_stays_except_name_and_source() {
    let spec = ProbeCheckSpec::own(CHECK, async |_, _| {
        Ok(ProbeCheck {
            check: ProbeCheckName::Entitlements,
            source: ProbeCheckSource::Default,
            capability: Some(String::new()),
            observed_count: -5,
            duration_ms: Some(77),
            entitlement_types: Some(vec![]),
            ..passed()
        })
    });
    let (_, check) = run(spec.capability("people")).await;
    assert_eq!((&check["check"], &check["source"]), (&json!("accounts"), &json!("native")));
    assert_eq!((&check["capability"], &check["observed_count"]), (&json!(""), &json!(-5)));
    assert_eq!((&check["duration_ms"], &check["entitlement_types"]), (&json!(77), &json!([])));
}

#[tokio::test]
async fn a_check_of_the_connectors_can_be_reported_as_the_sdks() {
    let spec = ProbeCheckSpec::own(CHECK, async |_, _| Ok(passed())).source(ProbeCheckSource::Default);
    assert_eq!(run(spec).await.1["source"], "default");
    let spec = ProbeCheckSpec::sdk(CHECK).source(ProbeCheckSource::Native);
    assert_eq!(run(spec).await.1["source"], "default");
}

#[tokio::test]
async fn an_error_fails_the_check_only() {
    async fn failing(_: Call, _: ProbeIntegration) -> Result<ProbeCheck> {
        Err(ConnectorError::authorization("not for us").with_hint("Ask for more."))
    }

    let (status, check) = run(ProbeCheckSpec::own(CHECK, failing).capability("people")).await;
    assert_eq!((status, &check["status"]), (json!("failed"), &json!("failed")));
    assert_eq!((&check["message"], &check["capability"]), (&json!("Ask for more."), &json!("people")));
    assert_eq!(check["error"]["error_code"], "permission_denied");
    assert_eq!(check["error"]["raised_by"], "AuthorizationError");
    assert!(check["error"]["raised_in"].is_string());

    let (status, check) = run(ProbeCheckSpec::own(CHECK, failing).optional()).await;
    assert_eq!((status, &check["status"]), (json!("partial"), &json!("failed")));
}

#[tokio::test]
async fn errors_of_libraries_are_classified_by_the_connectors_handlers() {
    let spec = ProbeCheckSpec::own(CHECK, async |_, _| Err("7x".parse::<u8>().unwrap_err().into()));
    let connector = Connector::new().probing(ProbeSettings::default().check(spec)).with(|builder| {
        builder.on_error(|_: &std::num::ParseIntError| {
            ConnectorError::of_code(ConnectorErrorCode::InvalidResponse)
        })
    });
    let probed = connector.probe(json!({})).await;
    assert_eq!(probed.checks()[0]["error"]["error_code"], "invalid_response");
    assert_eq!(probed.checks()[0]["error"]["raised_by"], "ParseIntError");
}

#[tokio::test]
async fn a_panic_fails_the_check_only() {
    let spec = ProbeCheckSpec::own(CHECK, async |_, _| panic!("oh"));
    let after = ProbeCheckSpec::own(ProbeCheckName::CapabilityConfig, async |_, _| Ok(passed()));
    let settings = ProbeSettings::default().check(spec).check(after);
    let probed = Connector::new().probing(settings).probe(json!({})).await;
    assert_eq!(probed.checks()[0]["error"]["error_code"], "internal_error");
    assert_eq!(
        (&probed.checks()[1]["check"], &probed.checks()[1]["status"]),
        (&json!("capability_config"), &json!("passed"))
    );
}

#[tokio::test]
async fn a_check_sees_the_request_and_the_call() {
    let spec = ProbeCheckSpec::own(CHECK, async |call: Call, request: ProbeIntegration| {
        let login: BasicCredential = call.auth()?;
        let mode = call.rate_limit().mode;
        let seen = format!("{:?} {} {} {mode}", request.custom_attributes, call.capability(), login.username);
        Ok(ProbeCheck { message: Some(seen), ..passed() })
    });
    let connector = Connector::new().probing(ProbeSettings::default().check(spec));
    let probed = connector.probe(json!({"custom_attributes": ["badge"]})).await;
    assert_eq!(probed.checks()[0]["message"], r#"Some(["badge"]) probe_integration u retry_only"#);
}

#[tokio::test]
async fn a_check_may_probe_in_turn() {
    let spec = ProbeCheckSpec::own(ProbeCheckName::CapabilityConfig, async |call: Call, _| {
        let request = r#"{"auth":{"basic":{"username":"u","password":"p"}},"request":{"checks":[]}}"#;
        let answer = call.dispatch("probe_integration", request).await;
        Ok(ProbeCheck { message: Some(String::from_utf8(answer.into_bytes().await?)?), ..passed() })
    });
    let probed = Connector::new().probing(ProbeSettings::default().check(spec)).probe(json!({})).await;
    assert!(probed.checks()[0]["message"].as_str().unwrap().contains(r#""skipped""#));
}
