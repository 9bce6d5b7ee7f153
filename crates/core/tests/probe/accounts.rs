use lumos_connector_core::error::ConnectorError;
use lumos_connector_types::payload::*;
use serde_json::json;

use crate::connector::{Connector, Probed, account, accounts, coverage, last, page};

const ONLY: &str = r#"{"checks": ["accounts"]}"#;

async fn probed(connector: Connector) -> Probed {
    connector.probe(serde_json::from_str(ONLY).unwrap()).await
}

fn attribute(
    name: &str,
    of: CustomAttributeCustomizedType,
    attribute_type: CustomAttributeType,
) -> CustomAttributeSchema {
    CustomAttributeSchema { customized_type: of, name: name.to_owned(), attribute_type, description: None }
}

/// Accounts with attributes: a department for one of them, an empty badge for another.
fn with_attributes() -> Connector {
    let values = |name: &str, value: &str| Some([(name.to_owned(), value.to_owned())].into_iter().collect());
    Connector::new()
        .attributes(|_, _| {
            use CustomAttributeCustomizedType::{Account, Entitlement};
            let badge = attribute("badge", Account, CustomAttributeType::Integer);
            let cost_center = attribute("cost_center", Entitlement, CustomAttributeType::String);
            page(
                vec![attribute("department", Account, CustomAttributeType::String), cost_center, badge],
                Some("more"),
            )
        })
        .accounts(move |_, _| {
            let first = FoundAccountData { custom_attributes: values("department", "IT"), ..account("a0") };
            let second = FoundAccountData { custom_attributes: values("badge", ""), ..account("a1") };
            last(vec![first, second, account("a2")])
        })
}

#[tokio::test]
async fn every_account_of_the_first_page_is_a_sample() {
    let full = FoundAccountData {
        email: Some("ada@example.com".to_owned()),
        username: Some("ada".to_owned()),
        user_status: Some(AccountStatus::Suspended),
        ..account("a0")
    };
    let probed = probed(
        Connector::new()
            .accounts(move |_, _| page([vec![full.clone()], accounts(14)].concat(), Some("more"))),
    )
    .await;
    let check = probed.check("accounts");
    assert_eq!(check["status"], "passed");
    assert_eq!(check["source"], "default");
    assert_eq!(check["capability"], "list_accounts");
    assert_eq!(check["observed_count"], 15);
    assert_eq!(check["samples"].as_array().unwrap().len(), 15);
    assert_eq!(
        check["samples"][0],
        json!({
            "kind": "account",
            "integration_specific_id": "a0",
            "email": "ada@example.com",
            "username": "ada",
            "user_status": "SUSPENDED",
            "custom_attributes": null,
        })
    );
    assert!(check["message"].is_string());
    assert!(check["duration_ms"].is_u64());
    assert_eq!(
        (&check["error"], &check["custom_attributes"], &check["entitlement_types"]),
        (&json!(null), &json!(null), &json!(null))
    );
    assert_eq!(probed.called(), ["list_accounts"]);
}

#[tokio::test]
async fn no_account_fails_the_check_without_an_error() {
    let probed = probed(Connector::new().accounts(|_, _| last(vec![]))).await;
    let check = probed.check("accounts");
    assert_eq!((probed.status(), &check["status"]), (&json!("failed"), &json!("failed")));
    assert_eq!(
        (&check["error"], &check["observed_count"], &check["samples"]),
        (&json!(null), &json!(0), &json!([]))
    );
    assert_eq!(check["capability"], "list_accounts");
}

#[tokio::test]
async fn an_error_is_reported_with_its_hint() {
    let failing =
        Connector::new().accounts(|_, _| Err(ConnectorError::rate_limit("slow").with_hint("Wait a minute.")));
    let probed = probed(failing).await;
    let check = probed.check("accounts");
    assert_eq!((&check["status"], &check["message"]), (&json!("failed"), &json!("Wait a minute.")));
    assert_eq!(check["error"]["error_code"], "rate_limit");
    assert_eq!(check["error"]["message"], "slow");
    assert_eq!(check["error"]["raised_by"], "RateLimitError");
    assert_eq!(check["error"]["app_id"], "acme");
}

#[tokio::test]
async fn an_error_without_a_hint_is_reported_with_its_message() {
    for hint in [None, Some("")] {
        let probed = probed(Connector::new().accounts(move |_, _| {
            let error = ConnectorError::internal("broken");
            Err(hint.map_or_else(|| ConnectorError::new("broken"), |hint| error.with_hint(hint)))
        }))
        .await;
        assert_eq!(probed.check("accounts")["message"], "broken");
    }
}

#[tokio::test]
async fn attributes_of_the_schema_are_asked_for_and_looked_for() {
    let probed = probed(with_attributes()).await;
    let check = probed.check("accounts");
    assert_eq!(probed.status(), "partial");
    assert_eq!(check["status"], "passed");
    assert_eq!(
        coverage(&check["custom_attributes"], "name"),
        json!([["department", "found"], ["badge", "not_found"]])
    );
    assert_eq!(
        check["samples"][1]["custom_attributes"],
        json!([
            {"name": "department", "value": null, "customized_type": "account", "attribute_type": "string"},
            {"name": "badge", "value": null, "customized_type": "account", "attribute_type": "integer"},
        ])
    );
    assert_eq!(check["samples"][0]["custom_attributes"][0]["value"], "IT");
    assert_eq!(probed.called(), ["list_custom_attributes_schema", "list_accounts"]);
    assert_eq!(probed.calls[1]["request"], json!({"custom_attributes": ["department", "badge"]}));
}

#[tokio::test]
async fn the_request_narrows_the_attributes() {
    let cases = [
        (json!(null), json!(["department", "badge"])),
        (json!([]), json!(["department", "badge"])),
        (json!(["department", "unheard", "department"]), json!(["department"])),
        (json!(["badge", "department"]), json!(["department", "badge"])),
        (json!(["unheard"]), json!(null)),
        (json!(["cost_center"]), json!(null)),
    ];
    for (wanted, asked) in cases {
        let request = json!({"checks": ["accounts"], "custom_attributes": wanted});
        let probed = with_attributes().probe(request).await;
        assert_eq!(probed.calls[1]["request"]["custom_attributes"], asked, "{wanted}");
        let check = probed.check("accounts");
        assert_eq!(check["custom_attributes"].is_null(), asked.is_null(), "{wanted}");
        assert_eq!(check["samples"][0]["custom_attributes"].is_null(), asked.is_null(), "{wanted}");
    }
}

#[tokio::test]
async fn without_a_schema_no_attribute_is_looked_for() {
    let schemaless = Connector::new().accounts(|_, _| last(accounts(1)));
    let failing = Connector::new()
        .accounts(|_, _| last(accounts(1)))
        .attributes(|_, _| Err(ConnectorError::internal("no schema today")));
    for connector in [schemaless, failing] {
        let probed =
            connector.probe(json!({"checks": ["accounts"], "custom_attributes": ["department"]})).await;
        assert_eq!(probed.status(), "passed");
        assert_eq!(probed.check("accounts")["custom_attributes"], json!(null));
        assert_eq!(probed.calls.last().unwrap()["request"], json!({"custom_attributes": null}));
    }
}
