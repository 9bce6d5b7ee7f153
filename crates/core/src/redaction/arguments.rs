//! Requests that a connector is called with, without what is secret in them.

use serde_json::Value;

/// What stands for a secret argument.
const REDACTED: &str = "REDACTED";

/// Keys whose values are secret whatever the connector says.
const SECRET_KEYS: [&str; 11] = [
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
];

/// Replaces every string under a key that is always secret or one of `more_keys`, which are in lower case.
///
/// ```
/// let mut request = serde_json::json!({"auth": {"token": {"token": "t"}}, "settings": {"pin": "1", "size": 2}});
/// lumos_connector_core::redaction::arguments::redact(&mut request, &["pin".to_owned()]);
/// assert_eq!(request.to_string(), r#"{"auth":{"token":{"token":"REDACTED"}},"settings":{"pin":"REDACTED","size":2}}"#);
/// ```
pub fn redact(value: &mut Value, more_keys: &[String]) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                let key = key.to_lowercase();
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn strings_under_secret_keys_are_replaced_at_every_depth() {
        let mut request = json!({"auth": {"basic": {"username": "u", "PASSWORD": "p"}}, "settings": {"pin": "1", "n": [{"token": "t"}], "secret": 5}});
        redact(&mut request, &["pin".to_owned()]);
        assert_eq!(
            request,
            json!({"auth": {"basic": {"username": "u", "PASSWORD": "REDACTED"}}, "settings": {"pin": "REDACTED", "n": [{"token": "REDACTED"}], "secret": 5}})
        );
    }
}
