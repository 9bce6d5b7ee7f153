//! What a connection leads to, as one short text.

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::file::ConnectionFile;
use crate::secrets::{is_secret_credential, is_secret_name};

/// What stands for a secret that stands in the file: its hash could be guessed.
const LITERAL: &str = "a literal secret";

/// SHA-256, in hexadecimal, of the file in canonical form: keys sorted, without limits and mode.
pub(crate) fn of(file: &ConnectionFile) -> String {
    let mut credentials = if file.auth.is_empty() {
        Value::from(file.credentials.iter().cloned().map(Value::Object).collect::<Vec<_>>())
    } else {
        Value::Object(file.auth.clone())
    };
    match &mut credentials {
        Value::Array(items) => {
            items.iter_mut().for_each(|item| hide(item, &mut Vec::new(), &is_secret_credential));
        }
        single => hide(single, &mut Vec::new(), &is_secret_credential),
    }
    let mut settings = Value::Object(file.settings.clone());
    hide(&mut settings, &mut Vec::new(), &|keys| keys.iter().any(|key| is_secret_name(key)));
    let text = sorted(&json!({
        "command": file.connector.command,
        "url": file.connector.url,
        "credentials": credentials,
        "settings": settings,
    }));
    hex::encode(Sha256::digest(text.to_string()))
}

/// Replaces literal secrets. References are objects, and what is in them is no secret.
fn hide(value: &mut Value, keys: &mut Vec<String>, is_secret: &dyn Fn(&[&str]) -> bool) {
    if crate::reference::Reference::recognize(value).is_some() {
        return;
    }
    if let Value::Object(members) = value {
        for (key, member) in members.iter_mut() {
            keys.push(key.clone());
            hide(member, keys, is_secret);
            keys.pop();
        }
        return;
    }
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    if is_secret(&keys) {
        *value = LITERAL.into();
    }
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut entries: Vec<_> = members.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_str());
            let entries = entries.into_iter().map(|(key, value)| (key.clone(), sorted(value)));
            Value::Object(entries.collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}
