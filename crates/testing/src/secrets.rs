//! The secrets of a case's request, and whether they appear where they must not.

use serde_json::Value;

/// Texts shorter than this are found anywhere by chance.
const SHORTEST: usize = 6;

/// Fields of credentials that are secret, beside those that the connector marks (contract §10).
const FIELDS: [&str; 9] = [
    "access_token",
    "client_secret",
    "consumer_secret",
    "key",
    "password",
    "private_key",
    "secret",
    "token",
    "token_secret",
];

/// Endings of fields that are public even inside of a key file.
const PUBLIC: [&str; 5] = ["_id", "_uri", "_url", "_email", "type"];

/// A secret of the request.
#[derive(Debug)]
pub(crate) struct Planted {
    /// Where it stands in the request: `auth.basic.password`.
    place: String,
    value: String,
}

/// The secrets in the credentials and settings of a request; `marked` are the fields that the connector marks.
pub(crate) fn planted(request: &Value, marked: &[String]) -> Vec<Planted> {
    let mut planted = Vec::new();
    for part in ["auth", "credentials", "settings"] {
        let own: &[&str] = if part == "settings" { &[] } else { &FIELDS };
        let is_secret = |name: &str| own.contains(&name) || marked.iter().any(|marked| marked == name);
        collect(&request[part], part, false, &is_secret, &mut planted);
    }
    planted
}

fn collect(
    value: &Value,
    place: &str,
    secret: bool,
    is_secret: &dyn Fn(&str) -> bool,
    planted: &mut Vec<Planted>,
) {
    match value {
        Value::String(text) if secret && text.len() >= SHORTEST => {
            planted.push(Planted { place: place.to_owned(), value: text.clone() });
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, place, secret, is_secret, planted)),
        Value::Object(fields) => {
            for (name, field) in fields {
                let public = PUBLIC.iter().any(|ending| name.ends_with(ending));
                let secret = secret && !public || is_secret(&name.to_lowercase());
                collect(field, &format!("{place}.{name}"), secret, is_secret, planted);
            }
        }
        _ => {}
    }
}

/// The place of the first secret that a text holds, as it is or as JSON writes it.
pub(crate) fn found<'a>(planted: &'a [Planted], text: &str) -> Option<&'a str> {
    let holds = |secret: &str| {
        let escaped = Value::from(secret).to_string();
        text.contains(secret) || text.contains(escaped.trim_matches('"'))
    };
    planted.iter().find(|planted| holds(&planted.value)).map(|planted| planted.place.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_of_credentials_and_marked_settings_are_planted() {
        let request = json!({
            "auth": {"basic": {"username": "someone", "password": "hunter22"}},
            "credentials": [{"id": "main-credential", "service_account": {"key": {"private": "pem-pem", "token_uri": "https://a.test"}}}],
            "settings": {"host": "acme.test", "Pin_Code": "123456", "short": "abc"},
            "request": {"token": "not-a-credential"},
        });
        let planted = planted(&request, &["pin_code".to_owned(), "short".to_owned()]);
        let places: Vec<_> = planted.iter().map(|planted| planted.place.as_str()).collect();
        assert_eq!(
            places,
            ["auth.basic.password", "credentials.service_account.key.private", "settings.Pin_Code"]
        );
    }

    #[test]
    fn a_secret_is_found_as_it_is_and_in_json() {
        let planted = planted(&json!({"auth": {"token": {"token": "a\"b\nc\\d"}}}), &[]);
        assert_eq!(found(&planted, "Bearer a\"b\nc\\d"), Some("auth.token.token"));
        assert_eq!(found(&planted, r#"{"t":"a\"b\nc\\d"}"#), Some("auth.token.token"));
        assert_eq!(found(&planted, "nothing"), None);
    }
}
