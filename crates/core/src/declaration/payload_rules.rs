//! What a payload of a connector's own may change about the standard one: nothing but add fields (contract §18).

use lumos_connector_types::account_lifecycle::{CreatableAccount, CreatedAccount, UpdateableAccount};
use lumos_connector_types::capability::StandardCapability;
use lumos_connector_types::schema::{self, Object, Refs};
use serde_json::Value;

use super::capability::CapabilityInfo;
use super::mistake::Mistake;

/// The standard fields that the payloads of a customized capability lack or change.
pub(crate) fn changed_fields(facts: &CapabilityInfo) -> Vec<Mistake> {
    let (request, response) = match facts.standard {
        Some(StandardCapability::CreateAccount) if facts.customized => {
            (schema::of::<CreatableAccount>(Refs::Defs), schema::of::<CreatedAccount>(Refs::Defs))
        }
        Some(StandardCapability::UpdateAccount) if facts.customized => {
            (schema::of::<UpdateableAccount>(Refs::Defs), schema::of::<UpdateableAccount>(Refs::Defs))
        }
        _ => return Vec::new(),
    };
    let pairs =
        [(request, (facts.request_schema)(Refs::Defs)), (response, (facts.response_schema)(Refs::Defs))];
    pairs
        .iter()
        .flat_map(|(standard, own)| changed(standard, own))
        .map(|field| Mistake::ChangedPayload { capability: facts.name, field })
        .collect()
}

fn changed(standard: &Object, own: &Object) -> Vec<String> {
    let properties = standard.get("properties").and_then(Value::as_object).into_iter().flatten();
    properties
        .filter(|(name, property)| {
            let own_property = own.get("properties").and_then(|properties| properties.get(name.as_str()));
            own_property.is_none_or(|own_property| shape(own_property, own) != shape(property, standard))
                || is_required(own, name) != is_required(standard, name)
        })
        .map(|(name, _)| name.clone())
        .collect()
}

/// A schema without what only people read, and with the models that it points to in place.
///
/// The standard payloads do not contain themselves, so this ends; an own one that does is cut off at [`MAX_DEPTH`].
fn shape(schema: &Value, root: &Object) -> Value {
    shape_within(schema, root, MAX_DEPTH)
}

/// Deeper than any standard payload.
const MAX_DEPTH: usize = 16;

fn shape_within(schema: &Value, root: &Object, depth: usize) -> Value {
    let definition = |target: &str| root.get("$defs")?.get(target.trim_start_matches("#/$defs/"));
    match schema {
        _ if depth == 0 => Value::Null,
        Value::Object(fields) => {
            if let Some(model) = fields.get("$ref").and_then(Value::as_str).and_then(definition) {
                return shape_within(model, root, depth - 1);
            }
            let kept = fields.iter().filter(|(key, _)| !is_prose(key));
            kept.map(|(key, value)| (key.clone(), shape_within(value, root, depth - 1))).collect()
        }
        Value::Array(items) => items.iter().map(|item| shape_within(item, root, depth - 1)).collect(),
        other => other.clone(),
    }
}

fn is_prose(key: &str) -> bool {
    matches!(key, "title" | "description" | "default") || key.starts_with("x-")
}

fn is_required(schema: &Object, name: &str) -> bool {
    schema.get("required").and_then(Value::as_array).is_some_and(|names| names.iter().any(|one| one == name))
}
