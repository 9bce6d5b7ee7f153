//! JSON as services write it, read in one place: attribute names in any case (RFC 7643 §2.1), ids and totals as numbers
//! or texts, booleans as texts, null as absent (§2.5), one value where a list is meant, a byte-order mark in front.

use std::borrow::Cow;

use lumos_connector::prelude::*;
use serde_json::{Map, Value};

/// The attribute of a name; null is none.
pub(crate) fn attribute_of<'r>(fields: &'r Map<String, Value>, name: &str) -> Option<&'r Value> {
    let exact = fields.get(name).filter(|value| !value.is_null());
    exact.or_else(|| {
        let mut named =
            fields.iter().filter(|(key, value)| key.eq_ignore_ascii_case(name) && !value.is_null());
        named.next().map(|(_, value)| value)
    })
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

/// A whole number, or a text that is one.
pub(crate) fn as_number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(whole)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// `25.0` and `1e2` are whole numbers, `25.5` is not, and neither is what an `i64` cannot hold.
fn whole(number: f64) -> Option<i64> {
    format!("{number:.0}").parse().ok().filter(|_| number.fract() == 0.0)
}

/// A boolean, or a text that stands for one.
pub(crate) fn as_boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
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

/// The last part of an address that leads to a resource, and the name of the endpoint before it: `Users/7`.
pub(crate) fn of_address(address: &str) -> Option<(Option<&str>, &str)> {
    let path = address.split(['?', '#']).next()?.trim_end_matches('/');
    let (rest, id) = path.rsplit_once('/').map_or((None, path), |(rest, id)| (Some(rest), id));
    let endpoint = rest.and_then(|rest| rest.rsplit('/').next()).filter(|endpoint| !endpoint.is_empty());
    (!id.is_empty()).then_some((endpoint, id))
}

/// The body of an answer, whatever its content type says.
pub(crate) fn parse<T: serde::de::DeserializeOwned>(answer: &HttpAnswer) -> Result<T> {
    let text = answer.text();
    let text = text.trim_start_matches('\u{feff}').trim();
    let place = answer.url().path();
    if text.starts_with('<') {
        let message = format!("{place} answers with a web page, not with JSON (status {})", answer.status());
        return Err(ConnectorError::invalid_response(message)
            .with_hint("Check the SCIM base URL, and that the login does not lead to a sign-in page."));
    }
    if text.is_empty() {
        let message = format!("{place} answers with nothing, not with JSON (status {})", answer.status());
        return Err(ConnectorError::invalid_response(message));
    }
    // The error of the client says where the JSON is broken, and does not repeat what stands there.
    serde_json::from_str(text).or_else(|_| answer.json())
}
