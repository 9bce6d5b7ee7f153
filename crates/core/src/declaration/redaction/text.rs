//! Texts of any kind, without what looks like a secret in them.

use std::borrow::Cow;

use lumos_connector_types::secret::REDACTED;

use super::names::{Place, is_secret};

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
/// says so, the user and password of a URL, what follows `Bearer`, and tokens of well-known shapes. Costs time
/// linear in the text.
///
/// ```
/// use lumos_connector_core::redaction::text::redacted_text;
/// assert_eq!(redacted_text("https://acme.test/?api_key=hunter2&page=1"), "https://acme.test/?api_key=[REDACTED]&page=1");
/// assert_eq!(redacted_text("https://u:hunter2@acme.test/"), "https://[REDACTED]@acme.test/");
/// assert_eq!(redacted_text("X-Auth: hunter2"), "X-Auth: [REDACTED]");
/// assert_eq!(redacted_text("nothing here"), "nothing here");
/// ```
#[must_use]
pub fn redacted_text(text: &str) -> Cow<'_, str> {
    replaced(text, found(text))
}

/// The parts of a text that look like a secret.
pub(crate) fn secrets_in(text: &str) -> Vec<&str> {
    found(text).into_iter().filter_map(|(start, end)| text.get(start..end)).collect()
}

fn found(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    pem_keys(text, &mut found);
    header_lines(text, &mut found);
    parameters(text, &mut found);
    users(text, &mut found);
    words(text, &mut found);
    found
}

/// From the first byte of a secret to the one after its last.
pub(crate) type Span = (usize, usize);

/// A text with parts of it replaced. One secret may have been found in several ways.
pub(crate) fn replaced(text: &str, mut found: Vec<Span>) -> Cow<'_, str> {
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    found.sort_unstable();
    let mut redacted = String::with_capacity(text.len());
    let mut copied = 0;
    for (start, end) in found {
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

/// From `-----BEGIN … PRIVATE KEY-----` to the next `-----END`, or to the end of the text.
fn pem_keys(text: &str, found: &mut Vec<Span>) {
    const BEGIN: &str = "-----BEGIN ";
    const LONGEST_LABEL: usize = 64;
    let mut at = 0;
    while let Some(start) = text[at..].find(BEGIN).map(|begin| at + begin) {
        let label_start = start + BEGIN.len();
        at = label_start;
        let bytes = &text.as_bytes()[label_start..];
        let label = &bytes[..bytes.len().min(LONGEST_LABEL)];
        let Some(length) = label.windows(5).position(|dashes| dashes == b"-----") else { continue };
        if !label[..length].ends_with(b"PRIVATE KEY") {
            continue;
        }
        at = match text[label_start + length + 5..].find("-----END ") {
            Some(close) => {
                let close = label_start + length + 5 + close + 9;
                text[close..].find("-----").map_or(text.len(), |end| close + end + 5)
            }
            None => text.len(),
        };
        found.push((start, at));
    }
}

/// The values of lines such as `Authorization: …`.
fn header_lines(text: &str, found: &mut Vec<Span>) {
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
            if is_name
                && value_start < whole.len()
                && !value.starts_with("//")
                && is_secret(Place::Text, name.trim())
            {
                found.push((start + value_start, start + whole.len()));
            }
        }
        start += line.len();
    }
}

/// The values of `name=value` after `?`, `&`, `;`, white space or at the start.
fn parameters(text: &str, found: &mut Vec<Span>) {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.' | '%');
    let ends = |letter: char| letter.is_whitespace() || matches!(letter, '&' | '#' | ';' | '"' | '\'');
    // Signs of equality in one value share its end, so the text is searched for it once.
    let mut value_end = 0;
    for (equals, _) in text.match_indices('=') {
        if value_end <= equals {
            value_end = text[equals + 1..].find(ends).map_or(text.len(), |end| equals + 1 + end);
        }
        let name_start = text[..equals]
            .rfind(|letter| !is_name(letter))
            .map_or(0, |before| before + text[before..].chars().next().map_or(1, char::len_utf8));
        let name = &text[name_start..equals];
        if value_end > equals + 1
            && (is_secret(Place::Text, name) || is_secret_parameter(text, name_start, name))
        {
            found.push((equals + 1, value_end));
        }
    }
}

/// What is secret in a URL is not everywhere: `key=` and `code=` are parameters only after `?` and `&`.
fn is_secret_parameter(text: &str, name_start: usize, name: &str) -> bool {
    text[..name_start].ends_with(['?', '&']) && super::body::is_secret_parameter(name)
}

/// What stands before the `@` of a URL's host.
fn users(text: &str, found: &mut Vec<Span>) {
    let mut at = 0;
    while let Some(slashes) = text[at..].find("://") {
        let start = at + slashes + 3;
        let ends = |letter: char| {
            letter.is_whitespace() || matches!(letter, '/' | '?' | '#' | '"' | '\'' | '<' | '>')
        };
        let end = text[start..].find(ends).map_or(text.len(), |end| start + end);
        if let Some(user) = text[start..end].rfind('@').filter(|user| *user > 0) {
            found.push((start, start + user));
        }
        at = end;
    }
}

/// Tokens of well-known shapes, and what follows `Bearer`.
fn words(text: &str, found: &mut Vec<Span>) {
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
            "mail ada@acme.test",
            "://@host/",
            "-----BEGIN ",
        ] {
            assert_eq!(redacted_text(text), text);
        }
    }

    #[test]
    fn users_of_urls_and_parameters_of_signed_urls_are_replaced() {
        for (text, expected) in [
            ("see https://u:p@h/x?y=1", "see https://[REDACTED]@h/x?y=1"),
            ("postgres://u:p@x@h", "postgres://[REDACTED]@h"),
            (
                "https://b.test/f?X-Amz-Signature=0a&key=1",
                "https://b.test/f?X-Amz-Signature=[REDACTED]&key=[REDACTED]",
            ),
            ("a?sig=1#x?code=2", "a?sig=[REDACTED]#x?code=[REDACTED]"),
            ("key=1 code=2", "key=1 code=2"),
        ] {
            assert_eq!(redacted_text(text), expected);
        }
    }

    /// Ends within the test's time only when the cost is linear: quadratic, each takes minutes.
    #[test]
    fn a_long_text_of_what_begins_a_secret_is_read_once() {
        for part in [
            "=",
            "a=",
            "&",
            "\"",
            "Bearer ",
            "token=",
            "://",
            "@",
            "://a@",
            "-----BEGIN PRIVATE KEY-----",
            "-----BEGIN ",
            "eyJ",
            "a: ",
            "token:\n",
            "-----",
        ] {
            let text = part.repeat(200_000 / part.len());
            assert!(redacted_text(&text).len() <= text.len() * REDACTED.len(), "{part}");
        }
    }
}
