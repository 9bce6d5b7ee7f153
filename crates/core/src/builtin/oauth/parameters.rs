//! Parameters as `application/x-www-form-urlencoded` writes them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All but letters, digits and `_.-~`, which RFC 3986 §2.3 leaves as they are.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'.').remove(b'-').remove(b'~').remove(b' ');

/// `name=value&…`, a blank as `+`.
pub(super) fn encode(parameters: &[(&str, &str)]) -> String {
    let pairs: Vec<_> =
        parameters.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
    pairs.join("&")
}

/// A text as a name or value of a form.
pub(super) fn escape(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string().replace(' ', "+")
}

/// An address with further parameters in its query, after those that it has. Its fragment goes: it is never sent.
pub(super) fn with_query(url: &str, query: &str) -> String {
    let url = url.split('#').next().unwrap_or_default();
    let separator = match url.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some((_, given)) if given.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{url}{separator}{query}")
}

/// The first value of a parameter that is not empty; keys are case-sensitive and `;` separates nothing.
pub(super) fn first_value(query: &str, name: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes())
        .find(|(key, value)| key == name && !value.is_empty())
        .map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unreserved_characters_stay_and_blanks_become_plus() {
        assert_eq!(encode(&[("a b", "c~*'()!é/+"), ("d", "")]), "a+b=c~%2A%27%28%29%21%C3%A9%2F%2B&d=");
    }

    #[test]
    fn further_parameters_follow_those_that_are_there() {
        for (url, expected) in [
            ("https://a.test/x", "https://a.test/x?b=1"),
            ("https://a.test/x?", "https://a.test/x?b=1"),
            ("https://a.test/x?a=0", "https://a.test/x?a=0&b=1"),
            ("https://a.test/x?a=0&", "https://a.test/x?a=0&b=1"),
            ("https://a.test/x?a=0#f?g", "https://a.test/x?a=0&b=1"),
        ] {
            assert_eq!(with_query(url, "b=1"), expected);
        }
    }

    #[test]
    fn the_first_value_that_is_not_empty_counts() {
        assert_eq!(first_value("CODE=1&code=&code=a+b%2Fc&code=3", "code").as_deref(), Some("a b/c"));
        assert_eq!(first_value("a=1;code=2", "code"), None);
    }
}
