//! Which checks are made: what is declared, what the request asks for.

use lumos_connector_core::integration::Builder;
use lumos_connector_core::probe::{self, ProbeCheckSpec, ProbeSettings};
use lumos_connector_types::payload::*;
use serde_json::json;

use crate::connector::{Connector, accounts, association, entitlement, last};

fn whole() -> Connector {
    Connector::new()
        .accounts(|_, _| last(accounts(1)))
        .entitlements(|_, _| last(vec![entitlement("e", "role")]))
        .associations(|_, _| last(vec![association("a0", "e")]))
}

#[tokio::test]
async fn a_request_that_names_no_checks_asks_for_all() {
    for request in [json!({}), json!({"checks": null})] {
        let probed = whole().probe(request).await;
        assert_eq!(probed.status(), "passed");
        assert_eq!(
            probed.summary("status"),
            json!([
                ["accounts", "passed"],
                ["entitlements", "passed"],
                ["entitlement_associations", "passed"]
            ])
        );
        assert!(probed.answer["response"]["duration_ms"].is_u64());
    }
}

#[tokio::test]
async fn the_others_are_skipped() {
    for (checks, made) in [
        (json!([]), &[][..]),
        (json!(["capability_config"]), &[]),
        (json!(["accounts", "accounts"]), &["accounts"]),
        (json!(["entitlements", "accounts"]), &["accounts", "entitlements"]),
    ] {
        let probed = whole().probe(json!({"checks": checks})).await;
        assert_eq!(probed.status(), "passed", "{checks}");
        assert_eq!(probed.checks().len(), 3, "{checks}");
        let (passed, skipped): (Vec<_>, Vec<_>) =
            probed.checks().iter().partition(|check| check["status"] == "passed");
        assert_eq!(passed.iter().map(|check| &check["check"]).collect::<Vec<_>>(), made, "{checks}");
        for mut check in skipped.into_iter().cloned() {
            assert!(check["message"].take().is_string());
            check["check"].take();
            assert_eq!(
                check,
                json!({
                    "check": null, "status": "skipped", "source": "default", "capability": null,
                    "observed_count": 0, "message": null, "error": null, "samples": [],
                    "entitlement_types": null, "custom_attributes": null, "duration_ms": null,
                })
            );
        }
    }
}

#[tokio::test]
async fn a_connector_without_listings_cannot_be_probed() {
    let probed = Connector::new().probe(json!({})).await;
    assert_eq!(probed.status(), "failed");
    assert_eq!(
        probed.summary("capability"),
        json!([
            ["accounts", "list_accounts"],
            ["entitlements", "list_entitlements"],
            ["entitlement_associations", "find_entitlement_associations"],
        ])
    );
    assert!(
        probed.checks().iter().all(|check| check["status"] == "unsupported" && check["source"] == "default")
    );
}

#[tokio::test]
async fn checks_that_are_not_declared_follow_as_unsupported() {
    let settings = ProbeSettings::default()
        .check(ProbeCheckSpec::sdk(ProbeCheckName::EntitlementAssociations))
        .check(ProbeCheckSpec::own(ProbeCheckName::CapabilityConfig, async |_, _| {
            Ok(probe::outcome(ProbeCheckName::CapabilityConfig, ProbeCheckStatus::Passed))
        }));
    for request in
        [json!({}), json!({"checks": ["entitlement_associations", "capability_config", "accounts"]})]
    {
        let probed = whole().probing(settings.clone()).probe(request).await;
        assert_eq!(
            probed.summary("status"),
            json!([
                ["entitlement_associations", "passed"],
                ["capability_config", "passed"],
                ["accounts", "unsupported"],
                ["entitlements", "unsupported"],
            ])
        );
        let undeclared = probed.check("accounts");
        assert_eq!((&undeclared["source"], &undeclared["capability"]), (&json!("native"), &json!(null)));
        assert_eq!(undeclared["duration_ms"], json!(null));
        assert_eq!(probed.status(), "passed");
    }
}

#[tokio::test]
async fn undeclared_checks_stay_unsupported_when_the_request_leaves_them_out() {
    let settings =
        ProbeSettings::default().check(ProbeCheckSpec::sdk(ProbeCheckName::Accounts).capability("people"));
    let probed = whole().probing(settings).probe(json!({"checks": []})).await;
    assert_eq!(probed.status(), "failed");
    assert_eq!(
        probed.summary("status"),
        json!([
            ["accounts", "skipped"],
            ["entitlements", "unsupported"],
            ["entitlement_associations", "unsupported"]
        ])
    );
    assert_eq!(probed.check("accounts")["capability"], "people");
}

#[tokio::test]
async fn a_connector_can_do_without_a_probe() {
    let probed = whole().with(Builder::without_probe).probe(json!({})).await;
    assert_eq!(probed.answer["error"]["error_code"], "unsupported_operation");
}
