//! From schemars' dialect to pydantic's.
//!
//! | schemars writes | the platform reads |
//! | --- | --- |
//! | `{"type": ["string", "null"], …}` | `{"anyOf": [{"type": "string", …}, {"type": "null"}]}` |
//! | no title on a property | a title from its name, unless it is only a reference |
//! | no default on an optional property | `"default": null` when it is nullable |
//! | `{}` on an optional property of any type | `{"anyOf": [{}, {"type": "null"}]}` |
//! | `"format": "int64"`, `"minimum": 0` on integers | neither |
//! | `oneOf` of constants (an enum with documented variants) | `enum` |

use serde_json::{Value, json};

use super::title::title_case;
use super::{DEFAULT_FACTORY, Object};

/// Keys that describe a value from outside and stay beside the `anyOf` of a nullable one.
const OUTSIDE: [&str; 4] = ["title", "description", "default", "deprecated"];

/// Formats that are Rust's, not JSON's.
const NUMBER_FORMATS: [&str; 12] = [
    "int8", "int16", "int32", "int64", "int128", "int", "uint8", "uint16", "uint32", "uint64", "uint",
    "double",
];

pub(super) fn apply(schema: &mut Object) {
    children(schema);
    collapse_constants(schema);
    plain_numbers(schema);
    if let Some(name) =
        schema.get("$defs").and_then(Value::as_object).map(|defs| defs.keys().cloned().collect::<Vec<_>>())
        && let Some(Value::Object(definitions)) = schema.get_mut("$defs")
    {
        for name in name {
            if let Some(Value::Object(definition)) = definitions.get_mut(&name) {
                definition.entry("title").or_insert(Value::String(name));
            }
        }
    }
    if schema.get("type") == Some(&json!("object")) {
        properties(schema);
    }
    split_nullable(schema);
}

/// Every schema inside this one.
fn children(schema: &mut Object) {
    for key in ["properties", "$defs"] {
        if let Some(Value::Object(map)) = schema.get_mut(key) {
            map.values_mut().filter_map(Value::as_object_mut).for_each(apply);
        }
    }
    for key in ["anyOf", "oneOf", "allOf", "prefixItems"] {
        if let Some(Value::Array(items)) = schema.get_mut(key) {
            items.iter_mut().filter_map(Value::as_object_mut).for_each(apply);
        }
    }
    for key in ["items", "additionalProperties"] {
        if let Some(Value::Object(child)) = schema.get_mut(key) {
            apply(child);
        }
    }
}

fn properties(schema: &mut Object) {
    let required = schema.get("required").cloned().unwrap_or_else(|| json!([]));
    let required = |name: &str| required.as_array().is_some_and(|names| names.iter().any(|one| one == name));
    if schema.contains_key("additionalProperties") && !schema.contains_key("properties") {
        return;
    }
    let Value::Object(properties) = schema.entry("properties").or_insert_with(|| json!({})) else { return };
    for (name, property) in properties.iter_mut() {
        if property == &Value::Bool(true) {
            *property = json!({});
        }
        let Some(property) = property.as_object_mut() else { continue };
        let factory = property.shift_remove(DEFAULT_FACTORY).is_some();
        if factory {
            property.shift_remove("default");
        } else if !required(name) {
            if is_anything(property) {
                property.insert("anyOf".to_owned(), json!([{}, {"type": "null"}]));
            }
            if is_nullable(property) {
                property.entry("default").or_insert(Value::Null);
            }
        }
        if !is_reference(property) {
            property.entry("title").or_insert_with(|| Value::String(title_case(name)));
        }
    }
}

/// Whether the property only points to other schemas, which bring their own titles.
fn is_reference(property: &Object) -> bool {
    let points = |schema: &Value| schema.get("$ref").is_some();
    let is_null = |schema: &Value| schema == &json!({"type": "null"});
    property.contains_key("$ref")
        || property.get("anyOf").and_then(Value::as_array).is_some_and(|options| {
            matches!(options.as_slice(), [one] | [one, _] if points(one)) && options[1..].iter().all(is_null)
        })
}

/// Whether any value fits: what `Option<Json>` and `Option<Value>` come as.
fn is_anything(property: &Object) -> bool {
    property.keys().all(|key| matches!(key.as_str(), "title" | "description") || key.starts_with("x-"))
}

fn is_nullable(property: &Object) -> bool {
    property
        .get("anyOf")
        .and_then(Value::as_array)
        .is_some_and(|options| options.iter().any(|option| option == &json!({"type": "null"})))
}

/// `type: [T, null]` and a nested `anyOf` become one flat `anyOf`.
fn split_nullable(schema: &mut Object) {
    if let Some(Value::Array(options)) = schema.get_mut("anyOf") {
        let flat = std::mem::take(options).into_iter().flat_map(|option| match option {
            Value::Object(ref inner) if inner.len() == 1 && inner.contains_key("anyOf") => {
                inner["anyOf"].as_array().cloned().unwrap_or_default()
            }
            other => vec![other],
        });
        *options = flat.collect();
    }
    let Some(Value::Array(types)) = schema.get("type") else { return };
    let types: Vec<Value> = types.iter().filter(|one| *one != "null").cloned().collect();
    let inside: Vec<String> = schema
        .keys()
        .filter(|key| !OUTSIDE.contains(&key.as_str()) && !key.starts_with("x-"))
        .cloned()
        .collect();
    let mut value: Object =
        inside.into_iter().filter_map(|key| schema.shift_remove(&key).map(|value| (key, value))).collect();
    value.insert("type".to_owned(), types.into_iter().next().unwrap_or_default());
    if let Some(Value::Array(values)) = value.get_mut("enum") {
        values.retain(|one| !one.is_null());
    }
    schema.insert("anyOf".to_owned(), json!([value, {"type": "null"}]));
}

fn plain_numbers(schema: &mut Object) {
    let Some(format) = schema.get("format").and_then(Value::as_str) else { return };
    if NUMBER_FORMATS.contains(&format) || format == "float" {
        if format.starts_with("uint") && schema.get("minimum") == Some(&json!(0)) {
            schema.shift_remove("minimum");
        }
        schema.shift_remove("format");
    }
}

/// An enum whose variants are documented comes as `oneOf` of constants.
fn collapse_constants(schema: &mut Object) {
    let Some(Value::Array(options)) = schema.get("oneOf") else { return };
    let mut values = Vec::new();
    for option in options {
        match (option.get("const"), option.get("enum").and_then(Value::as_array)) {
            (Some(constant), _) => values.push(constant.clone()),
            (None, Some(constants)) => values.extend(constants.iter().cloned()),
            (None, None) => return,
        }
    }
    schema.shift_remove("oneOf");
    schema.insert("enum".to_owned(), Value::Array(values));
    schema.insert("type".to_owned(), json!("string"));
}
