//! JSON as services write it, read in one place: attribute names in any case (RFC 7643 §2.1), ids and totals as numbers
//! or texts, booleans as texts, null as absent (§2.5), one value where a list is meant, a byte-order mark in front.

use std::borrow::Cow;

use lumos_connector::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// The attribute of a name; null is none.
pub(crate) fn attribute_of<'r>(fields: &'r Map<String, Value>, name: &str) -> Option<&'r Value> {
    let is_named = |(key, value): &(&String, &Value)| key.eq_ignore_ascii_case(name) && !value.is_null();
    let exact = fields.get(name).filter(|value| !value.is_null());
    exact.or_else(|| fields.iter().find(is_named).map(|(_, value)| value))
}

/// A text that is not empty, or a number as text.
pub(crate) fn as_text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) if !text.is_empty() => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}

/// The text, or the number as text, of a field.
pub(crate) fn text_of<'r>(fields: &'r Map<String, Value>, name: &str) -> Option<Cow<'r, str>> {
    as_text(attribute_of(fields, name)?)
}

/// A whole number, or a text that is one. `25.0` and `1e2` are whole numbers, `25.5` is not.
pub(crate) fn as_number(value: &Value) -> Option<i64> {
    let whole = |number: f64| format!("{number:.0}").parse().ok().filter(|_| number.fract() == 0.0);
    match value {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(whole)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A boolean, or a text that stands for one.
pub(crate) fn as_boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => text.trim().to_ascii_lowercase().parse().ok(),
        _ => None,
    }
}

/// Whether a field is true.
pub(crate) fn is_true(fields: &Map<String, Value>, name: &str) -> bool {
    attribute_of(fields, name).and_then(as_boolean) == Some(true)
}

/// The values of a list, or the one value that stands in its place.
pub(crate) fn as_list(value: &Value) -> &[Value] {
    match value {
        Value::Array(values) => values,
        Value::Null => &[],
        single => std::slice::from_ref(single),
    }
}

/// The values of a field that is a list.
pub(crate) fn list_of<'r>(fields: &'r Map<String, Value>, name: &str) -> &'r [Value] {
    attribute_of(fields, name).map(as_list).unwrap_or_default()
}

/// An object whose values are not read yet: lists may be long, and little of what they hold is needed.
pub(crate) struct Unread<'t>(IndexMap<String, &'t RawValue>);

impl<'t> Unread<'t> {
    /// The object that a JSON text is.
    pub(crate) fn of(text: &'t RawValue) -> Option<Self> {
        serde_json::from_str(text.get()).ok().map(Self)
    }

    /// Whether there is an attribute of a name, be it null.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.keys().any(|key| key.eq_ignore_ascii_case(name))
    }

    /// The attribute of a name; null is none.
    pub(crate) fn get(&self, name: &str) -> Value {
        self.raw(name).and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
    }

    /// The values of an attribute that is a list.
    pub(crate) fn list(&self, name: &str) -> Vec<&'t RawValue> {
        self.raw(name).map(raw_list).unwrap_or_default()
    }

    fn raw(&self, name: &str) -> Option<&'t RawValue> {
        let mut named = self.0.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        named.find(|(_, raw)| raw.get() != "null").map(|(_, raw)| *raw)
    }
}

/// The values of a list, or the one value that stands in its place.
pub(crate) fn raw_list(raw: &RawValue) -> Vec<&RawValue> {
    serde_json::from_str(raw.get()).unwrap_or_else(|_| vec![raw])
}

/// The last part of an address that leads to a resource, and the name of the endpoint before it: `Users/7`.
pub(crate) fn of_address(address: &str) -> Option<(Option<&str>, &str)> {
    let path = address.split(['?', '#']).next()?.trim_end_matches('/');
    let (rest, id) = path.rsplit_once('/').map_or((None, path), |(rest, id)| (Some(rest), id));
    let endpoint = rest.and_then(|rest| rest.rsplit('/').next()).filter(|endpoint| !endpoint.is_empty());
    (!id.is_empty()).then_some((endpoint, id))
}

/// The JSON of an answer, whatever its content type says, and whatever in it is not text.
pub(crate) fn parse<T: DeserializeOwned>(answer: &HttpAnswer) -> Result<T> {
    let text = answer.text();
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let what = match text.as_bytes().first() {
        Some(b'<') => "a web page",
        None => "nothing",
        // The error of the client says where the JSON is broken, and does not repeat what stands there.
        Some(_) => return serde_json::from_str(text).or_else(|_| answer.json()),
    };
    let (place, status) = (answer.url().path(), answer.status());
    let error = ConnectorError::invalid_response(format!(
        "{place} answers with {what}, not with JSON (status {status})"
    ));
    Err(error.with_hint("Check the SCIM base URL, and that the login does not lead to a sign-in page."))
}
