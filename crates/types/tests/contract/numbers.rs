//! Numbers: what passes through free-form fields, and what typed fields hold.

use lumos_connector_types::json::{Document, Json, JsonObject};
use lumos_connector_types::payload::{FoundAccountData, JWTClaims, Page};

fn digits(count: usize) -> String {
    "1".repeat(count)
}

#[test]
fn integers_of_any_length_pass_through_free_form_fields() {
    for number in ["0", "-1", "9007199254740993", "-9223372036854775809", "18446744073709551616", &digits(25)]
    {
        let text = format!(
            r#"{{"integration_specific_id": "a", "extra_data": {{"n": {number}, "in": [{number}]}}}}"#
        );
        let account: FoundAccountData = Document::parse(&text).unwrap().read().unwrap();
        assert_eq!(
            account.extra_data.as_ref().unwrap().text(),
            format!(r#"{{"n":{number},"in":[{number}]}}"#)
        );
        let written = serde_json::to_string(&account).unwrap();
        assert!(written.contains(&format!(r#""extra_data":{{"n":{number},"in":[{number}]}}"#)), "{written}");
    }
}

#[test]
fn integers_up_to_4300_digits_are_json() {
    let longest = digits(4300);
    assert_eq!(Document::parse(&longest).unwrap().to_text(), longest);
    assert!(Document::parse(&digits(4301)).is_err());
}

#[test]
fn floats_keep_their_point() {
    for (given, written) in
        [("1.0", "1.0"), ("-0.0", "-0.0"), ("0.1", "0.1"), ("1E2", "100.0"), ("1e-7", "1e-7")]
    {
        assert_eq!(Document::parse(given).unwrap().to_text(), written);
        let object: JsonObject = Document::parse(&format!("{{\"n\":{given}}}")).unwrap().read().unwrap();
        assert_eq!(object.text(), format!("{{\"n\":{written}}}"));
    }
}

#[test]
fn a_large_float_stays_the_same_number() {
    for given in ["1e+22", "1.7976931348623157e308", "5e-324", "123456789012345680000.0"] {
        let written = Document::parse(given).unwrap().to_text();
        assert_eq!(written.parse::<f64>(), given.parse::<f64>());
        assert!(written.contains(['.', 'e']), "{written} has become an integer");
    }
}

#[test]
fn a_typed_field_refuses_an_integer_beyond_64_bits() {
    for (size, accepted) in [
        ("9223372036854775807", true),
        ("-9223372036854775808", true),
        ("9223372036854775808", false),
        ("-9223372036854775809", false),
        ("18446744073709551616", false),
        ("1180591620717411303424", false),
    ] {
        let text = format!("{{\"size\": {size}}}");
        let document = Document::parse(&text).unwrap();
        assert_eq!(document.read::<Page>().is_ok(), accepted, "{size}");
        assert_eq!(document.read_lax::<Page>().is_ok(), accepted, "{size} read laxly");
    }
}

#[test]
fn smaller_types_refuse_what_they_cannot_hold() {
    let read = |text: &str| Document::parse(text).unwrap().read_lax::<u8>().ok();
    assert_eq!(read("255"), Some(255));
    assert_eq!(read("\"255\""), Some(255));
    assert_eq!(read("256"), None);
    assert_eq!(read("-1"), None);
    assert_eq!(Document::parse("18446744073709551615").unwrap().read::<u64>().ok(), Some(u64::MAX));
}

#[test]
fn a_made_value_keeps_its_numbers() {
    let json = Json::new(&(1.0, i64::MAX, u64::MAX, f64::NAN)).unwrap();
    assert_eq!(json.text(), "[1.0,9223372036854775807,18446744073709551615,null]");
    assert_eq!(
        JsonObject::new(&Page { token: None, size: Some(3) }).unwrap().text(),
        r#"{"token":null,"size":3}"#
    );
    assert!(JsonObject::new(&[1]).is_err());
}

#[test]
fn claims_are_64_bit_integers() {
    let claims = JWTClaims { exp: i64::MAX, ..JWTClaims::default() };
    let text = serde_json::to_string(&claims).unwrap();
    assert_eq!(Document::parse(&text).unwrap().read::<JWTClaims>().unwrap(), claims);
}
