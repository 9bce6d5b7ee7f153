//! One parsed JSON text.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write as _;

use jiter::JsonValue;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::ReadError;
use super::reader::{Mode, Reader};

/// Levels of arrays and objects that a text may have (contract §2; deeper texts are refused as malformed).
pub const MAX_DEPTH: usize = 201;

/// Objects up to this many keys are searched pairwise for duplicates.
const SMALL_OBJECT: usize = 16;

/// A parsed JSON text that typed values are read from.
///
/// Parsing is the reference's (contract §2): `NaN` and `Infinity` are numbers, integers have any length, the last
/// of duplicate keys counts, lone surrogates, byte order marks and trailing text are refused.
///
/// ```
/// use lumos_connector_types::json::Document;
/// #[derive(serde::Deserialize)]
/// struct Limits { rows: u32 }
///
/// let document = Document::parse(r#"{"rows": "25"}"#).unwrap();
/// assert_eq!(document.read::<Limits>().err().unwrap().to_string(), "rows: expected u32, got a string");
/// assert_eq!(document.read_lax::<Limits>().unwrap().rows, 25);
/// ```
#[derive(Debug, Clone)]
pub struct Document<'j>(pub(super) JsonValue<'j>);

impl<'j> Document<'j> {
    /// Parses a whole text.
    ///
    /// # Errors
    /// When the text is not JSON, or nested deeper than [`MAX_DEPTH`]; the error names the position.
    pub fn parse(text: &'j str) -> Result<Self, ReadError> {
        JsonValue::parse(text.as_bytes(), true).map(Self).map_err(|error| {
            let position = error.get_position(text.as_bytes());
            ReadError::new(format!(
                "not valid JSON: {} at line {} column {}",
                error.error_type, position.line, position.column
            ))
        })
    }

    /// Reads a value without coercion, as standard payloads are read.
    ///
    /// # Errors
    /// When a value is missing or has another type; unknown keys are ignored.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, ReadError> {
        T::deserialize(Reader::new(&self.0, Mode::STRICT))
    }

    /// Reads a value that fits its type exactly: not even an integer stands for a float. Unions are tried so first.
    pub(crate) fn read_exact<T: DeserializeOwned>(&self) -> Result<T, ReadError> {
        T::deserialize(Reader::new(&self.0, Mode::EXACT))
    }

    /// Reads a value with the coercions that forms and older callers need (`"25"` is an integer, `"yes"` a boolean),
    /// as settings and custom payloads are read.
    ///
    /// # Errors
    /// When a value is missing or cannot be coerced; unknown keys are ignored.
    pub fn read_lax<T: DeserializeOwned>(&self) -> Result<T, ReadError> {
        T::deserialize(Reader::new(&self.0, Mode::LAX))
    }

    /// Reads a value with coercion and refuses unknown keys, as page tokens are read.
    ///
    /// # Errors
    /// As [`Document::read_lax`], and when a struct is given a key that it does not have.
    pub fn read_closed<T: DeserializeOwned>(&self) -> Result<T, ReadError> {
        T::deserialize(Reader::new(&self.0, Mode::CLOSED))
    }

    /// Whether the document is a JSON object.
    #[must_use]
    pub fn is_object(&self) -> bool {
        matches!(self.0, JsonValue::Object(_))
    }

    /// The value of a key, when the document is an object that has it; the last one of duplicates.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<Self> {
        let JsonValue::Object(entries) = &self.0 else { return None };
        entries.iter().rev().find(|(name, _)| name == key).map(|(_, value)| Self(value.clone()))
    }

    /// The document as compact JSON: one entry per key, `null` for the numbers that JSON does not have.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = Vec::new();
        write(&self.0, &mut text);
        into_text(text)
    }

    /// The document as a text that [`Document::parse`] reads as the same document: the numbers that JSON does not have
    /// stay `NaN` and `Infinity`.
    #[must_use]
    pub fn to_source(&self) -> String {
        let mut text = Vec::new();
        write_with(&self.0, NonFinite::Literal, &mut text);
        into_text(text)
    }
}

type Entry<'j> = (Cow<'j, str>, JsonValue<'j>);

/// The entries of an object that count: of duplicate keys the last (contract §2).
pub(super) struct Effective<'a, 'j> {
    entries: &'a [Entry<'j>],
    next: usize,
    /// In large objects, the last place of every key; small ones are searched.
    last: Option<HashMap<&'a str, usize>>,
}

impl<'a, 'j> Effective<'a, 'j> {
    pub(super) fn of(entries: &'a [Entry<'j>]) -> Self {
        let places = || entries.iter().enumerate().map(|(place, (key, _))| (key.as_ref(), place)).collect();
        Self { entries, next: 0, last: (entries.len() > SMALL_OBJECT).then(places) }
    }

    fn counts(&self, place: usize) -> bool {
        let key = self.entries[place].0.as_ref();
        match &self.last {
            Some(last) => last.get(key) == Some(&place),
            None => !self.entries[place + 1..].iter().any(|(later, _)| later == key),
        }
    }
}

impl<'a, 'j> Iterator for Effective<'a, 'j> {
    type Item = &'a Entry<'j>;

    fn next(&mut self) -> Option<&'a Entry<'j>> {
        while self.next < self.entries.len() {
            let place = self.next;
            self.next += 1;
            if self.counts(place) {
                return Some(&self.entries[place]);
            }
        }
        None
    }
}

/// What stands for numbers that are not finite.
#[derive(Clone, Copy)]
enum NonFinite {
    Null,
    Literal,
}

pub(super) fn write(value: &JsonValue<'_>, out: &mut Vec<u8>) {
    write_with(value, NonFinite::Null, out);
}

fn write_with(value: &JsonValue<'_>, non_finite: NonFinite, out: &mut Vec<u8>) {
    match value {
        JsonValue::Null => out.extend_from_slice(b"null"),
        JsonValue::Bool(true) => out.extend_from_slice(b"true"),
        JsonValue::Bool(false) => out.extend_from_slice(b"false"),
        JsonValue::Int(number) => write_display(number, out),
        JsonValue::BigInt(number) => write_display(number, out),
        JsonValue::Float(number) if !number.is_finite() => out.extend_from_slice(match non_finite {
            NonFinite::Null => b"null",
            NonFinite::Literal if number.is_nan() => b"NaN",
            NonFinite::Literal if *number > 0.0 => b"Infinity",
            NonFinite::Literal => b"-Infinity",
        }),
        JsonValue::Float(number) => write_scalar(number, out),
        JsonValue::Str(text) => write_string(text, out),
        JsonValue::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_with(item, non_finite, out);
            }
            out.push(b']');
        }
        JsonValue::Object(entries) => {
            out.push(b'{');
            for (index, (key, item)) in Effective::of(entries).enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_string(key, out);
                out.push(b':');
                write_with(item, non_finite, out);
            }
            out.push(b'}');
        }
    }
}

fn write_display(number: impl std::fmt::Display, out: &mut Vec<u8>) {
    // Writing to memory cannot fail.
    let _ = write!(out, "{number}");
}

pub(super) fn write_string(text: &str, out: &mut Vec<u8>) {
    write_scalar(text, out);
}

fn write_scalar<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    // Serialising a string or a finite float into memory cannot fail.
    let _ = serde_json::to_writer(out, value);
}

/// What was written as text.
pub(super) fn into_text(bytes: Vec<u8>) -> String {
    // Only text has been written.
    String::from_utf8(bytes).unwrap_or_default()
}
