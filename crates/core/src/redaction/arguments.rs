//! Requests that a connector is called with, without what is secret in them.

use serde_json::Value;

/// What stands for a secret argument.
const REDACTED: &str = "REDACTED";

/// Keys whose values are secret whatever the connector says.
const SECRET_KEYS: [&str; 15] = [
    "password",
    "secret",
    "token",
    "api_key",
    "api_token",
    "api_secret",
    "access_token",
    "refresh_token",
    "client_secret",
    "consumer_secret",
    "token_secret",
    "private_key",
    "code_verifier",
    "redirect_uri_with_code",
    "state",
];

/// Keys under which every text is secret, whatever its own key: credentials, and what a form holds.
const SECRET_PARTS: [&str; 4] = ["auth", "credentials", "credential", "form_data"];

/// The key of a credential's name, which is not secret.
const ID: &str = "id";

/// Replaces every string of a credential, and every string under a key that is always secret or one of `more_keys`,
/// which are in lower case.
///
/// ```
/// let mut request = serde_json::json!({"auth": {"basic": {"username": "u"}}, "settings": {"pin": "1", "size": 2}});
/// lumos_connector_core::redaction::arguments::redact(&mut request, &["pin".to_owned()]);
/// assert_eq!(request.to_string(), r#"{"auth":{"basic":{"username":"REDACTED"}},"settings":{"pin":"REDACTED","size":2}}"#);
/// ```
pub fn redact(value: &mut Value, more_keys: &[String]) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                let key = key.to_lowercase();
                if SECRET_PARTS.contains(&key.as_str()) {
                    redact_all(field);
                    continue;
                }
                let secret = SECRET_KEYS.contains(&key.as_str()) || more_keys.contains(&key);
                match field {
                    Value::String(text) if secret => REDACTED.clone_into(text),
                    other => redact(other, more_keys),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| redact(item, more_keys)),
        _ => {}
    }
}

/// Replaces every string but ids.
fn redact_all(value: &mut Value) {
    match value {
        Value::String(text) => REDACTED.clone_into(text),
        Value::Object(fields) => {
            fields.iter_mut().filter(|(key, _)| *key != ID).for_each(|(_, field)| redact_all(field));
        }
        Value::Array(items) => items.iter_mut().for_each(redact_all),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn strings_under_secret_keys_are_replaced_at_every_depth() {
        let mut request = json!({"request": {"PASSWORD": "p", "a": "b"}, "settings": {"pin": "1", "n": [{"token": "t"}], "secret": 5}});
        redact(&mut request, &["pin".to_owned()]);
        assert_eq!(
            request,
            json!({"request": {"PASSWORD": "REDACTED", "a": "b"}, "settings": {"pin": "REDACTED", "n": [{"token": "REDACTED"}], "secret": 5}})
        );
    }

    #[test]
    fn of_credentials_only_the_ids_are_left() {
        let mut request =
            json!({"credentials": [{"id": "main", "service_account": {"key": {"k": ["v"]}}}, "stray"]});
        redact(&mut request, &[]);
        assert_eq!(
            request,
            json!({"credentials": [{"id": "main", "service_account": {"key": {"k": ["REDACTED"]}}}, "REDACTED"]})
        );
    }
}
