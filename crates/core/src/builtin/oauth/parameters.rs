//! Parameters as `application/x-www-form-urlencoded` writes them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All but letters, digits and `_.-~`, which RFC 3986 §2.3 leaves as they are.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'.').remove(b'-').remove(b'~').remove(b' ');

/// `name=value&…`, a blank as `+`.
pub(super) fn encode(parameters: &[(&str, &str)]) -> String {
    let escape = |text: &str| utf8_percent_encode(text, ESCAPED).to_string().replace(' ', "+");
    let pairs: Vec<_> =
        parameters.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
    pairs.join("&")
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
    fn the_first_value_that_is_not_empty_counts() {
        assert_eq!(first_value("CODE=1&code=&code=a+b%2Fc&code=3", "code").as_deref(), Some("a b/c"));
        assert_eq!(first_value("a=1;code=2", "code"), None);
    }
}
