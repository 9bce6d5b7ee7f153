//! Bodies and addresses of the app's requests and answers.

use std::borrow::Cow;

use lumos_connector_types::secret::REDACTED;

use super::names::{self, Place};
use super::text::{Span, replaced};

/// A text of JSON without the values of its secret members, whatever their type; `null`, `true` and `false` stay. The
/// text need not be whole, or JSON at all.
///
/// ```
/// use lumos_connector_core::redaction::body::redacted_json;
/// assert_eq!(redacted_json(r#"{"id": 7, "Email" : "a@b.c", "na"#), r#"{"id": 7, "Email" : "[REDACTED]", "na"#);
/// assert_eq!(redacted_json(r#"{"tokens": 2, "otp": 123456}"#), r#"{"tokens": 2, "otp": "[REDACTED]"}"#);
/// ```
#[must_use]
pub fn redacted_json(text: &str) -> Cow<'_, str> {
    let mut found: Vec<Span> = Vec::new();
    let mut bare = Vec::new();
    let mut at = 0;
    while let Some(quote) = text[at..].find('"') {
        let key = at + quote + 1;
        let key_end = end_of_string(text, key);
        at = (key_end + 1).min(text.len());
        let Some(after_colon) = text[at..].trim_start().strip_prefix(':') else { continue };
        let value = after_colon.trim_start();
        let value_start = text.len() - value.len();
        let is_secret = names::is_secret(Place::Body, &text[key..key_end]);
        match value.bytes().next() {
            Some(b'"') => {
                let value_end = end_of_string(text, value_start + 1);
                if is_secret {
                    found.push((value_start + 1, value_end));
                }
                at = (value_end + 1).min(text.len());
            }
            Some(b'{' | b'[') if is_secret => {
                at = end_of_nested(text, value_start);
                bare.push((value_start, at));
            }
            Some(b'0'..=b'9' | b'-') if is_secret => {
                let ends = |letter: char| letter.is_whitespace() || matches!(letter, ',' | '}' | ']');
                at = value.find(ends).map_or(text.len(), |end| value_start + end);
                bare.push((value_start, at));
            }
            _ => at = value_start,
        }
    }
    if bare.is_empty() { replaced(text, found) } else { Cow::Owned(quoted(text, found, &bare)) }
}

/// A text with parts replaced of which some had no quotes of their own.
fn quoted(text: &str, strings: Vec<Span>, bare: &[Span]) -> String {
    let strings = strings.into_iter().map(|span| (span, ""));
    let mut all: Vec<_> = strings.chain(bare.iter().map(|span| (*span, "\""))).collect();
    all.sort_unstable();
    let mut shown = String::with_capacity(text.len());
    let mut copied = 0;
    for ((start, end), quote) in all {
        for part in [&text[copied..start], quote, REDACTED, quote] {
            shown.push_str(part);
        }
        copied = end;
    }
    shown.push_str(&text[copied..]);
    shown
}

/// Where an array or object that begins at `start` ends, or the text.
fn end_of_nested(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (start, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = end_of_string(text, at + 1),
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// Where a JSON string that begins at `start` ends: at its quote, or with the text.
fn end_of_string(text: &str, start: usize) -> usize {
    let mut escaped = false;
    for (at, byte) in text.as_bytes()[start..].iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return start + at,
            _ => {}
        }
    }
    text.len()
}

/// Parameters (`a=1&b=2`) without the values of the secret ones.
#[must_use]
pub fn redacted_parameters(text: &str) -> String {
    let parameters = text.split('&').map(|parameter| match parameter.split_once('=') {
        Some((name, value)) if !value.is_empty() && is_secret_parameter(name) => {
            Cow::Owned(format!("{name}={REDACTED}"))
        }
        _ => Cow::Borrowed(parameter),
    });
    parameters.collect::<Vec<_>>().join("&")
}

/// Whether a parameter is secret, its name percent-encoded or not.
pub(super) fn is_secret_parameter(name: &str) -> bool {
    let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
    names::is_secret(Place::Parameter, &name)
}

/// An address without user, password, fragment and the values of its secret parameters.
///
/// ```
/// use lumos_connector_core::redaction::body::redacted_url;
/// assert_eq!(
///     redacted_url("https://u:p@acme.test/users?limit=5&api_key=hunter2#x"),
///     "https://acme.test/users?limit=5&api_key=[REDACTED]"
/// );
/// ```
#[must_use]
pub fn redacted_url(url: &str) -> String {
    let url = url.split('#').next().unwrap_or_default();
    let (address, query) = url.split_once('?').map_or((url, None), |(address, query)| (address, Some(query)));
    let mut redacted = match address.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
            let host = authority.rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{host}{path}")
        }
        None => address.to_owned(),
    };
    if let Some(query) = query {
        redacted.push('?');
        redacted.push_str(&redacted_parameters(query));
    }
    redacted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_secret_members_are_replaced_whatever_their_type() {
        let text = r#"{"token":"a\"b","n":{"pin":5,"email":null,"city": "x"},"v":"token","list":["token","y"],"secret":{"a":["}"]},"jwt":[1,[2]],"otp":true}"#;
        let expected = r#"{"token":"[REDACTED]","n":{"pin":"[REDACTED]","email":null,"city": "[REDACTED]"},"v":"token","list":["token","y"],"secret":"[REDACTED]","jwt":"[REDACTED]","otp":true}"#;
        assert_eq!(redacted_json(text), expected);
    }

    #[test]
    fn a_text_that_breaks_off_inside_a_secret_shows_none_of_it() {
        assert_eq!(
            redacted_json(r#"{"secrets":1,"secret":[{"a":"hunt"#),
            r#"{"secrets":1,"secret":"[REDACTED]""#
        );
        assert_eq!(redacted_json(r#"{"pin":12"#), r#"{"pin":"[REDACTED]""#);
        for text in [r#"{"password":"hunt"#, r#"{"password":"hunt\"#, r#"{"password":""#] {
            assert_eq!(redacted_json(text), r#"{"password":"[REDACTED]"#, "{text}");
        }
        for text in ["", "\"", "plain", "\"a\":", "é\"é"] {
            assert_eq!(redacted_json(text), text);
        }
    }

    #[test]
    fn parameters_lose_their_secret_values() {
        assert_eq!(redacted_parameters("a=1&Pass%77ord=x&token="), "a=1&Pass%77ord=[REDACTED]&token=");
    }
}
