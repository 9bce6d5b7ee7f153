//! The form that the document gives a schema.
//!
//! A field that may be left out is simply not required here: no null, no `default: null`. Names need no titles, and
//! prose no line breaks of its own.

use lumos_connector_types::schema::{Object, openapi};
use serde_json::{Value, json};

/// Written for forms that ask a user for credentials; no caller needs it.
const HIDDEN: &str = "x-hidden";

/// A schema in the form of the document.
pub(super) fn of(schema: Object) -> Object {
    let mut schema = openapi(schema);
    tidy(&mut schema);
    schema
}

fn tidy(schema: &mut Object) {
    schema.shift_remove("title");
    schema.shift_remove(HIDDEN);
    if let Some(Value::String(description)) = schema.get_mut("description") {
        *description = unwrapped(description);
    }
    let required = schema.get("required").cloned().unwrap_or_default();
    let is_required =
        |name: &str| required.as_array().is_some_and(|names| names.iter().any(|one| one == name));
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        for (name, property) in properties.iter_mut() {
            let Value::Object(property) = property else { continue };
            tidy(property);
            if !is_required(name) {
                property.shift_remove("nullable");
                if property.get("default").is_some_and(Value::is_null) {
                    property.shift_remove("default");
                }
            }
        }
        if properties.is_empty() {
            schema.shift_remove("properties");
        }
    }
    for key in ["items", "additionalProperties"] {
        if let Some(Value::Object(inner)) = schema.get_mut(key) {
            tidy(inner);
        }
    }
    if let Some(Value::Array(options)) = schema.get_mut("anyOf") {
        options.iter_mut().filter_map(Value::as_object_mut).for_each(tidy);
    }
}

/// Lines of one paragraph joined; blank lines still separate paragraphs.
fn unwrapped(prose: &str) -> String {
    prose.split("\n\n").map(|paragraph| paragraph.replace('\n', " ")).collect::<Vec<_>>().join("\n\n")
}

/// References as OpenAPI 3.0 reads them: nothing beside `$ref` counts there.
///
/// The schema that is referred to describes itself. What a field says beyond that stands around the reference.
pub(super) fn settle_references(node: &mut Value) {
    match node {
        Value::Array(items) => items.iter_mut().for_each(settle_references),
        Value::Object(schema) => {
            schema.values_mut().for_each(settle_references);
            if !schema.get("$ref").is_some_and(Value::is_string) {
                return;
            }
            if schema.keys().any(|key| !matches!(key.as_str(), "$ref" | "description")) {
                let reference = schema.shift_remove("$ref");
                schema.shift_insert(0, "allOf".to_owned(), json!([{ "$ref": reference }]));
            } else {
                schema.retain(|key, _| key == "$ref");
            }
        }
        _ => {}
    }
}

/// Merges a patch into a value (RFC 7396): objects member by member, null removes, anything else replaces.
pub(super) fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let Value::Object(target) = target else { return };
    for (key, value) in patch {
        if value.is_null() {
            target.shift_remove(&key);
        } else {
            merge(target.entry(key).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_optional_field_is_absent_rather_than_null() {
        let schema = json!({
            "type": "object", "title": "Page", "required": ["size"],
            "properties": {
                "token": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": null, "title": "Token"},
                "size": {"anyOf": [{"type": "integer"}, {"type": "null"}], "title": "Size"},
            },
        });
        let Value::Object(schema) = schema else { panic!("an object") };
        let expected = json!({
            "type": "object", "required": ["size"],
            "properties": {"token": {"type": "string"}, "size": {"type": "integer", "nullable": true}},
        });
        assert_eq!(Value::Object(of(schema)), expected);
    }

    #[test]
    fn what_stands_beside_a_reference_moves_around_it() {
        let mut schemas = json!([
            {"$ref": "#/a", "description": "Its own."},
            {"$ref": "#/a", "default": "GET"},
            {"properties": {"$ref": {"type": "string"}}},
        ]);
        settle_references(&mut schemas);
        let expected = json!([
            {"$ref": "#/a"},
            {"allOf": [{"$ref": "#/a"}], "default": "GET"},
            {"properties": {"$ref": {"type": "string"}}},
        ]);
        assert_eq!(schemas, expected);
    }

    #[test]
    fn a_merge_patch_adds_replaces_and_removes() {
        let mut target = json!({"a": {"b": 1, "c": [1, 2]}, "d": "x"});
        merge(&mut target, json!({"a": {"b": null, "c": [3]}, "d": {"e": {"f": true, "g": null}}}));
        assert_eq!(target, json!({"a": {"c": [3]}, "d": {"e": {"f": true}}}));
    }
}
