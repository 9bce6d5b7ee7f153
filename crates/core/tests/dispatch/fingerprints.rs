//! Fingerprints of requests (contract §7).

use std::collections::BTreeMap;

use lumos_connector_core::fingerprint;
use lumos_connector_types::json::JsonObject;
use lumos_connector_types::payload::{AssignEntitlement, ListAccounts};
use lumos_connector_types::secret::Secret;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The fingerprint of a payload whose canonical text is known.
fn of_text(canonical: &str) -> String {
    Sha256::digest(canonical).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn of<T: Serialize + JsonSchema>(payload: &T) -> String {
    fingerprint::of(payload).unwrap()
}

#[test]
fn the_contracts_examples_have_their_fingerprints() {
    let accounts = ListAccounts { custom_attributes: Some(vec!["email".to_owned()]) };
    assert_eq!(of(&accounts), "7ea383b790fff105b40529a2b5c00d29c80f343913f1f2aeaa4bb95a39fd4e36");
    let assignment = AssignEntitlement {
        account_integration_specific_id: "a".to_owned(),
        resource_integration_specific_id: String::new(),
        resource_type: "r".to_owned(),
        entitlement_integration_specific_id: "e".to_owned(),
        entitlement_type: "t".to_owned(),
    };
    assert_eq!(of(&assignment), "5560bfae50f52e7cbc29c9bc218f2d6f6ae12995314bb1ff26c56ae417e63b07");
    let map: BTreeMap<&str, Value> = [("b", json!(1)), ("a", json!([true, null, 1.0, "é"]))].into();
    assert_eq!(of(&map), "2f902b89bd3b4a4e8ab64b76ed21dc88cc3bb63e73fc6b1a34884af368442f7e");
}

#[derive(Serialize, JsonSchema)]
struct Badge {
    #[schemars(extend("x-unique" = true))]
    a: String,
    b: i64,
}

#[test]
fn unique_fields_are_the_only_ones_that_count() {
    let badge = |a: &str, b| of(&Badge { a: a.to_owned(), b });
    assert_eq!(badge("x", 3), "bac82bcae3ff0e486fd02d6dce53dc6444bcbd21f6ab5dea0a69e86e8b723b7f");
    assert_eq!(badge("x", 3), badge("x", 9));
    assert_ne!(badge("x", 3), badge("y", 3));
}

#[derive(Default, Serialize, JsonSchema)]
struct Request {
    zeta: Option<String>,
    inner: Option<Inner>,
    list: Vec<Inner>,
    by_name: BTreeMap<String, Inner>,
    free: Option<JsonObject>,
    value: Option<Value>,
    optional_items: Vec<Option<i64>>,
}

#[derive(Clone, Default, Serialize, JsonSchema)]
struct Inner {
    name: Option<String>,
    number: Option<f64>,
}

#[test]
fn null_fields_are_dropped_at_every_depth_of_the_models() {
    let inner = Inner { name: None, number: Some(1.0) };
    let request = Request {
        inner: Some(inner.clone()),
        list: vec![inner.clone(), Inner::default()],
        by_name: BTreeMap::from([("k".to_owned(), inner)]),
        ..Request::default()
    };
    let canonical = r#"{"by_name":{"k":{"number":1.0}},"inner":{"number":1.0},"list":[{"number":1.0},{}],"optional_items":[]}"#;
    assert_eq!(of(&request), of_text(canonical));
}

#[test]
fn nulls_inside_free_form_data_and_lists_are_kept() {
    let request = Request {
        free: Some([("a", json!(null)), ("b", json!({"c": null}))].into_iter().collect()),
        value: Some(json!({"d": [null, {"e": null}]})),
        optional_items: vec![None, Some(1)],
        ..Request::default()
    };
    let canonical = concat!(
        r#"{"by_name":{},"free":{"a":null,"b":{"c":null}},"list":[],"optional_items":[null,1],"#,
        r#""value":{"d":[null,{"e":null}]}}"#
    );
    assert_eq!(of(&request), of_text(canonical));
}

#[test]
fn text_is_escaped_and_numbers_written_as_the_reference_does() {
    #[derive(Serialize, JsonSchema)]
    struct Texts {
        text: String,
        numbers: Vec<f64>,
        whole: i64,
        secret: Secret,
    }
    let request = Texts {
        text: "é😀\u{7f}\u{1f}\"\\\n/".to_owned(),
        numbers: vec![1.0, 0.1, 1e22, 1e16, 1e-5, -0.0],
        whole: 9_007_199_254_740_993,
        secret: Secret::from("s"),
    };
    let canonical = concat!(
        r#"{"numbers":[1.0,0.1,1e+22,1e+16,1e-05,-0.0],"secret":"s","text":"\u00e9\ud83d\ude00\u007f\u001f\"\\\n/","#,
        r#""whole":9007199254740993}"#
    );
    assert_eq!(of(&request), of_text(canonical));
}

#[test]
fn a_payload_that_cannot_be_serialised_is_an_error() {
    #[derive(JsonSchema)]
    struct Unwritable;
    impl Serialize for Unwritable {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("no form"))
        }
    }
    assert!(fingerprint::of(&Unwritable).is_err());
}
