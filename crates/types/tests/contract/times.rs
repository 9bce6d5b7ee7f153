//! Dates and times: what they are read from, and how they are written (contract §1 and §2).

use std::fmt::Display;
use std::time::{Duration, SystemTime};

use lumos_connector_types::json::Document;
use lumos_connector_types::payload::{DataRecency, ListUpdatedAccounts};
use lumos_connector_types::time::{Date, DateTime};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A time read in either mode, as it is written; `None` when it is refused.
fn rewritten<T: Serialize + DeserializeOwned + Display>(given: &str) -> Option<String> {
    let document = Document::parse(given).unwrap();
    let (strict, lax) = (document.read::<T>().ok(), document.read_lax::<T>().ok());
    let written = |value: T| {
        let json = serde_json::to_string(&value).unwrap();
        assert_eq!(json, format!("\"{value}\""), "Display and the wire differ");
        value.to_string()
    };
    let (strict, lax) = (strict.map(written), lax.map(written));
    assert_eq!(strict, lax, "{given} depends on the mode");
    lax
}

#[test]
fn a_date_time_is_read_from_rfc_3339_and_its_relatives() {
    let table = [
        ("2024-01-31T12:00:00Z", "2024-01-31T12:00:00Z"),
        ("2024-01-31t12:00:00z", "2024-01-31T12:00:00Z"),
        ("2024-01-31 12:00:00", "2024-01-31T12:00:00"),
        ("2024-01-31_12:00:00", "2024-01-31T12:00:00"),
        ("2024-01-31T12:00:00+02:00", "2024-01-31T12:00:00+02:00"),
        ("2024-01-31T12:00:00-0530", "2024-01-31T12:00:00-05:30"),
        ("2024-01-31T12:00:00+00:00", "2024-01-31T12:00:00Z"),
        ("2024-01-31T12:00:00-00:00", "2024-01-31T12:00:00Z"),
        ("2024-01-31T12:00:00+23:59", "2024-01-31T12:00:00+23:59"),
        ("2024-01-31T12:00:00.123Z", "2024-01-31T12:00:00.123000Z"),
        ("2024-01-31T12:00:00,5Z", "2024-01-31T12:00:00.500000Z"),
        ("2024-01-31T12:00:00.000Z", "2024-01-31T12:00:00Z"),
        ("2024-01-31T12:00:00.123456789Z", "2024-01-31T12:00:00.123456Z"),
        ("2024-01-31T12:00", "2024-01-31T12:00:00"),
        ("2024-01-31T12:00Z", "2024-01-31T12:00:00Z"),
        ("2024-01-31", "2024-01-31T00:00:00"),
        ("0001-01-01T00:00:00", "0001-01-01T00:00:00"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
    ];
    let wrong: Vec<_> = table
        .iter()
        .map(|(given, expected)| (given, expected, rewritten::<DateTime>(&format!("\"{given}\""))))
        .filter(|(_, expected, written)| written.as_deref() != Some(**expected))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn a_date_time_is_read_from_unix_time() {
    let table = [
        ("0", "1970-01-01T00:00:00Z"),
        ("-1", "1969-12-31T23:59:59Z"),
        ("-1.5", "1969-12-31T23:59:58.500000Z"),
        ("1700000000", "2023-11-14T22:13:20Z"),
        ("1700000000.5", "2023-11-14T22:13:20.500000Z"),
        ("1700000000000", "2023-11-14T22:13:20Z"),
        ("1700000000123", "2023-11-14T22:13:20.123000Z"),
        ("20000000000", "2603-10-11T11:33:20Z"),
        ("20000000001", "1970-08-20T11:33:20.001000Z"),
        ("-20000000001", "1969-05-14T12:26:39.999000Z"),
        ("253402300799", "1978-01-11T21:31:40.799000Z"),
    ];
    for (given, expected) in table {
        for given in [given.to_owned(), format!("\"{given}\"")] {
            assert_eq!(rewritten::<DateTime>(&given).as_deref(), Some(expected), "{given}");
        }
    }
    assert_eq!(rewritten::<DateTime>("1700000000.123456789").as_deref(), Some("2023-11-14T22:13:20.123457Z"));
}

#[test]
fn what_is_no_point_in_time_is_refused() {
    let refused = [
        r#""2024-01-31T24:00:00""#,
        r#""2024-01-31T12:00:60""#,
        r#""20240131T120000Z""#,
        r#""""#,
        r#""x""#,
        "true",
        r#""2024-13-01T00:00:00Z""#,
        r#""2024-02-30T00:00:00Z""#,
        r#""2024-01-31T12:00:00 Z""#,
        r#""2024-01-31T12:00:00+02""#,
        r#""2024-01-31T12:00:00+24:00""#,
        r#""2024-01-31T12:00:00.Z""#,
        r#"" 2024-01-31T12:00:00Z ""#,
        r#""0000-01-01T00:00:00""#,
        r#""2024-01-31T12""#,
        r#""2024-01-31T""#,
        r#""1e3""#,
        r#"" 0""#,
        "1e20",
        "1e400",
        "NaN",
        "99999999999999999999",
        "[]",
        "{}",
        "null",
    ];
    let accepted: Vec<_> = refused.iter().filter(|given| rewritten::<DateTime>(given).is_some()).collect();
    assert!(accepted.is_empty(), "{accepted:?}");
}

#[test]
fn a_date_is_read_from_dates_and_midnights() {
    let table = [
        (r#""2024-01-31""#, "2024-01-31"),
        (r#""2024-01-31T00:00:00""#, "2024-01-31"),
        (r#""2024-01-31T00:00:00Z""#, "2024-01-31"),
        (r#""2024-01-31T00:00:00+02:00""#, "2024-01-31"),
        (r#""2024-01-31 00:00""#, "2024-01-31"),
        ("0", "1970-01-01"),
        ("86400", "1970-01-02"),
        ("86400.0", "1970-01-02"),
        ("-86400", "1969-12-31"),
        ("1706659200", "2024-01-31"),
        ("1706659200000", "2024-01-31"),
        (r#""0""#, "1970-01-01"),
        (r#""1706659200""#, "2024-01-31"),
        (r#""1706659200000""#, "2024-01-31"),
        (r#""86400.0""#, "1970-01-02"),
        (r#""0001-01-01""#, "0001-01-01"),
        (r#""9999-12-31""#, "9999-12-31"),
    ];
    for (given, expected) in table {
        assert_eq!(rewritten::<Date>(given).as_deref(), Some(expected), "{given}");
    }
}

#[test]
fn what_is_no_date_is_refused() {
    let refused = [
        r#""2023-02-29""#,
        r#""2024-1-5""#,
        r#""20240131""#,
        r#""2024-01-31T12:00:00""#,
        r#""2024-01-31T00:00:00.000001""#,
        "86401",
        r#""86401""#,
        "1.5",
        "86400.5",
        "true",
        r#""""#,
        r#""tomorrow""#,
        r#""0000-01-01""#,
        r#""2024-01-31 ""#,
        r#"" 2024-01-31""#,
        r#"" 86400 ""#,
        "253402214400",
        "1e10",
        "NaN",
        "Infinity",
        "-86400000000000",
        "99999999999999999999",
        "[]",
        "null",
    ];
    let accepted: Vec<_> = refused.iter().filter(|given| rewritten::<Date>(given).is_some()).collect();
    assert!(accepted.is_empty(), "{accepted:?}");
}

#[test]
fn the_two_typed_times_of_the_contract_are_read_and_written() {
    let request = Document::parse(r#"{"since": 1700000000}"#).unwrap().read::<ListUpdatedAccounts>().unwrap();
    assert_eq!(request.since.as_ref().map(DateTime::unix_seconds), Some(1_700_000_000));
    let recency = r#"{"data":{"a":"2024-01-02T03:04:05.120000Z","b":null,"c":"2024-01-02T03:04:05-05:30"}}"#;
    let read: DataRecency = Document::parse(recency).unwrap().read().unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), recency);
}

#[test]
fn a_time_knows_its_zone_and_its_seconds() {
    let time = |text: &str| text.parse::<DateTime>().unwrap();
    assert!(time("2024-01-31T12:00:00+02:00").has_zone());
    assert!(!time("2024-01-31T12:00:00").has_zone());
    assert_eq!(time("2024-01-31T12:00:00+02:00").unix_seconds(), time("2024-01-31T10:00:00Z").unix_seconds());
    assert_eq!(time("2024-01-31T10:00:00").unix_seconds(), time("2024-01-31T10:00:00Z").unix_seconds());
}

#[test]
fn times_are_in_the_order_of_their_moments() {
    let mut times = [
        "2024-01-31T12:00:00Z",
        "2024-01-31T12:00:00",
        "2024-01-31T13:30:00+02:00",
        "2024-01-31T11:00:00-01:00",
        "0001-01-01T00:00:00+23:59",
        "2024-01-31T12:00:00.000001Z",
        "9999-12-31T23:59:59.999999-23:59",
    ]
    .map(|text| text.parse::<DateTime>().unwrap());
    times.sort();
    assert_eq!(
        times.map(|time| time.to_string()),
        [
            "0001-01-01T00:00:00+23:59",
            "2024-01-31T13:30:00+02:00",
            "2024-01-31T12:00:00",
            "2024-01-31T11:00:00-01:00",
            "2024-01-31T12:00:00Z",
            "2024-01-31T12:00:00.000001Z",
            "9999-12-31T23:59:59.999999-23:59",
        ]
    );
    let date = |text: &str| text.parse::<Date>().unwrap();
    assert!(date("2023-12-31") < date("2024-01-01") && date("2024-01-30") < date("2024-01-31"));
}

#[test]
fn system_times_become_times_of_the_wire() {
    let time = |duration, after: bool| {
        let moment =
            if after { SystemTime::UNIX_EPOCH + duration } else { SystemTime::UNIX_EPOCH - duration };
        DateTime::try_from(moment).unwrap().to_string()
    };
    for (seconds, nanoseconds, after, expected) in [
        (1_700_000_000, 123_456_789, true, "2023-11-14T22:13:20.123456Z"),
        // A number of seconds that the wire would take for milliseconds.
        (20_000_000_001, 0, true, "2603-10-11T11:33:21Z"),
        (1, 500_000_000, false, "1969-12-31T23:59:58.500000Z"),
        (0, 1, false, "1969-12-31T23:59:59.999999Z"),
    ] {
        assert_eq!(time(Duration::new(seconds, nanoseconds), after), expected);
    }
    let beyond = SystemTime::UNIX_EPOCH + Duration::from_secs(300_000_000_000);
    assert_eq!(DateTime::try_from(beyond).unwrap_err().to_string(), "expected a year between 1 and 9999");
    for text in ["2024-01-31T12:00:00.5+02:00", "1931-01-31T12:00:00", "9999-12-31T23:59:59.999999Z"] {
        let time: DateTime = text.parse().unwrap();
        let again = DateTime::try_from(SystemTime::try_from(&time).unwrap()).unwrap();
        assert_eq!(again.unix_microseconds(), time.unix_microseconds(), "{text}");
    }
    assert!(DateTime::now().has_zone() && DateTime::now().unix_seconds() > 1_700_000_000);
}

#[cfg(feature = "jiff")]
#[test]
fn times_of_jiff_become_times_of_the_wire() {
    let zoned: jiff::ZonedDateTime = "2024-07-01T14:30:00.25+02:00[+02:00]".parse().unwrap();
    let time = DateTime::try_from(&zoned).unwrap();
    assert_eq!(time.to_string(), "2024-07-01T14:30:00.250000+02:00");
    assert_eq!(jiff::ZonedDateTime::try_from(&time).unwrap(), zoned);
    assert_eq!(DateTime::try_from(zoned.timestamp()).unwrap().to_string(), "2024-07-01T12:30:00.250000Z");
    assert_eq!(jiff::Timestamp::try_from(&time).unwrap(), zoned.timestamp());
    let ancient: jiff::Timestamp = "-000044-03-15T00:00:00Z".parse().unwrap();
    assert!(DateTime::try_from(ancient).is_err());
}

proptest! {
    #[test]
    fn any_second_survives_the_wire(seconds in -11_000_000_000_i64..20_000_000_000) {
        let time = DateTime::from_unix(seconds).unwrap();
        prop_assert_eq!(time.unix_seconds(), seconds);
        prop_assert_eq!(&time.to_string().parse::<DateTime>().unwrap(), &time);
    }

    #[test]
    fn no_text_makes_a_time_panic(text: String) {
        let _ = (text.parse::<DateTime>(), text.parse::<Date>());
    }

    #[test]
    fn no_number_makes_a_time_panic(whole: i64, decimal: f64) {
        let _ = (DateTime::from_unix(whole), Date::from_unix(whole));
        for given in [whole.to_string(), decimal.to_string()] {
            if let Ok(document) = Document::parse(&given) {
                let _ = (document.read::<DateTime>(), document.read::<Date>());
            }
        }
    }
}
