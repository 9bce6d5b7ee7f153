use lumos_connector_core::error::ConnectorError;
use lumos_connector_core::probe::{ProbeCheckSpec, ProbeSettings};
use lumos_connector_types::payload::*;
use serde_json::{Value, json};

use crate::connector::{Connector, Probed, coverage, entitlement, last, page};

/// Pages of entitlements: a type for each entitlement, `None` for a page that fails.
fn pages(pages: &'static [Option<&'static [&'static str]>]) -> Connector {
    Connector::new().entitlements(move |_, token| {
        let index: usize = token.map_or(0, |token| token.parse().unwrap());
        let Some(types) = pages[index] else {
            return Err(ConnectorError::rate_limit("slow").with_hint("Wait."));
        };
        let next = (index + 1 < pages.len()).then(|| (index + 1).to_string());
        page(types.iter().map(|of_type| entitlement("e", of_type)).collect(), next.as_deref())
    })
}

async fn probed(connector: Connector) -> Probed {
    connector.probe(json!({"checks": ["entitlements"]})).await
}

fn found(probed: &Probed) -> Value {
    coverage(&probed.check("entitlements")["entitlement_types"], "entitlement_type")
}

#[tokio::test]
async fn every_entitlement_read_is_a_sample() {
    let probed =
        probed(pages(&[Some(&["role", "role"]), Some(&["group"])]).declares(&["role", "group"])).await;
    let check = probed.check("entitlements");
    assert_eq!((probed.status(), &check["status"]), (&json!("passed"), &json!("passed")));
    assert_eq!((&check["observed_count"], &check["capability"]), (&json!(3), &json!("list_entitlements")));
    assert_eq!(
        check["samples"][2],
        json!({
            "kind": "entitlement",
            "integration_specific_id": "e",
            "integration_specific_resource_id": "r",
            "entitlement_type": "group",
            "label": "E",
        })
    );
    assert_eq!(found(&probed), json!([["role", "found"], ["group", "found"]]));
}

#[tokio::test]
async fn pages_are_read_until_all_types_have_occurred() {
    let three = || pages(&[Some(&["role"]), Some(&["group"]), Some(&["role"])]);
    for (declared, read) in [(&[][..], 1), (&["role"], 1), (&["group"], 2), (&["role", "license"], 3)] {
        assert_eq!(probed(three().declares(declared)).await.calls.len(), read, "{declared:?}");
    }
    let probed = probed(three()).await;
    assert_eq!(probed.check("entitlements")["entitlement_types"], json!(null));
    assert_eq!(probed.status(), "passed");
}

#[tokio::test]
async fn a_type_is_not_found_once_the_listing_has_ended() {
    let probed = probed(pages(&[Some(&["role"]), Some(&[])]).declares(&["role", "group"])).await;
    assert_eq!(found(&probed), json!([["role", "found"], ["group", "not_found"]]));
    assert_eq!(probed.status(), "partial");
}

#[tokio::test]
async fn a_type_is_not_checked_while_there_are_more_pages() {
    let endless = Connector::new().entitlements(|_, _| page(vec![entitlement("e", "role")], Some("more")));
    let probed = probed(endless.declares(&["role", "group"])).await;
    assert_eq!(found(&probed), json!([["role", "found"], ["group", "not_checked"]]));
    assert_eq!((probed.calls.len(), probed.status()), (5, &json!("partial")));
}

#[tokio::test]
async fn the_settings_say_how_many_pages_and_rows() {
    let settings = ProbeSettings::default()
        .check(ProbeCheckSpec::sdk(ProbeCheckName::Entitlements))
        .page_size(3)
        .max_entitlement_pages(2);
    let connector = pages(&[Some(&["role"]), Some(&["role"]), Some(&["group"])]).declares(&["group"]);
    let probed = probed(connector.probing(settings)).await;
    assert_eq!(found(&probed), json!([["group", "not_checked"]]));
    assert_eq!(probed.calls.iter().map(|call| &call["size"]).collect::<Vec<_>>(), [3, 3]);
}

#[tokio::test]
async fn an_empty_token_ends_the_listing() {
    let connector = Connector::new().entitlements(|_, _| page(vec![entitlement("e", "role")], Some("")));
    let probed = probed(connector.declares(&["group"])).await;
    assert_eq!(found(&probed), json!([["group", "not_found"]]));
}

#[tokio::test]
async fn an_error_on_a_later_page_keeps_what_was_read() {
    let probed = probed(pages(&[Some(&["role"]), None]).declares(&["role", "group"])).await;
    let check = probed.check("entitlements");
    assert_eq!((probed.status(), &check["status"]), (&json!("partial"), &json!("passed")));
    assert_eq!((&check["error"], &check["observed_count"]), (&json!(null), &json!(1)));
    assert!(check["message"].as_str().unwrap().ends_with("slow"), "{}", check["message"]);
    assert_eq!(found(&probed), json!([["role", "found"], ["group", "not_checked"]]));
}

#[tokio::test]
async fn an_error_before_the_first_entitlement_fails_the_check() {
    for connector in [pages(&[None]), pages(&[Some(&[]), None])] {
        let probed = probed(connector.declares(&["role"])).await;
        let check = probed.check("entitlements");
        assert_eq!((&check["status"], &check["message"]), (&json!("failed"), &json!("Wait.")));
        assert_eq!(check["error"]["error_code"], "rate_limit");
        assert_eq!(check["entitlement_types"], json!(null));
    }
}

#[tokio::test]
async fn no_entitlement_fails_the_check_without_an_error() {
    let empty = || Connector::new().entitlements(|_, _| last(vec![]));
    for connector in [empty(), empty().declares(&["role"])] {
        let probed = probed(connector).await;
        let check = probed.check("entitlements");
        assert_eq!((&check["status"], &check["error"]), (&json!("failed"), &json!(null)));
        assert_eq!(check["entitlement_types"], json!(null));
    }
}
