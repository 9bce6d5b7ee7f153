use lumos_connector_core::error::ConnectorError;
use serde_json::{Value, json};

use crate::connector::{Connector, Probed, accounts, association, last, page};

async fn probed(connector: Connector) -> Probed {
    connector.probe(json!({"checks": ["entitlement_associations"]})).await
}

fn check(probed: &Probed) -> &Value {
    probed.check("entitlement_associations")
}

fn linked(probed: &Probed) -> Value {
    let samples = check(probed)["samples"].as_array().unwrap();
    samples.iter().map(|sample| json!([sample["account_id"], sample["linked_to_sampled_account"]])).collect()
}

fn five_accounts() -> Connector {
    Connector::new().accounts(|_, _| last(accounts(5)))
}

#[tokio::test]
async fn accounts_are_asked_about_one_by_one_where_that_is_possible() {
    let connector = five_accounts()
        .associations(|_, _| last(vec![association("a4", "e")]))
        .associations_of_one(|asked, _| page(vec![association(&asked.account_id, "e")], Some("more")));
    let probed = probed(connector).await;
    assert_eq!(linked(&probed), json!([["a0", true], ["a1", true], ["a2", true]]));
    assert_eq!(check(&probed)["capability"], "get_account_entitlement_associations");
    assert_eq!(check(&probed)["observed_count"], 3);
    assert_eq!(
        check(&probed)["samples"][0],
        json!({
            "kind": "association",
            "account_id": "a0",
            "integration_specific_entitlement_id": "e",
            "integration_specific_resource_id": "r",
            "linked_to_sampled_account": true,
        })
    );
    assert_eq!(probed.calls.len(), 4);
}

#[tokio::test]
async fn an_account_without_associations_is_no_failure() {
    let connector = five_accounts().associations_of_one(|asked, _| match asked.account_id.as_str() {
        "a0" => last(vec![]),
        id => last(vec![association(id, "e")]),
    });
    let probed = probed(connector).await;
    assert_eq!(linked(&probed), json!([["a1", true], ["a2", true]]));
}

#[tokio::test]
async fn an_error_after_the_first_association_keeps_what_was_read() {
    let connector = five_accounts().associations_of_one(|asked, _| match asked.account_id.as_str() {
        "a1" => Err(ConnectorError::internal("broken")),
        id => last(vec![association(id, "e")]),
    });
    let probed = probed(connector).await;
    assert_eq!((check(&probed)["status"].as_str(), probed.calls.len()), (Some("passed"), 3));
    assert_eq!(linked(&probed), json!([["a0", true]]));
}

#[tokio::test]
async fn an_error_before_the_first_association_fails_the_check() {
    let connector = five_accounts()
        .associations(|_, _| last(vec![association("a4", "e")]))
        .associations_of_one(|asked, _| match asked.account_id.as_str() {
            "a1" => Err(ConnectorError::internal("broken")),
            _ => last(vec![]),
        });
    let probed = probed(connector).await;
    assert_eq!(check(&probed)["status"], "failed");
    assert_eq!(check(&probed)["error"]["message"], "broken");
    assert_eq!(check(&probed)["capability"], "get_account_entitlement_associations");
    assert!(!probed.called().contains(&"find_entitlement_associations"));
}

#[tokio::test]
async fn all_associations_are_listed_where_accounts_cannot_be_asked_about() {
    let connector = five_accounts().associations(|_, _| {
        last(vec![association("a1", "e"), association("stranger", "e"), association("a4", "e")])
    });
    let probed = probed(connector).await;
    assert_eq!(linked(&probed), json!([["a1", true], ["stranger", false], ["a4", true]]));
    assert_eq!(check(&probed)["capability"], "find_entitlement_associations");
    assert_eq!(probed.calls[0]["request"], json!({"custom_attributes": null}));
}

#[tokio::test]
async fn without_accounts_all_associations_are_listed() {
    let both = |connector: Connector| {
        connector
            .associations(|_, _| last(vec![association("a1", "e")]))
            .associations_of_one(|asked, _| last(vec![association(&asked.account_id, "e")]))
    };
    let failing = Connector::new().accounts(|_, _| Err(ConnectorError::internal("broken")));
    for connector in [Connector::new(), Connector::new().accounts(|_, _| last(vec![])), failing] {
        let probed = probed(both(connector)).await;
        assert_eq!(check(&probed)["capability"], "find_entitlement_associations");
        assert_eq!((probed.status(), linked(&probed)), (&json!("passed"), json!([["a1", false]])));
    }
}

#[tokio::test]
async fn associations_of_single_accounts_are_no_use_without_accounts() {
    let of_one =
        |connector: Connector| connector.associations_of_one(|_, _| last(vec![association("a1", "e")]));
    for connector in [Connector::new(), Connector::new().accounts(|_, _| last(vec![]))] {
        let probed = probed(of_one(connector)).await;
        assert_eq!(check(&probed)["status"], "unsupported");
        assert_eq!(check(&probed)["capability"], "find_entitlement_associations");
        assert_eq!(check(&probed)["source"], "default");
        assert!(check(&probed)["duration_ms"].is_u64());
    }
}

#[tokio::test]
async fn no_association_fails_the_check_without_an_error() {
    let of_all = Connector::new().associations(|_, _| page(vec![], Some("more")));
    let of_one = five_accounts().associations_of_one(|_, _| last(vec![]));
    for (connector, capability) in
        [(of_all, "find_entitlement_associations"), (of_one, "get_account_entitlement_associations")]
    {
        let probed = probed(connector).await;
        assert_eq!((&check(&probed)["status"], &check(&probed)["error"]), (&json!("failed"), &json!(null)));
        assert_eq!(check(&probed)["capability"], capability);
    }
}
