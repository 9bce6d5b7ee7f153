//! Every schema of the API by its name.

use std::collections::BTreeMap;

use lumos_connector_types::schema::{Object, Refs, catalog};
use serde_json::{Value, json};

use super::{composition, form};
use lumos_connector_runtime::failure::Failure;

/// What only the document says of a schema.
const AMENDMENTS: &str = include_str!("schemas.yaml");

/// Models of this SDK that are not part of the API.
const PRIVATE: &[&str] = &["ActivityRecordActivityType", "Empty", "EmptySettings"];

/// The value of `components.schemas`.
pub(super) fn schemas() -> Result<Value, Failure> {
    let mut schemas = Value::Object(named());
    let amendments = yaml_serde::from_str(AMENDMENTS)
        .map_err(|error| Failure::new(format!("schemas.yaml of this tool is damaged: {error}")))?;
    form::merge(&mut schemas, amendments);
    let Value::Object(schemas) = schemas else { return Ok(schemas) };
    let composed = schemas.into_iter().map(|(name, schema)| match schema {
        Value::Object(schema) => {
            let schema = composition::composed(&name, schema);
            (name, Value::Object(schema))
        }
        other => (name, other),
    });
    let mut sorted: Vec<_> = composed.collect();
    sorted.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut schemas = Value::Object(sorted.into_iter().collect());
    form::settle_references(&mut schemas);
    Ok(schemas)
}

/// The schemas of the types, each under one name.
fn named() -> Object {
    let mut schemas = BTreeMap::new();
    for (name, mut schema) in catalog(Refs::Components) {
        if let Some(Value::Object(definitions)) = schema.shift_remove("$defs") {
            schemas.extend(definitions);
        }
        schemas.insert(name, Value::Object(schema));
    }
    schemas.insert("StandardCapabilityName".to_owned(), names_of_capabilities());
    let public = schemas.into_iter().filter(|(name, _)| is_public(name));
    public
        .map(|(name, schema)| match schema {
            Value::Object(schema) => (name, Value::Object(form::of(schema))),
            other => (name, other),
        })
        .collect()
}

fn is_public(name: &str) -> bool {
    let envelope = name.ends_with("Request") && !composition::is_named_request(name);
    !envelope && !PRIVATE.contains(&name)
}

fn names_of_capabilities() -> Value {
    let names: Vec<_> = super::capabilities().iter().map(|capability| capability.as_str()).collect();
    json!({"type": "string", "description": "The name of a standard capability.", "enum": names})
}
