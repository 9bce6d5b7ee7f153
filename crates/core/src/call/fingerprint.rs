//! Fingerprints: whether two requests ask for the same thing (contract §7).

use lumos_connector_types::schema::{self, Object, Refs};
use lumos_connector_types::settings_field::UNIQUE;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::call::python_json;
use crate::declaration::error::Result;

/// The fingerprint of a request's payload.
///
/// It is the SHA-256 of the payload as JSON with sorted keys and without null fields. Fields marked `x-unique`, when
/// there are any, are the only ones that count.
///
/// # Errors
/// When the payload cannot be serialised.
///
/// ```
/// use lumos_connector_core::fingerprint;
/// use lumos_connector_types::payload::ListAccounts;
///
/// let request = ListAccounts { custom_attributes: Some(vec!["email".to_owned()]) };
/// assert_eq!(
///     fingerprint::of(&request).unwrap(),
///     "7ea383b790fff105b40529a2b5c00d29c80f343913f1f2aeaa4bb95a39fd4e36"
/// );
/// ```
pub fn of<T: Serialize + JsonSchema>(payload: &T) -> Result<String> {
    let schema = schema::of::<T>(Refs::Defs);
    let mut value = serde_json::to_value(payload)?;
    if let Value::Object(fields) = &mut value {
        let properties = schema.get("properties").and_then(Value::as_object);
        let unique = |name: &str| {
            properties.and_then(|all| all.get(name)?.get(UNIQUE)).and_then(Value::as_bool).unwrap_or_default()
        };
        if fields.keys().any(|name| unique(name)) {
            fields.retain(|name, _| unique(name));
        }
    }
    drop_null_fields(&mut value, &Value::Object(schema.clone()), &schema);
    Ok(hex::encode(Sha256::digest(python_json::canonical(value))))
}

/// Drops the null fields of models; nulls inside free-form maps are data.
fn drop_null_fields(value: &mut Value, schema: &Value, root: &Object) {
    let schema = resolve(schema, root);
    match value {
        Value::Object(fields) => {
            let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
                if let Some(inner) = schema.get("additionalProperties").filter(|inner| inner.is_object()) {
                    fields.values_mut().for_each(|field| drop_null_fields(field, inner, root));
                }
                return;
            };
            fields.retain(|_, field| !field.is_null());
            for (name, field) in fields.iter_mut() {
                if let Some(property) = properties.get(name) {
                    drop_null_fields(field, property, root);
                }
            }
        }
        Value::Array(items) => {
            if let Some(inner) = schema.get("items") {
                items.iter_mut().for_each(|item| drop_null_fields(item, inner, root));
            }
        }
        _ => {}
    }
}

/// The schema behind a reference or an optional field.
fn resolve<'a>(schema: &'a Value, root: &'a Object) -> &'a Value {
    if let Some(options) = schema.get("anyOf").and_then(Value::as_array)
        && let Some(first) = options.first()
    {
        return resolve(first, root);
    }
    let definition = schema
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|target| root.get("$defs")?.get(target.trim_start_matches("#/$defs/")));
    definition.unwrap_or(schema)
}
