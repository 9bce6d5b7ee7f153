//! Checking credentials and settings as they stand in the file, before any reference is followed.

use serde_json::Value;

use super::form::{CREDENTIAL, is_secret, is_secret_credential, is_secret_name, names_at};
use super::places::{Leaf, Place, credentials, leaves};
use crate::error::ConnectionError;
use crate::file::{ConnectionFile, Text};

/// Checks that credentials have known types, and ids where they need them. Their fields may be more than the contract's:
/// connectors may have forms of their own.
pub(crate) fn check_names(file: &ConnectionFile) -> Result<(), ConnectionError> {
    let several = file.auth.is_empty();
    let types = names_at(&CREDENTIAL, &[]);
    let mut ids = Vec::new();
    for (place, credential) in credentials(file) {
        match (several, credential.get("id")) {
            (true, None) => {
                return Err(file.origin.invalid(format!("{}.id", place.field), "required, but not given"));
            }
            (true, Some(Value::String(id))) if !id.is_empty() && !ids.contains(&id.as_str()) => ids.push(id),
            (true, Some(Value::String(id))) if !id.is_empty() => {
                return Err(file
                    .origin
                    .invalid(format!("{}.id", place.field), "another credential has this id"));
            }
            (true, Some(_)) => {
                return Err(file
                    .origin
                    .invalid(format!("{}.id", place.field), "expected a text that is not empty"));
            }
            (false, _) => {}
        }
        for name in credential.keys().filter(|name| name.as_str() != "id") {
            let place = place.key(name);
            if !types.contains(&name.as_str()) {
                let known = types.iter().filter(|name| **name != "id").map(|name| format!("`{name}`"));
                let known: Vec<_> = known.collect();
                let problem = format!("unknown type of credential, expected one of {}", known.join(", "));
                return Err(file.origin.invalid(place.field, problem));
            }
        }
    }
    Ok(())
}

/// Refuses secrets that stand in the file, at places that the contract knows.
pub(crate) fn check_literals(file: &ConnectionFile) -> Result<(), ConnectionError> {
    if let Some(Text::Literal(_)) = file.connector.token {
        return Err(literal(file, "connector.token"));
    }
    for (place, credential) in credentials(file) {
        for (name, content) in credential {
            refuse_literals(file, content, &place.key(name), &|keys| is_secret_credential(keys))?;
        }
    }
    Ok(())
}

/// Refuses settings that stand in the file although the connector marks them as secret.
pub(crate) fn check_settings(file: &ConnectionFile, schema: &Value) -> Result<(), ConnectionError> {
    for (name, content) in &file.settings {
        refuse_literals(file, content, &Place::at("settings").key(name), &|keys| is_secret(schema, keys))?;
    }
    Ok(())
}

/// Whether settings stand in the file whose names say that they may be secrets.
pub(crate) fn has_suspicious_settings(file: &ConnectionFile) -> bool {
    let mut found = false;
    for (name, content) in &file.settings {
        leaves(content, &Place::at("settings").key(name), &mut |place, leaf| {
            let named = place.keys.iter().any(|key| is_secret_name(key));
            found |= named && matches!(leaf, Leaf::Literal(Value::String(text)) if !text.is_empty());
        });
    }
    found
}

fn refuse_literals(
    file: &ConnectionFile,
    content: &Value,
    place: &Place,
    is_secret: &dyn Fn(&[&str]) -> bool,
) -> Result<(), ConnectionError> {
    let mut found = None;
    leaves(content, place, &mut |place, leaf| {
        let keys: Vec<&str> = place.keys.iter().map(String::as_str).collect();
        let literal = match leaf {
            Leaf::Literal(Value::String(text)) => !text.is_empty(),
            Leaf::Literal(value) => !value.is_null(),
            Leaf::Reference(_) => false,
        };
        if literal && is_secret(&keys) && found.is_none() {
            found = Some(place.field.clone());
        }
    });
    found.map_or(Ok(()), |field| Err(literal(file, &field)))
}

fn literal(file: &ConnectionFile, field: &str) -> ConnectionError {
    ConnectionError::LiteralSecret {
        path: file.origin.label(),
        line: file.origin.line(field),
        field: field.to_owned(),
    }
}
