//! Points in time and durations as the wire writes them (contract §1 and §2).

mod conversions;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use speedate::{DateConfig, DateTimeConfig, MicrosecondsPrecisionOverflowBehavior};

/// A date and time, with a zone or (naive) without one, to the microsecond.
///
/// It is read from RFC 3339 and its looser relatives (a blank for `T`, no seconds, no zone, a date alone, more than
/// six fraction digits, which are cut) and from Unix time in seconds or milliseconds, as a number or as text. It is
/// written as RFC 3339: `Z` for UTC, no fraction when there is none, else six digits.
///
/// Times are in the order of the moments that they name, a naive one taken as UTC. Equal are only times that are written
/// alike: of one moment, those with a smaller offset come first, naive ones before all.
///
/// It is made from a [`SystemTime`](std::time::SystemTime), and with the feature `jiff` from `jiff::Timestamp` and
/// `jiff::ZonedDateTime`, by `TryFrom`; and the other way.
///
/// ```
/// use lumos_connector_types::time::DateTime;
/// let time: DateTime = "2024-01-02 03:04:05.12+05:30".parse().unwrap();
/// assert_eq!(time.to_string(), "2024-01-02T03:04:05.120000+05:30");
/// assert_eq!(DateTime::from_unix(1_700_000_000).unwrap().to_string(), "2023-11-14T22:13:20Z");
///
/// let earlier: DateTime = "2024-01-02T03:00:00+02:00".parse().unwrap();
/// assert!(earlier < "2024-01-02T02:00:00Z".parse().unwrap() && earlier < DateTime::now());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateTime(speedate::DateTime);

/// Why a text or number is not a date or a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TimeError(String);

impl From<speedate::ParseError> for TimeError {
    fn from(error: speedate::ParseError) -> Self {
        Self(error.to_string().replace('_', " "))
    }
}

impl DateTime {
    /// A point in time (UTC) from seconds since 1970; larger numbers are milliseconds.
    ///
    /// # Errors
    /// When the year would not have four digits.
    pub fn from_unix(seconds: i64) -> Result<Self, TimeError> {
        speedate::DateTime::from_timestamp_with_config(seconds, 0, &config())
            .map(Self)
            .map_err(TimeError::from)
    }

    /// Seconds since 1970 in UTC; a naive time is taken as UTC.
    #[must_use]
    pub fn unix_seconds(&self) -> i64 {
        self.0.timestamp_tz()
    }

    /// Whether the time says which zone it is in.
    #[must_use]
    pub fn has_zone(&self) -> bool {
        self.0.time.tz_offset.is_some()
    }
}

impl Ord for DateTime {
    fn cmp(&self, other: &Self) -> Ordering {
        let place = |time: &Self| (time.unix_microseconds(), time.0.time.tz_offset);
        place(self).cmp(&place(other))
    }
}

impl PartialOrd for DateTime {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Numbers are UTC, and more than six fraction digits are cut (contract §2).
fn config() -> DateTimeConfig {
    let time = speedate::TimeConfig::builder()
        .unix_timestamp_offset(Some(0))
        .microseconds_precision_overflow_behavior(MicrosecondsPrecisionOverflowBehavior::Truncate)
        .build();
    DateTimeConfig::builder().time_config(time).build()
}

impl FromStr for DateTime {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let parsed = match speedate::DateTime::parse_bytes_with_config(text.as_bytes(), &config()) {
            Ok(parsed) => parsed,
            Err(error) => {
                // A date alone is its midnight, without a zone.
                let date = speedate::Date::parse_bytes_rfc3339(text.as_bytes()).map_err(|_| error)?;
                let time = speedate::Time { hour: 0, minute: 0, second: 0, microsecond: 0, tz_offset: None };
                speedate::DateTime { date, time }
            }
        };
        within_calendar(parsed.date.year).map(|()| Self(parsed))
    }
}

/// There is no year 0 (contract §2: dates are those of the reference's calendar).
fn within_calendar(year: u16) -> Result<(), TimeError> {
    if year == 0 { Err(TimeError("there is no year 0".to_owned())) } else { Ok(()) }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A calendar date, read also from a date-time at midnight and from Unix time at midnight; written `YYYY-MM-DD`.
///
/// ```
/// use lumos_connector_types::time::Date;
/// assert_eq!("2024-01-31T00:00:00".parse::<Date>().unwrap().to_string(), "2024-01-31");
/// assert!("2024-01-31T12:00:00".parse::<Date>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Date(speedate::Date);

impl Date {
    /// The date of a midnight (UTC) given in seconds since 1970; larger numbers are milliseconds.
    ///
    /// # Errors
    /// When the time is not midnight.
    pub fn from_unix(seconds: i64) -> Result<Self, TimeError> {
        speedate::Date::from_timestamp(seconds, true, &DateConfig::default())
            .map(Self)
            .map_err(TimeError::from)
    }
}

impl Ord for Date {
    fn cmp(&self, other: &Self) -> Ordering {
        let place = |date: &Self| (date.0.year, date.0.month, date.0.day);
        place(self).cmp(&place(other))
    }
}

impl PartialOrd for Date {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for Date {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let date = match speedate::Date::parse_bytes(text.as_bytes()) {
            Ok(date) => date,
            Err(error) => {
                let moment = speedate::DateTime::parse_bytes_with_config(text.as_bytes(), &config());
                let speedate::DateTime { date, time } = moment.map_err(|_| error)?;
                if (time.hour, time.minute, time.second, time.microsecond) != (0, 0, 0, 0) {
                    return Err(speedate::ParseError::DateNotExact.into());
                }
                date
            }
        };
        within_calendar(date.year).map(|()| Self(date))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Reads text, integers and floats, but no booleans.
struct TimeVisitor<T> {
    expecting: &'static str,
    from_float: fn(f64) -> Result<T, TimeError>,
    from_integer: fn(i64) -> Result<T, TimeError>,
}

impl<T: FromStr<Err = TimeError>> Visitor<'_> for TimeVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(|error: TimeError| E::custom(format_args!("not {}: {error}", self.expecting)))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        (self.from_integer)(number).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        self.visit_i64(i64::try_from(number).map_err(E::custom)?)
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<T, E> {
        (self.from_float)(number).map_err(E::custom)
    }
}

impl<'de> Deserialize<'de> for DateTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TimeVisitor {
            expecting: "a date and time (RFC 3339)",
            from_float: |number| {
                if !number.is_finite() {
                    return Err(TimeError("not a number of seconds".to_owned()));
                }
                speedate::DateTime::from_float_with_config(number, &config())
                    .map(Self)
                    .map_err(TimeError::from)
            },
            from_integer: Self::from_unix,
        })
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TimeVisitor {
            expecting: "a date (YYYY-MM-DD)",
            from_float: |number| {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "checked to be whole; saturates when too large"
                )]
                let whole = number as i64;
                if number.fract() == 0.0 {
                    Self::from_unix(whole)
                } else {
                    Err(speedate::ParseError::DateNotExact.into())
                }
            },
            from_integer: Self::from_unix,
        })
    }
}

macro_rules! written_as_text {
    ($type:ident, $format:literal) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "format": $format})
            }
        }
    };
}

written_as_text!(DateTime, "date-time");
written_as_text!(Date, "date");

/// A number of seconds that keeps the form it was given in: `2` or `1.5`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Seconds {
    /// Whole seconds, written without a point.
    Whole(i64),
    /// Seconds with a fraction, written with one.
    Fractional(f64),
}

impl From<i64> for Seconds {
    fn from(seconds: i64) -> Self {
        Self::Whole(seconds)
    }
}

impl From<f64> for Seconds {
    fn from(seconds: f64) -> Self {
        Self::Fractional(seconds)
    }
}

impl JsonSchema for Seconds {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Seconds".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [{"type": "number"}, {"type": "integer"}]})
    }
}
