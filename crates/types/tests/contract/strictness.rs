//! Standard payloads are read without coercion (contract §2).

use lumos_connector_types::json::Document;
use lumos_connector_types::payload::{
    ArbitraryResponse, CreatableAccount, CustomAttribute, ExecutionSummary, NoopEffect, Page,
    ProbeSampleAccount, TransferDataStatus,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A value read strictly and written again; `None` when it is refused.
fn rewritten<T: Serialize + DeserializeOwned>(json: &Value) -> Option<Value> {
    let text = json.to_string();
    let value: T = Document::parse(&text).unwrap().read().ok()?;
    Some(serde_json::to_value(&value).unwrap())
}

/// What becomes of one field.
fn field<T: Serialize + DeserializeOwned>(mut json: Value, name: &str, given: &Value) -> Option<Value> {
    json[name] = given.clone();
    rewritten::<T>(&json).map(|written| written[name].clone())
}

fn string(given: &Value) -> Option<Value> {
    field::<Page>(json!({}), "token", given)
}

fn integer(given: &Value) -> Option<Value> {
    field::<Page>(json!({}), "size", given)
}

fn boolean(given: &Value) -> Option<Value> {
    field::<TransferDataStatus>(json!({}), "success", given)
}

fn seconds(given: &Value) -> Option<Value> {
    let answer = json!({"ok": false, "content": null, "resolved_url": "", "headers": {}});
    field::<ArbitraryResponse>(answer, "retry_after_seconds", given)
}

#[test]
fn every_type_takes_its_own_values_only() {
    type Read = fn(&Value) -> Option<Value>;
    let readers: [(&str, Read); 4] =
        [("string", string), ("integer", integer), ("boolean", boolean), ("number|integer", seconds)];
    let table = [
        (json!("5"), [true, false, false, false]),
        (json!(5), [false, true, false, true]),
        (json!(5.0), [false, false, false, true]),
        (json!(5.5), [false, false, false, true]),
        (json!(true), [false, false, true, false]),
        (json!([]), [false; 4]),
        (json!({}), [false; 4]),
    ];
    for (given, accepted) in table {
        for ((name, read), accepted) in readers.iter().zip(accepted) {
            assert_eq!(read(&given), accepted.then(|| given.clone()), "{given} as {name}");
        }
    }
}

#[test]
fn ranges_of_integers_are_not_enforced() {
    for size in [json!(0), json!(-5), json!(2_147_483_648_i64), json!(i64::MAX), json!(i64::MIN)] {
        assert_eq!(integer(&size), Some(size));
    }
}

#[test]
fn an_optional_field_may_be_left_out_or_null() {
    assert_eq!(rewritten::<Page>(&json!({})), Some(json!({"token": null, "size": null})));
    assert_eq!(rewritten::<Page>(&json!({"token": null})), Some(json!({"token": null, "size": null})));
}

#[test]
fn a_field_that_is_not_nullable_refuses_null_even_when_it_has_a_default() {
    assert_eq!(rewritten::<CreatableAccount>(&json!({})), Some(json!({"entitlements": []})));
    assert_eq!(rewritten::<CreatableAccount>(&json!({"entitlements": null})), None);
    assert_eq!(rewritten::<TransferDataStatus>(&json!({"success": null})), None);
}

#[test]
fn a_field_that_is_required_and_nullable_must_be_there() {
    let attribute = |value: Option<Value>| {
        let mut attribute = json!({"record_id": "r", "label": "l", "type": "account"});
        if let Some(value) = value {
            attribute["value"] = value;
        }
        rewritten::<CustomAttribute>(&attribute).map(|written| written["value"].clone())
    };
    assert_eq!(attribute(None), None);
    for value in [json!(null), json!(1), json!(1.0), json!("x"), json!([null]), json!({"a": {}})] {
        assert_eq!(attribute(Some(value.clone())), Some(value));
    }
}

#[test]
fn a_kind_may_be_left_out_but_not_be_another() {
    let sample = |kind: Option<Value>| {
        let mut sample = json!({"integration_specific_id": "a"});
        if let Some(kind) = kind {
            sample["kind"] = kind;
        }
        rewritten::<ProbeSampleAccount>(&sample).map(|written| written["kind"].clone())
    };
    assert_eq!(sample(None), Some(json!("account")));
    assert_eq!(sample(Some(json!("account"))), Some(json!("account")));
    for wrong in [json!("entitlement"), json!("Account"), json!(""), json!(null), json!(5)] {
        assert_eq!(sample(Some(wrong.clone())), None, "{wrong}");
    }
    assert_eq!(rewritten::<NoopEffect>(&json!({})), None, "its reason is required");
}

#[test]
fn the_first_effect_that_fits_is_chosen() {
    let effect = |effect: Value| {
        let summary = json!({"effect": effect, "request_fingerprint": "f", "is_idempotent": true});
        rewritten::<ExecutionSummary>(&summary).map(|written| written["effect"].clone())
    };
    let noop = json!({"kind": "noop", "reason": "state_already_matches"});
    assert_eq!(effect(json!({})), Some(json!({"kind": "created"})));
    for kind in ["created", "updated", "deleted"] {
        assert_eq!(effect(json!({"kind": kind})), Some(json!({"kind": kind})));
    }
    assert_eq!(effect(noop.clone()), Some(noop));
    assert_eq!(effect(json!({"kind": "noop"})), None);
    assert_eq!(effect(json!({"kind": "moved"})), None);
    for wrong in [json!([]), json!(["created"]), json!("created"), json!(null)] {
        assert_eq!(effect(wrong.clone()), None, "{wrong}");
    }
}
