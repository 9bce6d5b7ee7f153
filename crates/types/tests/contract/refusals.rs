//! What an error of reading says: the place and what was expected there, never what was found.

use std::collections::BTreeMap;

use lumos_connector_types::envelope::RequestEnvelope;
use lumos_connector_types::json::{Document, ReadError};
use lumos_connector_types::payload::{GetLastActivity, ListUpdatedAccounts, Page};
use lumos_connector_types::schema::{MODELS, Refs};
use serde_json::{Value, json};

use crate::samples::Root;

const PLANTED: &str = "hunter2-planted";

fn refusal(request: &str) -> ReadError {
    Document::parse(request).unwrap().read::<RequestEnvelope<GetLastActivity>>().expect_err("a wrong request")
}

#[test]
fn the_place_is_named_from_the_outside_in() {
    let cases = [
        (r#"{"request": {"account_ids": []}, "page": {"size": "5"}}"#, "page.size"),
        (r#"{"request": {"account_ids": ["a", 5]}}"#, "request.account_ids[1]"),
        (
            r#"{"request": {"account_ids": []}, "credentials": [{}, {"basic": {"username": 5}}]}"#,
            "credentials[1].basic.username",
        ),
        (
            r#"{"request": {"account_ids": []}, "rate_limit": {"last_known_state": {"a b": {"limit": true}}}}"#,
            "rate_limit.last_known_state.a b.limit",
        ),
        (r#"{"request": {}}"#, "request.account_ids"),
        (r#"{}"#, "request"),
        (r#"[]"#, ""),
    ];
    for (request, path) in cases {
        assert_eq!(refusal(request).path(), path, "{request}");
    }
}

#[test]
fn the_problem_is_told_in_words() {
    let cases = [
        (
            r#"{"request": {"account_ids": []}, "page": {"size": "5"}}"#,
            "page.size: expected i64, got a string",
        ),
        (
            r#"{"request": {"account_ids": []}, "page": {"size": 5.0}}"#,
            "page.size: expected i64, got a number with a fraction or exponent",
        ),
        (
            r#"{"request": {"account_ids": []}, "page": {"token": 11111111111111111111111}}"#,
            "page.token: expected a string, got an integer",
        ),
        (r#"{"request": {"account_ids": []}, "page": []}"#, "page: expected an object, got an array"),
        (r#"{"request": {}}"#, "request.account_ids: required, but not given"),
        (r#"{"request": null}"#, "request: expected an object, got null"),
        (
            r#"{"request": {"account_ids": []}, "rate_limit": {"caller_override_mode": "hunter2"}}"#,
            "rate_limit.caller_override_mode: expected one of `enforce`, `retry_only`, `bypass`, `enforce_no_retry`",
        ),
    ];
    for (request, text) in cases {
        assert_eq!(refusal(request).to_string(), text, "{request}");
    }
}

#[test]
fn whether_a_value_is_missing_can_be_asked() {
    assert!(refusal(r#"{"request": {}}"#).is_missing());
    assert!(!refusal(r#"{"request": {"account_ids": null}}"#).is_missing());
}

#[test]
fn text_that_is_not_json_is_located_but_not_repeated() {
    let error = Document::parse("{\"a\": 1,\n \"password\": \"hunter2-planted\" x}")
        .expect_err("not JSON")
        .to_string();
    assert!(error.contains("line 2"), "{error}");
    assert!(!error.contains("planted"), "{error}");
}

/// A text where something else is expected, wherever a model has a field.
#[test]
fn no_error_of_a_model_repeats_the_value() {
    for model in MODELS {
        let schema = (model.schema)(Refs::Defs);
        let root = Root(&schema);
        for name in root.properties().keys() {
            for planted in [json!(PLANTED), json!([PLANTED]), json!({PLANTED: PLANTED})] {
                let mut value = root.full();
                value[name] = planted;
                if let Err(error) = (model.rewrite)(&value.to_string()) {
                    assert!(!told(&error).contains(PLANTED), "{}.{name}: {error}", model.name);
                }
            }
        }
    }
}

/// The text of an error without its path, which names the keys of maps.
fn told(error: &ReadError) -> String {
    error.to_string().replacen(&error.path(), "", 1)
}

#[test]
fn no_error_of_other_readers_repeats_the_value() {
    fn of<T: serde::de::DeserializeOwned>(value: &Value) -> Vec<ReadError> {
        let text = value.to_string();
        let document = Document::parse(&text).unwrap();
        [document.read::<T>().err(), document.read_lax::<T>().err(), document.read_closed::<T>().err()]
            .into_iter()
            .flatten()
            .collect()
    }
    let planted = json!(PLANTED);
    let errors = [
        of::<i64>(&planted),
        of::<f64>(&planted),
        of::<bool>(&planted),
        of::<char>(&planted),
        of::<()>(&planted),
        of::<(String, String)>(&json!([PLANTED])),
        of::<BTreeMap<u8, String>>(&json!({PLANTED: "a"})),
        of::<ListUpdatedAccounts>(&json!({"since": PLANTED})),
        of::<Page>(&json!({"size": PLANTED})),
        of::<lumos_connector_types::time::Date>(&planted),
        of::<lumos_connector_types::either::Either<i64, bool>>(&planted),
    ];
    for (index, errors) in errors.iter().enumerate() {
        assert!(!errors.is_empty(), "case {index} was accepted");
        for error in errors {
            assert!(!told(error).contains(PLANTED), "case {index}: {error}");
        }
    }
}
