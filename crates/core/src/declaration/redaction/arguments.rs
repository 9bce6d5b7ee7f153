//! Requests that a connector is called with, without what is secret in them.

use serde_json::Value;

use super::names::{Place, is_secret};
use crate::declaration::auth::AuthModel;

/// What stands for a secret argument.
const REDACTED: &str = "REDACTED";

/// The key of a credential's name, which is not secret.
const ID: &str = "id";

/// Replaces what is secret in a request, whatever its shape: of credentials only the ids and the names of their parts
/// are left, and nothing of a value under a key that is always secret or one of `more_keys`, which are in lower case.
///
/// ```
/// let mut request = serde_json::json!({"auth": {"basic": {"username": "u"}}, "settings": {"pin": "1", "size": 2}});
/// lumos_connector_core::redaction::arguments::redact(&mut request, &["pin".to_owned()]);
/// assert_eq!(request.to_string(), r#"{"auth":{"basic":"REDACTED"},"settings":{"pin":"REDACTED","size":2}}"#);
/// ```
pub fn redact(value: &mut Value, more_keys: &[String]) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                let key = key.to_lowercase();
                match key.as_str() {
                    "auth" | "credential" => redact_credential(field),
                    "credentials" => redact_credentials(field),
                    key if is_secret(Place::Argument, key) || more_keys.iter().any(|other| other == key) => {
                        hide(field);
                    }
                    _ => redact(field, more_keys),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| redact(item, more_keys)),
        _ => {}
    }
}

fn redact_credentials(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(redact_credential),
        other => hide(other),
    }
}

/// Keys that no credential has are left out: they may be anything.
fn redact_credential(value: &mut Value) {
    let Value::Object(fields) = value else { return hide(value) };
    fields.retain(|key, _| key == ID || AuthModel::from_wire(key).is_some());
    for (key, field) in fields {
        if key != ID || !field.is_string() {
            hide(field);
        }
    }
}

fn hide(value: &mut Value) {
    if !value.is_null() {
        *value = REDACTED.into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_under_secret_keys_are_replaced_at_every_depth() {
        let mut request = json!({
            "request": {"PASSWORD": "p", "a": "b", "form_data": {"k": "v"}},
            "settings": {"pin": "1", "n": [{"token": ["t"]}], "secret": 5, "api_key": null},
        });
        redact(&mut request, &["pin".to_owned()]);
        assert_eq!(
            request,
            json!({
                "request": {"PASSWORD": "REDACTED", "a": "b", "form_data": "REDACTED"},
                "settings": {"pin": "REDACTED", "n": [{"token": "REDACTED"}], "secret": "REDACTED", "api_key": null},
            })
        );
    }

    #[test]
    fn of_credentials_only_ids_and_the_names_of_parts_are_left() {
        let mut request = json!({
            "auth": {"basic": {"username": "u"}, "stray": "s", "id": ["i"], "oauth": null},
            "credentials": [{"id": "main", "service_account": {"key": {"k": ["v"]}}}, "stray"],
            "request": {"credential": "stray", "credentials": {"stray": 1}},
        });
        redact(&mut request, &[]);
        assert_eq!(
            request,
            json!({
                "auth": {"basic": "REDACTED", "id": "REDACTED", "oauth": null},
                "credentials": [{"id": "main", "service_account": "REDACTED"}, "REDACTED"],
                "request": {"credential": "REDACTED", "credentials": "REDACTED"},
            })
        );
    }
}
