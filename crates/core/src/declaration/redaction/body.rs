//! Bodies and addresses of the app's requests and answers.

use std::borrow::Cow;

use lumos_connector_types::secret::REDACTED;

/// Names of secret and personal members, without `_` and `-`.
const NAMES: &[&str] = &[
    "accesstoken",
    "refreshtoken",
    "temporarypassword",
    "token",
    "apikey",
    "clientsecret",
    "password",
    "secret",
    "authtoken",
    "jwt",
    "bearer",
    "externalid",
    "ssn",
    "socialsecurity",
    "taxid",
    "ein",
    "nationalid",
    "passportnumber",
    "driverlicense",
    "dateofbirth",
    "birthdate",
    "dob",
    "phone",
    "mobile",
    "cell",
    "telephone",
    "email",
    "mail",
    "street",
    "city",
    "state",
    "zip",
    "postal",
    "country",
    "cardnumber",
    "cvv",
    "cvc",
    "pin",
    "accountnumber",
];

/// Whether the value of a member or a parameter never reaches a log. `_` and `-` in the name, and its case, do not
/// matter.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    let name: String =
        name.chars().filter(|letter| !matches!(letter, '_' | '-')).flat_map(char::to_lowercase).collect();
    NAMES.contains(&name.as_str())
        || name
            .strip_prefix("addressline")
            .is_some_and(|line| !line.is_empty() && line.bytes().all(|digit| digit.is_ascii_digit()))
}

/// A text of JSON without the strings of its secret members. The text need not be whole, or JSON at all.
///
/// ```
/// use lumos_connector_core::redaction::body::redacted_json;
/// assert_eq!(redacted_json(r#"{"id": 7, "Email" : "a@b.c", "na"#), r#"{"id": 7, "Email" : "[REDACTED]", "na"#);
/// ```
#[must_use]
pub fn redacted_json(text: &str) -> Cow<'_, str> {
    let mut redacted = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(quote) = text[at..].find('"') {
        let key = at + quote + 1;
        let key_end = end_of_string(text, key);
        at = (key_end + 1).min(text.len());
        let rest = &text[at..];
        let Some(after_colon) = rest.trim_start().strip_prefix(':') else { continue };
        let Some(value) = after_colon.trim_start().strip_prefix('"') else { continue };
        let value_start = text.len() - value.len();
        let value_end = end_of_string(text, value_start);
        if is_secret(&text[key..key_end]) {
            redacted.push_str(&text[copied..value_start]);
            redacted.push_str(REDACTED);
            copied = value_end;
        }
        at = (value_end + 1).min(text.len());
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    redacted.push_str(&text[copied..]);
    Cow::Owned(redacted)
}

/// Where a JSON string that begins at `start` ends: at its quote, or with the text.
fn end_of_string(text: &str, start: usize) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(start) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at,
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

fn is_secret_parameter(name: &str) -> bool {
    let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
    is_secret(&name)
        || matches!(name.to_lowercase().as_str(), "authorization" | "auth" | "code" | "signature")
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

    /// The names of the contract.
    const CONTRACT: &str = "access_token refresh_token temporary_password token api_key client_secret password secret \
        auth_token jwt bearer external_id ssn social_security tax_id ein national_id passport_number driver_license \
        date_of_birth birth_date dob phone mobile cell telephone email mail address_line1 street city state zip \
        postal country card_number cvv cvc pin account_number";

    #[test]
    fn every_name_of_the_contract_is_secret_with_and_without_separators() {
        for name in CONTRACT.split_whitespace() {
            for name in [name.to_owned(), name.to_uppercase(), name.replace('_', "-"), name.replace('_', "")]
            {
                assert!(is_secret(&name), "{name}");
            }
        }
        for name in ["id", "username", "tokens", "address_line", "statement"] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn only_strings_of_secret_members_are_replaced() {
        let text =
            r#"{"token":"a\"b","n":{"phone":5,"email":null,"city": "x"},"v":"token","list":["token","y"]}"#;
        let expected = r#"{"token":"[REDACTED]","n":{"phone":5,"email":null,"city": "[REDACTED]"},"v":"token","list":["token","y"]}"#;
        assert_eq!(redacted_json(text), expected);
    }

    #[test]
    fn a_text_that_breaks_off_inside_a_secret_shows_none_of_it() {
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
