//! A field of two types is read as the type that fits exactly, and only then by coercion.

use lumos_connector_types::either::Either;
use lumos_connector_types::json::Document;
use lumos_connector_types::schema::{self, Refs};
use lumos_connector_types::time::Date;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The value as it is written again; `None` when it is refused.
fn rewritten<A, B>(given: &str) -> Option<String>
where
    A: Serialize + DeserializeOwned,
    B: Serialize + DeserializeOwned,
{
    let document = Document::parse(given).unwrap();
    document.read_lax::<Either<A, B>>().ok().map(|either| serde_json::to_string(&either).unwrap())
}

#[test]
fn an_integer_or_a_text_keeps_what_it_is_given() {
    let table = [
        ("5", Some("5")),
        (r#""5""#, Some(r#""5""#)),
        (r#""x""#, Some(r#""x""#)),
        ("5.0", Some("5")),
        ("true", Some("1")),
        ("5.5", None),
        ("[]", None),
        ("null", None),
    ];
    for (given, expected) in table {
        assert_eq!(rewritten::<i64, String>(given).as_deref(), expected, "{given}");
        assert_eq!(rewritten::<String, i64>(given).as_deref(), expected, "{given}, the text first");
    }
}

#[test]
fn a_boolean_or_an_integer_keeps_what_it_is_given() {
    let both = [
        ("true", Some("true")),
        ("1", Some("1")),
        ("2", Some("2")),
        (r#""yes""#, Some("true")),
        (r#""x""#, None),
    ];
    for (given, expected) in both {
        assert_eq!(rewritten::<bool, i64>(given).as_deref(), expected, "{given}");
        assert_eq!(rewritten::<i64, bool>(given).as_deref(), expected, "{given}, the integer first");
    }
    // What fits neither exactly goes to the first that coerces it.
    assert_eq!(rewritten::<bool, i64>("1.0").as_deref(), Some("true"));
    assert_eq!(rewritten::<i64, bool>("1.0").as_deref(), Some("1"));
    assert_eq!(rewritten::<bool, i64>(r#""5""#).as_deref(), Some("5"));
}

#[test]
fn a_float_or_an_integer_keeps_what_it_is_given() {
    for (given, expected) in [("5", "5"), ("5.5", "5.5"), ("5.0", "5.0")] {
        assert_eq!(rewritten::<f64, i64>(given).as_deref(), Some(expected), "{given}");
        assert_eq!(rewritten::<i64, f64>(given).as_deref(), Some(expected), "{given}, the integer first");
    }
}

#[test]
fn a_date_or_a_text_is_a_date_when_it_can_be_read_as_one() {
    let table = [
        (r#""2024-01-31""#, Some(r#""2024-01-31""#)),
        (r#""x""#, Some(r#""x""#)),
        ("0", Some(r#""1970-01-01""#)),
        ("5.5", None),
    ];
    for (given, expected) in table {
        assert_eq!(rewritten::<Date, String>(given).as_deref(), expected, "{given}");
    }
}

#[test]
fn an_integer_or_a_list_of_them_is_told_apart() {
    let table = [
        ("5", Some("5")),
        (r#""5""#, Some("5")),
        ("[5]", Some("[5]")),
        (r#"["5"]"#, Some("[5]")),
        ("true", Some("1")),
        (r#""x""#, None),
        (r#"["x"]"#, None),
    ];
    for (given, expected) in table {
        assert_eq!(rewritten::<i64, Vec<i64>>(given).as_deref(), expected, "{given}");
    }
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Form {
    limit: Either<i64, String>,
    other: Option<Either<bool, String>>,
}

#[test]
fn an_optional_one_may_be_null_or_left_out() {
    for text in [r#"{"limit": 5}"#, r#"{"limit": 5, "other": null}"#] {
        let form: Form = Document::parse(text).unwrap().read_lax().unwrap();
        assert_eq!(serde_json::to_string(&form).unwrap(), r#"{"limit":5,"other":null}"#);
    }
    let error =
        Document::parse(r#"{"limit": []}"#).unwrap().read_lax::<Form>().err().expect("neither of the two");
    assert_eq!(error.path(), "limit");
}

#[test]
fn its_schema_names_both_types() {
    let schema = schema::of::<Form>(Refs::Defs);
    assert_eq!(
        schema["properties"]["limit"],
        json!({"anyOf": [{"type": "integer"}, {"type": "string"}], "title": "Limit"})
    );
    assert_eq!(
        schema["properties"]["other"],
        json!({"anyOf": [{"type": "boolean"}, {"type": "string"}, {"type": "null"}], "default": null, "title": "Other"})
    );
}
