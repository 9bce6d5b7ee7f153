//! What counts as JSON (contract §2).

use lumos_connector_types::json::{Document, Json, JsonObject};
use lumos_connector_types::payload::Page;
use proptest::prelude::*;
use serde_json::Value;

fn is_json(text: &str) -> bool {
    Document::parse(text).is_ok()
}

/// A text as the reader has it, written again.
fn rewritten(text: &str) -> String {
    Document::parse(text).unwrap().to_text()
}

#[test]
fn ascii_blanks_may_stand_around_a_value() {
    assert!(is_json(" \t\r\n{\"a\" : 1 }\n "));
    for blank in ["\u{a0}", "\u{feff}", "\u{2028}", "\u{b}", "\u{c}", "\0"] {
        assert!(!is_json(&format!("{blank}{{}}")), "{blank:?}");
    }
}

#[test]
fn texts_that_are_almost_json_are_refused() {
    let texts = [
        "",
        " ",
        "{",
        "}",
        "{}{}",
        "{} x",
        "[1,]",
        "{\"a\":1,}",
        "{,}",
        "{a:1}",
        "{'a':1}",
        "{\"a\" 1}",
        "{\"a\":}",
        "[1 2]",
        "01",
        "+1",
        ".5",
        "1.",
        "1e",
        "0x10",
        "1_000",
        "nul",
        "True",
        "nan",
        "inf",
        "infinity",
        "/* a */ {}",
        "{} // a",
        "\"",
        "\"\\x41\"",
        "\"\\u12\"",
        "\"a\nb\"",
        "\"\t\"",
        "\"\0\"",
    ];
    for text in texts {
        assert!(!is_json(text), "{text:?}");
    }
}

#[test]
fn of_duplicate_keys_the_last_one_counts() {
    let page: Page = Document::parse(r#"{"size": null, "size": "x", "size": 7}"#).unwrap().read().unwrap();
    assert_eq!(page.size, Some(7));
    let page = Document::parse(r#"{"size": 7, "size": "x"}"#).unwrap();
    assert!(page.read::<Page>().is_err());
    assert_eq!(page.root().field("size").unwrap().source(), "\"x\"");
    assert_eq!(rewritten(r#"{"a": 1, "b": {"c": 2, "c": 3}, "a": 4}"#), r#"{"b":{"c":3},"a":4}"#);
}

#[test]
fn of_many_duplicate_keys_the_last_ones_count() {
    let entries: Vec<_> = (0..200).map(|index| format!("\"key{}\": {index}", index % 50)).collect();
    let expected: Vec<_> = (0..50).map(|index| format!("\"key{index}\":{}", index + 150)).collect();
    assert_eq!(rewritten(&format!("{{{}}}", entries.join(", "))), format!("{{{}}}", expected.join(",")));
}

#[test]
fn numbers_that_json_does_not_have_are_read_and_written_as_null() {
    assert_eq!(rewritten("[NaN, Infinity, -Infinity, 1e999]"), "[null,null,null,null]");
    let object: JsonObject = Document::parse(r#"{"a": NaN, "b": [-Infinity]}"#).unwrap().read().unwrap();
    assert_eq!(object.text(), r#"{"a":null,"b":[null]}"#);
    assert!(Document::parse(r#"{"size": NaN}"#).unwrap().read::<Page>().is_err());
}

#[test]
fn half_of_a_surrogate_pair_is_refused_and_a_whole_one_read() {
    for half in [r#""\ud83d""#, r#""\ude00""#, r#""\ud83d x""#, r#""\ude00\ud83d""#, r#"{"\ud83d": 1}"#] {
        assert!(!is_json(half), "{half}");
    }
    assert_eq!(rewritten(r#""\ud83d\ude00""#), "\"😀\"");
}

#[test]
fn text_passes_through_unchanged() {
    let text = "\u{0}\u{1f}\"\\/\u{7f}é\u{2028}\u{fffe}\u{10ffff}";
    let json = serde_json::to_string(text).unwrap();
    assert_eq!(Document::parse(&json).unwrap().read::<String>().unwrap(), text);
    assert_eq!(rewritten(&json), json);
}

#[test]
fn whether_it_is_an_object_can_be_asked() {
    assert!(Document::parse("{}").unwrap().root().is_object());
    for other in ["[]", "null", "5", "\"{}\""] {
        let other = Document::parse(other).unwrap();
        assert!(!other.root().is_object());
        assert!(other.root().field("a").is_none());
        assert!(other.read::<JsonObject>().is_err());
    }
}

#[test]
fn free_form_text_is_checked_when_it_is_made() {
    assert_eq!(Json::from_text("{\"a\": 1.0}".to_owned()).unwrap().text(), "{\"a\": 1.0}");
    assert!(Json::from_text("{a: 1}".to_owned()).is_err());
    assert!(JsonObject::try_from(Json::from_text("[]".to_owned()).unwrap()).is_err());
    assert_eq!(JsonObject::default().text(), "{}");
    assert_eq!(Json::default().text(), "null");
}

#[test]
fn free_form_values_are_equal_as_json() {
    let json = |text: &str| Json::from_text(text.to_owned()).unwrap();
    assert_eq!(json(r#"{"a": 1, "b": [2]}"#), json(r#"{"b":[2],"a":1}"#));
    assert_ne!(json("[1, 2]"), json("[2, 1]"));
    assert_ne!(json("1"), json("1.0"));
}

/// Any text of JSON, as messy as callers may send it: blanks, duplicate keys, escapes that need not be. `wide` texts have
/// also the numbers that only the contract's JSON has, or that no float can hold.
pub(crate) fn any_text(wide: bool) -> impl Strategy<Value = String> {
    let odd = if wide {
        vec!["NaN", "Infinity", "-Infinity", "1e999", "-1E+400"]
    } else {
        vec!["0", "-0", "1E2", "0e-5", "18446744073709551615"]
    };
    let number = "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,20})?([eE][-+]?[0-9]{1,2})?";
    let text = (any::<String>(), any::<bool>()).prop_map(|(text, ascii)| quoted(&text, ascii));
    let leaf = prop_oneof![
        prop::sample::select(vec!["null", "true", "false", "\"\"", "[]", "{}", "[ ]", "{\t}"])
            .prop_map(str::to_owned),
        prop::sample::select(odd).prop_map(str::to_owned),
        number.prop_map(|number| number),
        text,
        // Longer than what is passed over byte by byte.
        (60..200_usize).prop_map(|length| format!("\"{}\"", "long, ".repeat(length / 6))),
    ];
    let key = (prop::sample::select(vec!["a", "b", "c", "d", "é", "f", "g", ""]), any::<bool>())
        .prop_map(|(key, ascii)| quoted(key, ascii));
    let blank = prop::sample::select(vec!["", "", "", " ", "\n\t", "\r\n"]);
    let value = leaf.prop_recursive(12, 96, 8, move |inner| {
        let padded = (blank.clone(), inner, blank.clone())
            .prop_map(|(before, value, after)| format!("{before}{value}{after}"));
        let member = (blank.clone(), key.clone(), blank.clone(), padded.clone())
            .prop_map(|(before, key, after, value)| format!("{before}{key}{after}:{value}"));
        prop_oneof![
            prop::collection::vec(padded, 1..8).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(member, 1..20).prop_map(|members| format!("{{{}}}", members.join(","))),
        ]
    });
    (prop::sample::select(vec!["", "", " ", "\n"]), value)
        .prop_map(|(blank, value)| format!("{blank}{value}{blank}"))
}

/// A JSON string, with escapes where it needs them or wherever it can have them.
fn quoted(text: &str, escaped: bool) -> String {
    if !escaped {
        return serde_json::to_string(text).unwrap();
    }
    let units: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    format!("\"{units}\"")
}

/// Any JSON value, three levels deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..8)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_value_is_read_and_written_as_it_is(value in any_json()) {
        let text = value.to_string();
        prop_assert_eq!(rewritten(&text), text.clone());
        let json: Json = Document::parse(&text).unwrap().read().unwrap();
        prop_assert_eq!(json.text(), text);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC*") {
        if let Ok(document) = Document::parse(&text) {
            let _ = (document.read::<Page>(), document.read_lax::<Page>(), document.to_text());
        }
    }
}
