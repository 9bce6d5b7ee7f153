//! How deep a text may be nested: at least 100 levels are read, 1,000 are refused.

use lumos_connector_types::envelope::RequestEnvelope;
use lumos_connector_types::json::{Document, Json, MAX_DEPTH};
use lumos_connector_types::payload::{FoundAccountData, ListAccounts};

fn arrays(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

fn objects(levels: usize) -> String {
    format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels))
}

/// Texts with a value of some levels inside: where nobody reads it, in a free-form map, as settings.
fn texts(inner: &str) -> [String; 4] {
    [
        format!(r#"{{"request": {{}}, "unheard of": {inner}}}"#),
        format!(r#"{{"request": {{"unheard of": {inner}}}}}"#),
        format!(r#"{{"request": {{}}, "settings": {{"any": {inner}}}}}"#),
        format!(
            r#"{{"request": {{}}, "auth": {{"service_account": {{"service_type": null, "key": {{"any": {inner}}},
            "impersonation_email": "", "tenant_id": "", "scopes": []}}}}}}"#
        ),
    ]
}

fn is_read(text: &str) -> bool {
    Document::parse(text).is_ok_and(|document| document.read::<RequestEnvelope<ListAccounts>>().is_ok())
}

#[test]
fn a_hundred_levels_are_read_wherever_they_are() {
    for inner in [arrays(100), objects(100)] {
        for text in texts(&inner) {
            assert!(is_read(&text), "{text}");
        }
    }
}

#[test]
fn a_thousand_levels_are_refused_wherever_they_are() {
    for levels in [1_000, 100_000] {
        for inner in [arrays(levels), objects(levels), "[".repeat(levels)] {
            for text in texts(&inner) {
                assert!(!is_read(&text), "{levels} levels");
            }
        }
    }
}

#[test]
fn the_limit_is_the_documented_one() {
    assert!(Document::parse(&arrays(MAX_DEPTH)).is_ok());
    assert!(Document::parse(&arrays(MAX_DEPTH + 1)).is_err());
}

#[test]
fn what_is_deep_is_written_again() {
    let deep = arrays(MAX_DEPTH);
    assert_eq!(Document::parse(&deep).unwrap().to_text(), deep);
    let json: Json = Document::parse(&deep).unwrap().read().unwrap();
    assert_eq!(serde_json::to_string(&json).unwrap(), deep);
    let account = format!(r#"{{"integration_specific_id": "a", "extra_data": {}}}"#, objects(100));
    let account: FoundAccountData = Document::parse(&account).unwrap().read().unwrap();
    assert_eq!(account.extra_data.unwrap().text(), objects(100));
}
