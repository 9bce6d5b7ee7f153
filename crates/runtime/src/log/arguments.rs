//! The arguments of a call in the log, without what is secret in them.

use lumos_connector_core::Integration;
use serde_json::Value;

use super::environment::LogSettings;

/// What stands for a secret argument.
const REDACTED: &str = "REDACTED";

/// Keys whose values are secret whatever the connector says (contract §10).
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

/// Logs the arguments of a call at `INFO`; the content of a request file is not logged.
pub(crate) fn log(
    settings: &LogSettings,
    integration: &Integration,
    capability: &str,
    json: Option<&String>,
) {
    if !tracing::enabled!(tracing::Level::INFO) {
        return;
    }
    let Some(json) = json else {
        tracing::info!(capability, "called with a request file");
        return;
    };
    let Ok(mut request) = serde_json::from_str::<Value>(json) else {
        tracing::info!(capability, "called with a request that is not JSON");
        return;
    };
    let mut secret_keys = integration.secret_fields();
    secret_keys.extend(settings.redacted_keys.iter().cloned());
    redact(&mut request, &secret_keys);
    tracing::info!(capability, "called with {request}");
}

fn redact(value: &mut Value, secret_keys: &[String]) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                let key = key.to_lowercase();
                let secret = SECRET_KEYS.contains(&key.as_str()) || secret_keys.contains(&key);
                match field {
                    Value::String(text) if secret => REDACTED.clone_into(text),
                    other => redact(other, secret_keys),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| redact(item, secret_keys)),
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
