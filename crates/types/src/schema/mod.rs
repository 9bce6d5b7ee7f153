//! The dialect of JSON Schema that the platform reads: what pydantic writes, from the same Rust types.
//!
//! [`of`] gives the schema of a type as it stands in `info`; [`Refs::Components`] moves its references to where an
//! OpenAPI document keeps its schemas, and [`openapi`] says "or null" as OpenAPI 3.0 does.

#[cfg(feature = "catalog")]
mod catalog;
mod dialect;
mod example;
mod null_conversion;
mod title;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

#[cfg(feature = "catalog")]
pub use catalog::{MODELS, Model, catalog};
pub use example::Example;
pub use null_conversion::openapi;
pub use title::title_case;

/// A JSON Schema, or any other JSON object.
pub type Object = Map<String, Value>;

/// On a field: its default is made anew for each value, so that the schema shows none.
pub const DEFAULT_FACTORY: &str = "x-default-factory";

/// Where references point to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refs {
    /// `#/$defs/Name`: the schema stands alone.
    Defs,
    /// `#/components/schemas/Name`: the schema is part of an OpenAPI document.
    Components,
}

/// The schema of a type with its definitions under `$defs`.
///
/// ```
/// use lumos_connector_types::{page::Page, schema};
/// let page = schema::of::<Page>(schema::Refs::Defs);
/// assert_eq!(page["properties"]["size"]["anyOf"], serde_json::json!([{"type": "integer"}, {"type": "null"}]));
/// ```
#[must_use]
pub fn of<T: JsonSchema>(refs: Refs) -> Object {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.meta_schema = None);
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let mut schema = match schema.to_value() {
        Value::Object(schema) => schema,
        // `true`: anything goes.
        _ => Object::new(),
    };
    dialect::apply(&mut schema);
    if refs == Refs::Components {
        point_to_components(&mut schema);
    }
    schema
}

/// The schema of a type under a title of its own: the envelopes of capabilities have one type and many names.
#[must_use]
pub fn titled<T: JsonSchema>(title: &str, refs: Refs) -> Object {
    let mut schema = of::<T>(refs);
    schema.insert("title".to_owned(), title.into());
    schema
}

/// The names of a schema's properties in the order of their declaration.
#[must_use]
pub fn field_order(schema: &Object) -> Vec<&str> {
    schema
        .get("properties")
        .and_then(Value::as_object)
        .map(|properties| properties.keys().map(String::as_str).collect())
        .unwrap_or_default()
}

fn point_to_components(node: &mut Object) {
    for (key, value) in node.iter_mut() {
        match value {
            Value::String(target) if key == "$ref" => {
                *target = target.replace("#/$defs/", "#/components/schemas/");
            }
            Value::Object(child) => point_to_components(child),
            Value::Array(items) => {
                items.iter_mut().filter_map(Value::as_object_mut).for_each(point_to_components);
            }
            _ => {}
        }
    }
}
