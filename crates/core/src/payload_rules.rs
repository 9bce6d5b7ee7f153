//! What a payload of a connector's own may change about the standard one: nothing but add fields (contract §18).

use lumos_connector_types::account_lifecycle::{CreatableAccount, CreatedAccount, UpdateableAccount};
use lumos_connector_types::capability::StandardCapability;
use lumos_connector_types::schema::{self, Object, Refs};
use serde_json::Value;

use crate::capability::Facts;
use crate::integration::Mistake;

/// The standard fields that the payloads of a customized capability lack or change.
pub(crate) fn changed_fields(facts: &Facts) -> Vec<Mistake> {
    let (request, response) = match facts.standard {
        Some(StandardCapability::CreateAccount) if facts.customized => {
            (schema::of::<CreatableAccount>(Refs::Defs), schema::of::<CreatedAccount>(Refs::Defs))
        }
        Some(StandardCapability::UpdateAccount) if facts.customized => {
            (schema::of::<UpdateableAccount>(Refs::Defs), schema::of::<UpdateableAccount>(Refs::Defs))
        }
        _ => return Vec::new(),
    };
    let pairs = [(request, (facts.request_schema)(Refs::Defs)), (response, (facts.response_schema)(Refs::Defs))];
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
            own_property.is_none_or(|own_property| shape(own_property) != shape(property))
                || is_required(own, name) != is_required(standard, name)
        })
        .map(|(name, _)| name.clone())
        .collect()
}

/// A property without what only people read.
fn shape(property: &Value) -> Value {
    let mut shape = property.clone();
    if let Value::Object(fields) = &mut shape {
        fields.retain(|key, _| !matches!(key.as_str(), "title" | "description" | "default") && !key.starts_with("x-"));
    }
    shape
}

fn is_required(schema: &Object, name: &str) -> bool {
    schema.get("required").and_then(Value::as_array).is_some_and(|names| names.iter().any(|one| one == name))
}
