//! Settings and custom payloads are read with coercion: the same values as the reference takes for each type.

use indexmap::IndexMap;
use lumos_connector_types::json::{Document, Json};
use lumos_connector_types::wire_enum;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

wire_enum! {
    /// A plain enumeration.
    enum Color {
        Red = "red",
        Green = "green",
    }
}

/// An enumeration that takes any other text, too.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Shape {
    Square,
    #[serde(other)]
    Unknown,
}

#[derive(Debug, Serialize, Deserialize)]
struct Part {
    name: String,
    #[serde(default = "one")]
    weight: f64,
}

fn one() -> f64 {
    1.0
}

fn five() -> i64 {
    5
}

#[derive(Debug, Serialize, Deserialize)]
struct Form {
    text: Option<String>,
    whole: Option<i64>,
    decimal: Option<f64>,
    flag: Option<bool>,
    color: Option<Color>,
    shape: Option<Shape>,
    numbers: Option<Vec<i64>>,
    labels: Option<IndexMap<String, i64>>,
    nested: Option<Part>,
    any: Option<Json>,
    #[serde(default = "five")]
    batch: i64,
}

/// What becomes of a field, as JSON; `None` when it is refused.
fn field(name: &str, given: &str) -> Option<String> {
    let text = format!("{{\"{name}\": {given}}}");
    let form: Form = Document::parse(&text).unwrap().read_lax().ok()?;
    let written = serde_json::to_string(&form).unwrap();
    Some(Document::parse(&written).unwrap().root().field(name).expect(name).to_text().unwrap())
}

fn check(name: &str, table: &[(&str, &str)], refused: &[&str]) {
    let refused = refused.iter().map(|given| (*given, None));
    let rows = table.iter().map(|(given, expected)| (*given, Some((*expected).to_owned()))).chain(refused);
    let wrong: Vec<_> = rows.filter(|(given, expected)| field(name, given) != *expected).collect();
    let told =
        |(given, expected)| format!("{name} = {given}: expected {expected:?}, got {:?}", field(name, given));
    assert!(wrong.is_empty(), "{}", wrong.into_iter().map(told).collect::<Vec<_>>().join("\n"));
}

#[test]
fn an_integer_comes_from_whole_floats_booleans_and_text() {
    let table = [
        ("5", "5"),
        ("-5", "-5"),
        ("5.0", "5"),
        ("-0.0", "0"),
        ("1e3", "1000"),
        ("true", "1"),
        ("false", "0"),
        (r#""5""#, "5"),
        (r#"" 5 ""#, "5"),
        (r#""\n5\t""#, "5"),
        (r#""\u00a05""#, "5"),
        (r#""+5""#, "5"),
        (r#""-5""#, "-5"),
        (r#""-0""#, "0"),
        (r#""05""#, "5"),
        (r#""1_000""#, "1000"),
        (r#""1_000.0""#, "1000"),
        (r#""5.0""#, "5"),
        (r#""5.00""#, "5"),
        ("9007199254740992", "9007199254740992"),
        (r#""9223372036854775807""#, "9223372036854775807"),
        ("null", "null"),
    ];
    let refused = [
        "5.5",
        "1e20",
        "NaN",
        "Infinity",
        "[]",
        "{}",
        r#""5.5""#,
        r#""5.""#,
        r#"".0""#,
        r#""5.0e0""#,
        r#""1e3""#,
        r#""0x3""#,
        r#""1__0""#,
        r#""_1""#,
        r#""1_""#,
        r#""+_5""#,
        r#""5_.0""#,
        r#""5.0_0""#,
        r#""""#,
        r#"" ""#,
        r#""+ 5""#,
        r#""- 5""#,
        r#""++5""#,
        r#""5 0""#,
        r#""٣""#,
        r#""é""#,
    ];
    check("whole", &table, &refused);
}

#[test]
fn a_float_comes_from_integers_booleans_and_text() {
    let table = [
        ("5", "5.0"),
        ("5.0", "5.0"),
        ("0.1", "0.1"),
        ("true", "1.0"),
        ("false", "0.0"),
        (r#""5.5""#, "5.5"),
        (r#"" 5.5 ""#, "5.5"),
        (r#""\u00a05""#, "5.0"),
        (r#""1e5""#, "100000.0"),
        (r#""1_000.5""#, "1000.5"),
        (r#""5.""#, "5.0"),
        (r#"".5""#, "0.5"),
        ("12345678901234567890123", "1.2345678901234568e+22"),
        ("null", "null"),
    ];
    let refused = ["[]", "{}", r#""x""#, r#""""#, r#""0x10""#, r#""1__0""#, r#""infinit""#, r#""5,5""#];
    check("decimal", &table, &refused);
}

#[test]
fn a_float_that_json_does_not_have_is_read_and_written_as_null() {
    let names =
        ["nan", "NaN", "+nan", "-nan", "inf", "-inf", "+inf", "Infinity", "-Infinity", "infinity", "1e400"];
    for name in names {
        assert_eq!(field("decimal", &format!("\"{name}\"")).as_deref(), Some("null"), "{name}");
    }
    for literal in ["NaN", "Infinity", "-Infinity", "1e400"] {
        assert_eq!(field("decimal", literal).as_deref(), Some("null"), "{literal}");
    }
}

#[test]
fn a_boolean_comes_from_zero_one_and_the_usual_words() {
    let yes =
        ["true", "1", "1.0", r#""true""#, r#""True""#, r#""Yes""#, r#""on""#, r#""t""#, r#""Y""#, r#""1""#];
    let no = ["false", "0", "0.0", "-0.0", r#""FALSE""#, r#""no""#, r#""Off""#, r#""f""#, r#""N""#, r#""0""#];
    let table: Vec<_> =
        yes.map(|given| (given, "true")).into_iter().chain(no.map(|given| (given, "false"))).collect();
    let refused =
        ["2", "-1", "0.5", r#""""#, r#"" true""#, r#""true ""#, r#""2""#, r#""1.0""#, r#""ok""#, "[]"];
    check("flag", &table, &refused);
}

#[test]
fn a_text_comes_from_text_only() {
    check(
        "text",
        &[(r#""""#, r#""""#), (r#""5""#, r#""5""#), ("null", "null")],
        &["5", "5.5", "true", "[]", "{}"],
    );
}

#[test]
fn an_enumeration_comes_from_its_exact_strings() {
    check(
        "color",
        &[(r#""red""#, r#""red""#), ("null", "null")],
        &[r#""Red""#, r#"" red""#, r#""blue""#, "5", "true"],
    );
}

#[test]
fn an_enumeration_with_a_fallback_takes_any_text() {
    let table =
        [(r#""square""#, r#""square""#), (r#""Square""#, r#""unknown""#), (r#""blob""#, r#""unknown""#)];
    check("shape", &table, &[]);
}

#[test]
fn the_items_of_lists_and_maps_are_coerced_but_not_these_themselves() {
    check(
        "numbers",
        &[("[]", "[]"), (r#"[1, "2", 3.0, true]"#, "[1,2,3,1]")],
        &["[1.5]", r#"["x"]"#, "[null]", "[[1]]", r#""123""#, r#""[1]""#, "{}", "5"],
    );
    check(
        "labels",
        &[("{}", "{}"), (r#"{"é😀": "1"}"#, r#"{"é😀":1}"#)],
        &[r#"{"a": null}"#, r#"{"a": "x"}"#, "[]", r#""x""#, r#""{}""#],
    );
    check(
        "nested",
        &[(r#"{"name": "n", "weight": "2", "more": 1}"#, r#"{"name":"n","weight":2.0}"#)],
        &["{}", r#"{"name": 5}"#, r#"{"weight": 1}"#, "[]", r#"["n", 1]"#, r#""x""#],
    );
}

#[test]
fn a_free_form_value_is_not_coerced() {
    check("any", &[(r#"["5", 5.0, true]"#, r#"["5",5.0,true]"#), (r#""yes""#, r#""yes""#)], &[]);
}

#[test]
fn null_is_not_the_same_as_left_out() {
    check("batch", &[(r#""7""#, "7")], &["null"]);
    let form: Form = Document::parse("{}").unwrap().read_lax().unwrap();
    assert_eq!(form.batch, 5);
}

#[test]
fn keys_of_maps_may_be_numbers_in_both_modes() {
    let text = r#"{"7": "a", "8": "b"}"#;
    let expected = IndexMap::from([(7_u8, "a".to_owned()), (8, "b".to_owned())]);
    assert_eq!(Document::parse(text).unwrap().read::<IndexMap<u8, String>>().unwrap(), expected);
    assert_eq!(Document::parse(text).unwrap().read_lax::<IndexMap<u8, String>>().unwrap(), expected);
}

#[test]
fn unknown_keys_are_refused_only_by_the_closed_reader() {
    let document = Document::parse(r#"{"name": "n", "weight": "2", "more": 1}"#).unwrap();
    assert!(document.read_lax::<Part>().is_ok());
    let error = document.read_closed::<Part>().expect_err("an unknown key");
    assert_eq!(error.to_string(), "unknown field `more`, expected one of `name`, `weight`");
    let document = Document::parse(r#"{"name": "n", "weight": "2"}"#).unwrap();
    assert_eq!(document.read_closed::<Part>().unwrap().weight.to_bits(), 2.0_f64.to_bits());
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(whole: i64, decimal in -1e300..1e300_f64, flag: bool, text: String) {
        let form = serde_json::json!({"whole": whole.to_string(), "decimal": decimal.to_string(), "flag": flag.to_string(), "text": text});
        let read: Form = Document::parse(&form.to_string()).unwrap().read_lax().unwrap();
        prop_assert_eq!(read.whole, Some(whole));
        prop_assert_eq!(read.decimal, Some(decimal));
        prop_assert_eq!(read.flag, Some(flag));
        prop_assert_eq!(read.text, Some(text));
    }

    #[test]
    fn no_text_makes_a_coercion_panic(given: String) {
        let given = serde_json::to_string(&given).unwrap();
        for name in ["whole", "decimal", "flag", "color", "shape", "numbers", "labels", "nested"] {
            let _ = field(name, &given);
        }
    }
}
