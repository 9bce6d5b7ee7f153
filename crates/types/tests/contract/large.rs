//! Large texts are read field by field; nobody must notice.

use lumos_connector_types::json::{self, Document, Json, ReadError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Report {
    payload: Json,
    rows: i64,
    ratio: Option<f64>,
    inner: Option<Inner>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Inner {
    names: Vec<String>,
}

/// An object with these fields and so much else that it is large.
fn large(fields: &str) -> String {
    format!(r#"{{"padding": [{}0], {fields}}}"#, "0, ".repeat(50_000))
}

/// A text read strictly and laxly, each beside what its document says.
fn both<T: DeserializeOwned>(text: &str) -> [(Result<T, ReadError>, Result<T, ReadError>); 2] {
    let strictly = Document::parse(text).and_then(|document| document.read());
    let laxly = Document::parse(text).and_then(|document| document.read_lax());
    [(json::read(text), strictly), (json::read_lax(text), laxly)]
}

#[test]
fn a_large_text_is_read_as_its_document_is() {
    let wide = format!(r#""payload": {{"a": [{}1.50]}}, "rows": 1"#, "null, \"é\\u0041\", ".repeat(20_000));
    for fields in [
        r#""payload": {"b": [1, 2.50, {"c": null}], "a": 9007199254740993}, "rows": 7, "ratio": null"#,
        r#""payload": null, "rows": 7, "ratio": 2, "inner": {"names": ["x", "y"]}"#,
        r#""payload": 1, "rows": "7""#,
        r#""payload": 1, "rows": 7.5"#,
        r#""payload": {"a": 1, "a": 2}, "rows": 1, "rows": 2"#,
        r#""payload": [NaN, Infinity], "rows": 1"#,
        r#""rows": 1"#,
        r#""payload": 1, "rows": 1, "inner": {"names": [1]}"#,
        r#""payload": 1, "rows": 1, "inner": {}"#,
        r#""payload": "\ud800", "rows": 1"#,
        r#""payload": [1,], "rows": 1"#,
        r#""payload": 1, "rows": 1, "unknown": [}"#,
        &wide,
    ] {
        for (read, expected) in both::<Report>(&large(fields)) {
            match (read, expected) {
                (Ok(read), Ok(expected)) => {
                    assert_eq!(
                        serde_json::to_string(&read).unwrap(),
                        serde_json::to_string(&expected).unwrap(),
                        "{fields:.100}"
                    );
                }
                (Err(read), Err(expected)) => {
                    assert_eq!(read.path(), expected.path(), "{read}, {expected}, {fields:.100}");
                }
                (read, expected) => panic!("{fields:.100}: {read:?} instead of {expected:?}"),
            }
        }
    }
}

#[test]
fn a_large_text_that_is_no_object_is_refused() {
    let text = format!("[{}0]", "0, ".repeat(50_000));
    for (read, expected) in both::<Report>(&text) {
        assert_eq!(read.unwrap_err(), expected.unwrap_err());
    }
    for (read, expected) in both::<Vec<i64>>(&text) {
        assert_eq!(read.unwrap(), expected.unwrap());
    }
}
