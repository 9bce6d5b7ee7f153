//! Fields that name a type of entitlement or resource, narrowed to the types that the connector declares.

use lumos_connector_types::schema::Object;
use serde_json::{Value, json};

use crate::declaration::Declaration;

/// The types that a connector declares, for the schemas of fields that name one.
pub(super) struct DeclaredTypes {
    entitlement_types: Vec<String>,
    resource_types: Vec<String>,
}

impl DeclaredTypes {
    pub(super) fn of(declaration: &Declaration) -> Self {
        let about = &declaration.about;
        Self {
            entitlement_types: about
                .entitlement_types
                .iter()
                .map(|declared| declared.type_id.clone())
                .collect(),
            resource_types: about.resource_types.iter().map(|declared| declared.type_id.clone()).collect(),
        }
    }

    /// A model whose types are narrowed to the declared ones (contract §6).
    pub(super) fn narrow(&self, mut model: Object) -> Object {
        if let Some(Value::Object(properties)) = model.get_mut("properties") {
            narrow(properties, "x-entitlement-type", "entitlement_type", &self.entitlement_types);
            narrow(properties, "x-resource-type", "resource_type", &self.resource_types);
        }
        model
    }
}

/// Replaces the field when any property carries the mark. Without declared types it may hold any string.
fn narrow(properties: &mut Object, mark: &str, field: &str, declared: &[String]) {
    if !properties.values().any(|property| property.get(mark).is_some()) {
        return;
    }
    let Some(property) = properties.get_mut(field) else { return };
    let mut narrowed = Object::new();
    narrowed.insert("type".to_owned(), json!("string"));
    for key in ["title", "description"] {
        if let Some(text) = property.get(key) {
            narrowed.insert(key.to_owned(), text.clone());
        }
    }
    if !declared.is_empty() {
        narrowed.insert("enum".to_owned(), json!(declared));
    }
    *property = Value::Object(narrowed);
}
