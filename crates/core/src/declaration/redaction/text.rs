//! Texts of any kind, without what looks like a secret in them.

use std::borrow::Cow;

use lumos_connector_types::secret::REDACTED;

/// Parts of the names of headers and parameters that make their value secret.
const SECRET_PARTS: [&str; 9] =
    ["token", "secret", "password", "passphrase", "api_key", "api-key", "apikey", "credential", "auth"];

/// How tokens of well-known issuers begin, and how much follows at least.
const TOKENS: [(&str, usize); 13] = [
    ("xoxa-", 8),
    ("xoxb-", 8),
    ("xoxp-", 8),
    ("xoxr-", 8),
    ("xoxs-", 8),
    ("ghp_", 16),
    ("gho_", 16),
    ("ghu_", 16),
    ("ghs_", 16),
    ("ghr_", 16),
    ("github_pat_", 16),
    ("AKIA", 16),
    ("eyJ", 8),
];

/// A text with every part replaced that looks like a secret: a private key in PEM, a header or a parameter whose name
/// says so, what follows `Bearer`, and tokens of well-known shapes.
///
/// ```
/// use lumos_connector_core::redaction::text::redacted_text;
/// assert_eq!(redacted_text("https://acme.test/?api_key=hunter2&page=1"), "https://acme.test/?api_key=[REDACTED]&page=1");
/// assert_eq!(redacted_text("X-Auth: hunter2"), "X-Auth: [REDACTED]");
/// assert_eq!(redacted_text("nothing here"), "nothing here");
/// ```
#[must_use]
pub fn redacted_text(text: &str) -> Cow<'_, str> {
    let mut found = Vec::new();
    pem_keys(text, &mut found);
    header_lines(text, &mut found);
    parameters(text, &mut found);
    words(text, &mut found);
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    found.sort_unstable();
    let mut redacted = String::with_capacity(text.len());
    let mut copied = 0;
    for (start, end) in found {
        // One secret may have been found in several ways.
        if end <= copied {
            continue;
        }
        if start >= copied {
            redacted.push_str(&text[copied..start]);
            redacted.push_str(REDACTED);
        }
        copied = end;
    }
    redacted.push_str(&text[copied..]);
    Cow::Owned(redacted)
}

type Spans = Vec<(usize, usize)>;

fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    SECRET_PARTS.iter().any(|part| name.contains(part))
}

/// From `-----BEGIN … PRIVATE KEY-----` to its end, or that of the text.
fn pem_keys(text: &str, found: &mut Spans) {
    for (start, _) in text.match_indices("-----BEGIN ") {
        let rest = &text[start..];
        let label = rest.get(11..).unwrap_or_default().split("-----").next().unwrap_or_default();
        if label.ends_with("PRIVATE KEY") {
            let close = format!("-----END {label}-----");
            let end = rest.find(&close).map_or(text.len(), |end| start + end + close.len());
            found.push((start, end));
        }
    }
}

/// The values of lines such as `Authorization: …`.
fn header_lines(text: &str, found: &mut Spans) {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let whole = line.trim_end();
        if let Some((name, value)) = whole.split_once(':') {
            let is_name = !name.trim().is_empty()
                && name
                    .trim()
                    .bytes()
                    .all(|letter| letter.is_ascii_alphanumeric() || b"-_".contains(&letter));
            let value_start = name.len() + 1 + (value.len() - value.trim_start().len());
            if is_name && is_secret(name) && value_start < whole.len() && !value.starts_with("//") {
                found.push((start + value_start, start + whole.len()));
            }
        }
        start += line.len();
    }
}

/// The values of `name=value` after `?`, `&`, `;`, white space or at the start.
fn parameters(text: &str, found: &mut Spans) {
    for (equals, _) in text.match_indices('=') {
        let name_start = text[..equals]
            .rfind(|letter: char| {
                !(letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.' | '%'))
            })
            .map_or(0, |before| before + text[before..].chars().next().map_or(1, char::len_utf8));
        let value_end = text[equals + 1..]
            .find(|letter: char| letter.is_whitespace() || matches!(letter, '&' | '#' | ';' | '"' | '\''))
            .map_or(text.len(), |end| equals + 1 + end);
        if value_end > equals + 1 && is_secret(&text[name_start..equals]) {
            found.push((equals + 1, value_end));
        }
    }
}

/// Tokens of well-known shapes, and what follows `Bearer`.
fn words(text: &str, found: &mut Spans) {
    let is_token = |letter: char| {
        letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.' | '~' | '+' | '/' | '=')
    };
    let mut at = 0;
    let mut after_bearer = false;
    while let Some(begin) = text[at..].find(is_token) {
        let start = at + begin;
        let end = text[start..].find(|letter| !is_token(letter)).map_or(text.len(), |length| start + length);
        let word = &text[start..end];
        if after_bearer {
            found.push((start, end));
        } else if let Some(prefix) = shape(word) {
            found.push((start + prefix, end));
        }
        after_bearer = word.eq_ignore_ascii_case("bearer") && text[end..].starts_with([' ', '\t']);
        at = end;
    }
}

/// Where in a word a token begins.
fn shape(word: &str) -> Option<usize> {
    TOKENS.iter().find_map(|(prefix, rest)| {
        let start = word.find(prefix)?;
        let before = word[..start].chars().next_back();
        let starts_there = before.is_none_or(|letter| !letter.is_ascii_alphanumeric());
        let long_enough = word.len() >= start + prefix.len() + rest;
        // A JSON Web Token has parts; other words begin so by chance.
        let has_parts = *prefix != "eyJ" || word[start..].contains('.');
        (starts_there && long_enough && has_parts).then_some(start)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_of_secrets_are_found_wherever_they_stand() {
        for (text, expected) in [
            ("use Bearer abc.def now", "use Bearer [REDACTED] now"),
            ("t eyJhbGciOi.eyJzdWIi.c2ln!", "t [REDACTED]!"),
            ("xoxb-123456789012", "[REDACTED]"),
            ("(ghp_0123456789abcdef0123)", "([REDACTED])"),
            ("github_pat_0123456789abcdef", "[REDACTED]"),
            ("key AKIAIOSFODNN7EXAMPLE.", "key [REDACTED]"),
            ("a\nAuthorization: Basic eA==\nb", "a\nAuthorization: [REDACTED]\nb"),
            ("x-api-key:  k\r\nHost: h", "x-api-key:  [REDACTED]\r\nHost: h"),
            ("/p?auth=1&x=2&client_secret=3#f", "/p?auth=[REDACTED]&x=2&client_secret=[REDACTED]#f"),
        ] {
            assert_eq!(redacted_text(text), expected);
        }
    }

    #[test]
    fn a_private_key_goes_whole_even_when_it_breaks_off() {
        let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----";
        assert_eq!(redacted_text(&format!("a {key} b")), "a [REDACTED] b");
        assert_eq!(redacted_text("-----BEGIN PRIVATE KEY-----\nMII"), "[REDACTED]");
        let public = "-----BEGIN PUBLIC KEY-----\nMIIE\n-----END PUBLIC KEY-----";
        assert_eq!(redacted_text(public), public);
    }

    #[test]
    fn what_is_not_secret_stays() {
        for text in [
            "",
            "=",
            "?=&",
            "bearer",
            "google.com",
            "https://acme.test/token",
            "é=ü&ß",
            "AKIA",
            "eyJust a word",
            "a: b",
        ] {
            assert_eq!(redacted_text(text), text);
        }
    }
}
