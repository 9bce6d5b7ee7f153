//! The reader held against other parsers: the reference's own (`jiter`) and `serde_json`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use indexmap::IndexMap;
use jiter::JsonValue;
use lumos_connector_types::either::Either;
use lumos_connector_types::json::{self, Document, Json, JsonObject};
use lumos_connector_types::payload::AuthCredential;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;

use crate::texts::any_text;

/// What the reference's parser makes of a text: compact JSON with one entry per key.
fn by_jiter(text: &str) -> Option<String> {
    fn write(value: &JsonValue<'_>, out: &mut String) {
        match value {
            JsonValue::Null => out.push_str("null"),
            JsonValue::Bool(flag) => out.push_str(&flag.to_string()),
            JsonValue::Int(number) => out.push_str(&number.to_string()),
            JsonValue::BigInt(number) => out.push_str(&number.to_string()),
            JsonValue::Float(number) => out.push_str(&serde_json::to_string(number).unwrap()),
            JsonValue::Str(text) => out.push_str(&serde_json::to_string(text).unwrap()),
            JsonValue::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    out.push(if index == 0 { '[' } else { ',' });
                    write(item, out);
                }
                out.push_str(if items.is_empty() { "[]" } else { "]" });
            }
            JsonValue::Object(entries) => {
                out.push('{');
                let mut separator = "";
                for (index, (key, value)) in entries.iter().enumerate() {
                    if entries[index + 1..].iter().all(|(later, _)| later != key) {
                        out.push_str(separator);
                        separator = ",";
                        out.push_str(&serde_json::to_string(key).unwrap());
                        out.push(':');
                        write(value, out);
                    }
                }
                out.push('}');
            }
        }
    }
    let value = JsonValue::parse(text.as_bytes(), true).ok()?;
    let mut out = String::new();
    write(&value, &mut out);
    Some(out)
}

fn by_us(text: &str) -> Option<String> {
    Document::parse(text).ok().map(|document| document.to_text())
}

/// A struct with a field of each kind, under the keys that generated texts have.
#[derive(Debug, PartialEq, Deserialize)]
struct Everything {
    a: Option<Value>,
    b: Option<Vec<Value>>,
    c: Option<BTreeMap<String, Value>>,
    d: Option<i64>,
    #[serde(rename = "é")]
    e: Option<f64>,
    f: Option<Box<Everything>>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Closed {
    #[serde(alias = "b")]
    a: Option<Value>,
}

/// A text that is an object: itself, or around it.
fn as_object(text: &str) -> String {
    match text.trim() {
        object if object.starts_with('{') => object.to_owned(),
        other => format!(r#"{{"a": {other}, "b": [{other}], "f": {{"a": {other}}}}}"#),
    }
}

/// One edit of a text, made where the numbers say.
fn edited(text: &str, kind: u8, place: usize, letter: &str) -> String {
    let places: Vec<_> = text.char_indices().map(|(place, _)| place).chain([text.len()]).collect();
    let at = places[place % places.len()];
    let next = text[at..].chars().next().map_or(at, |letter| at + letter.len_utf8());
    match kind % 4 {
        0 => format!("{}{}", &text[..at], &text[next..]),
        1 => format!("{}{letter}{}", &text[..at], &text[at..]),
        2 => format!("{}{letter}{}", &text[..at], &text[next..]),
        _ => text[..at].to_owned(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn texts_are_read_as_the_parser_of_the_reference_reads_them(text in any_text(true)) {
        let expected = by_jiter(&text);
        prop_assert!(expected.is_some(), "not JSON: {text}");
        prop_assert_eq!(by_us(&text), expected);
    }

    #[test]
    fn edited_texts_are_refused_when_the_parser_of_the_reference_refuses_them(
        text in any_text(true),
        kind: u8,
        place: usize,
        letter in "[\\PC\\x00-\\x20]|[-0-9eE.+\"\\\\{}\\[\\],:uNI]",
    ) {
        let text = edited(&text, kind, place, &letter);
        prop_assert_eq!(by_us(&text), by_jiter(&text), "{}", text);
    }

    #[test]
    fn typed_values_are_those_of_serde_json(text in any_text(false)) {
        let text = as_object(&text);
        let plain = by_jiter(&text).unwrap();
        let (read, expected) = (json::read::<Everything>(&text), serde_json::from_str::<Everything>(&plain));
        match (read, expected) {
            (Ok(read), Ok(expected)) => prop_assert_eq!(read, expected),
            (read, expected) => prop_assert_eq!(read.is_ok(), expected.is_ok(), "{:?}, {:?}: {}", read, expected, text),
        }
        let closed = json::read::<Closed>(&text).ok();
        prop_assert_eq!(closed, serde_json::from_str::<Closed>(&plain).ok(), "{}", text);
    }

    #[test]
    fn a_part_says_what_the_whole_says(text in any_text(true)) {
        let document = Document::parse(&text).unwrap();
        prop_assert_eq!(document.root().source(), text.trim());
        for (key, member) in document.root().members() {
            let field = document.root().field(&key).unwrap();
            prop_assert_eq!(member.source(), field.source());
            prop_assert_eq!(Document::parse(member.source()).unwrap().to_text(), member.to_text().unwrap());
        }
        for item in document.root().items() {
            prop_assert_eq!(Document::parse(item.source()).unwrap().to_text(), item.to_text().unwrap());
        }
    }

    #[test]
    fn duplicates_and_strangers_do_not_change_what_is_read(
        text in any_text(true),
        other in any_text(true),
    ) {
        // The same values beside an earlier one for each key and beside keys that no field has.
        let text = as_object(&text);
        let document = Document::parse(&text).unwrap();
        let other = other.trim();
        let more: String = ["a", "b", "c", "d", "\\u00e9", "f"]
            .iter()
            .filter(|key| document.root().field(&key.replace("\\u00e9", "é")).is_some())
            .flat_map(|key| [format!("\"{key}\": {other},"), format!("\"stranger {key}\": {other},")])
            .collect();
        let inner = text[1..].trim_start();
        let comma = if inner.starts_with('}') { "" } else { "," };
        let messy = format!("{{{more}\"unheard of\": 1{comma}{inner}");
        let told = |text: &str| {
            [json::read::<Everything>(text), json::read_lax::<Everything>(text)].map(|read| format!("{read:?}"))
        };
        prop_assert_eq!(told(&text), told(&messy));
    }
}

/// The number of keys that the issue speaks of.
const MANY: usize = 200_000;

fn many_keys() -> String {
    let members: Vec<_> = (0..MANY).map(|index| format!("\"key{index}\":{index}")).collect();
    format!("{{{}}}", members.join(","))
}

/// Each of these would not end in a day if its cost grew with the square of the number of keys.
#[test]
fn very_many_keys_are_read_wherever_they_are() {
    #[derive(Deserialize)]
    struct Settings {
        host: String,
    }
    let keys = many_keys();
    let strangers = keys.replacen('{', r#"{"host":"h","#, 1);
    assert_eq!(json::read_lax::<Settings>(&strangers).unwrap().host, "h");
    let twice = format!("{},{}", keys.trim_end_matches('}'), &keys[1..]);
    for text in [&keys, &twice] {
        assert_eq!(json::read::<IndexMap<String, u32>>(text).unwrap().len(), MANY);
        assert_eq!(json::read::<JsonObject>(text).unwrap().text(), keys);
        assert!(json::read::<AuthCredential>(text).is_ok());
        assert!(json::read_lax::<Either<i64, BTreeMap<String, i64>>>(text).is_ok());
    }
    let same = format!("{{{}\"host\":\"last\"}}", "\"host\":\"h\",".repeat(MANY));
    assert_eq!(json::read_lax::<Settings>(&same).unwrap().host, "last");
    assert_eq!(json::read::<Json>(&same).unwrap().text(), r#"{"host":"last"}"#);
}

#[test]
fn nested_values_without_end_are_passed_over() {
    #[derive(Deserialize)]
    struct Settings {
        host: String,
    }
    let deep = |inner: &str| format!("{}{inner}{}", r#"{"":["#.repeat(90), "]}".repeat(90));
    for stranger in ["{},".repeat(MANY), "[[]],".repeat(MANY), format!("{},", deep("1")).repeat(500)] {
        let text = format!(r#"{{"n":[{stranger}0],"host":"h"}}"#);
        assert_eq!(json::read_lax::<Settings>(&text).unwrap().host, "h");
        assert_eq!(json::read::<BTreeMap<String, Value>>(&text).unwrap().len(), 2);
        assert!(json::read::<Json>(&text).unwrap().text() == text);
    }
}

#[test]
fn reading_ends_at_its_deadline() {
    let text = many_keys();
    let passed = Instant::now();
    assert!(Document::parse_before(&text, passed).err().unwrap().is_deadline());
    let ahead = passed + Duration::from_secs(3600);
    let document = Document::parse_before(&text, ahead).unwrap();
    assert_eq!(document.read::<IndexMap<String, u32>>().unwrap().len(), MANY);
    assert!(
        Document::parse_before("{}", passed).is_ok(),
        "a small text is read before anybody looks at a clock"
    );
}

#[test]
fn a_byte_order_mark_is_named() {
    let error = Document::parse("\u{feff}{}").err().unwrap().to_string();
    assert!(error.contains("byte order mark"), "{error}");
}

#[test]
fn the_place_of_a_mistake_is_told_in_lines_and_letters() {
    for (text, expected) in [
        ("", "expected a value at line 1 column 1"),
        ("{\"é\": tru}", "expected a value at line 1 column 7"),
        ("{\n  \"a\": 1,\n  b: 2\n}", "expected a key in double quotes at line 3 column 3"),
        ("[1\n 2]", "expected `,` or `]` at line 2 column 2"),
        ("{} {}", "expected the end of the text at line 1 column 4"),
        ("\"\\ud800\"", "half of a surrogate pair at line 1 column 2"),
        ("01", "a number with a leading zero at line 1 column 2"),
    ] {
        let error = Document::parse(text).err().unwrap().to_string();
        assert_eq!(error, format!("not valid JSON: {expected}"), "{text:?}");
    }
}

#[test]
fn an_answer_is_read_after_a_byte_order_mark_and_with_the_last_of_duplicates() {
    #[derive(Deserialize)]
    struct Found {
        users: Vec<String>,
    }
    let answer = "\u{feff}{\"users\":[],\"users\":[\"ada\"]}";
    assert_eq!(json::read_answer::<Found>(answer.as_bytes()).unwrap().users, ["ada"]);
    let error = json::read_answer::<Found>(b"{\"users\":[\"\xff\"]}").err().unwrap().to_string();
    assert_eq!(error, "not UTF-8 at byte 12");
}
