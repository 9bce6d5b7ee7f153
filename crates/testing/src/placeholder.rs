//! The placeholder for the address of the fake app, which is known only when a case runs.

use serde_json::Value;

/// What stands for the address of the fake app, without a slash at its end.
pub(crate) const UPSTREAM: &str = "{upstream}";

/// The value with the address in place of the placeholder, in every text and key at every depth.
pub(crate) fn resolve(value: &Value, upstream: &str) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace(UPSTREAM, upstream)),
        Value::Array(items) => items.iter().map(|item| resolve(item, upstream)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, field)| (name.replace(UPSTREAM, upstream), resolve(field, upstream)))
            .collect(),
        other => other.clone(),
    }
}
