//! How two JSON Schemas differ, prose aside.
//!
//! A `description` is ignored when it is text or null. `required` and lists of types are sets. Everything else counts,
//! the order of the keys of `properties` included.

use serde_json::{Map, Value, json};

/// Keys whose values are maps from names to schemas: a `description` in there is a name.
const MAPS: [&str; 4] = ["properties", "$defs", "definitions", "patternProperties"];

/// Keys whose values are data.
const DATA: [&str; 5] = ["default", "enum", "const", "example", "examples"];

/// Every difference as `place: what`, the expected schema first.
pub(crate) fn differences(name: &str, expected: &Value, actual: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(&normal(expected), &normal(actual), name, &mut found);
    found
}

fn normal(node: &Value) -> Value {
    match node {
        Value::Array(items) => items.iter().map(normal).collect(),
        Value::Object(fields) => {
            let entries =
                fields.iter().filter(|(key, value)| !is_prose(key, value) && !is_empty_required(key, value));
            Value::Object(entries.map(|(key, value)| (key.clone(), normal_entry(key, value))).collect())
        }
        other => other.clone(),
    }
}

fn normal_entry(key: &str, value: &Value) -> Value {
    match value {
        Value::Object(schemas) if MAPS.contains(&key) => {
            schemas.iter().map(|(name, schema)| (name.clone(), normal(schema))).collect::<Map<_, _>>().into()
        }
        _ if DATA.contains(&key) => value.clone(),
        Value::Array(names) if matches!(key, "required" | "type") => {
            let mut names = names.clone();
            names.sort_by(|one, other| one.as_str().cmp(&other.as_str()));
            names.into()
        }
        _ => normal(value),
    }
}

fn is_prose(key: &str, value: &Value) -> bool {
    key == "description" && (value.is_string() || value.is_null())
}

fn is_empty_required(key: &str, value: &Value) -> bool {
    key == "required" && value.as_array().is_some_and(Vec::is_empty)
}

fn compare(expected: &Value, actual: &Value, place: &str, found: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            for (key, value) in expected {
                match actual.get(key) {
                    Some(other) => compare(value, other, &format!("{place}/{key}"), found),
                    None => found.push(format!("{place}/{key}: missing, expected {value}")),
                }
            }
            for (key, value) in actual.iter().filter(|(key, _)| !expected.contains_key(*key)) {
                found.push(format!("{place}/{key}: extra, got {value}"));
            }
            let same_keys =
                expected.len() == actual.len() && expected.keys().all(|key| actual.contains_key(key));
            if place.ends_with("/properties") && same_keys && !expected.keys().eq(actual.keys()) {
                let keys = |map: &Map<String, Value>| map.keys().cloned().collect::<Vec<_>>().join(", ");
                found.push(format!("{place}: expected the order {}, got {}", keys(expected), keys(actual)));
            }
        }
        (Value::Array(expected), Value::Array(actual)) if expected.len() == actual.len() => {
            for (index, (expected, actual)) in expected.iter().zip(actual).enumerate() {
                compare(expected, actual, &format!("{place}/{index}"), found);
            }
        }
        (Value::Number(expected), Value::Number(actual)) if expected.as_f64() == actual.as_f64() => {}
        (expected, actual) if expected == actual => {}
        (expected, actual) => found.push(format!("{place}: expected {expected}, got {actual}")),
    }
}

fn account() -> Value {
    json!({
        "type": "object", "title": "Account", "required": ["id", "name"],
        "properties": {
            "id": {"type": "string", "x-secret": true},
            "name": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": null},
            "description": {"type": "string"},
        },
        "$defs": {"Status": {"enum": ["A", "B"], "type": "string"}},
    })
}

fn edited(edit: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut other = account();
    edit(&mut other);
    differences("Account", &account(), &other)
}

#[test]
fn prose_and_the_order_of_sets_do_not_count() {
    assert!(edited(|schema| schema["description"] = json!("An account.")).is_empty());
    assert!(edited(|schema| schema["properties"]["id"]["description"] = json!(null)).is_empty());
    assert!(edited(|schema| schema["required"] = json!(["name", "id"])).is_empty());
}

#[test]
fn everything_else_counts() {
    let edits: [fn(&mut Value); 9] = [
        |schema| _ = schema["properties"].as_object_mut().unwrap().shift_remove("name"),
        |schema| _ = schema["properties"].as_object_mut().unwrap().shift_remove("description"),
        |schema| schema["properties"]["name"]["title"] = json!("Name"),
        |schema| schema["properties"]["id"]["x-secret"] = json!(1),
        |schema| schema["required"] = json!(["id"]),
        |schema| schema["$defs"]["Status"]["enum"] = json!(["B", "A"]),
        |schema| _ = schema["properties"]["name"].as_object_mut().unwrap().shift_remove("default"),
        |schema| schema["properties"]["name"]["default"] = json!(""),
        |schema| schema["additionalProperties"] = json!(true),
    ];
    for edit in edits {
        assert!(!edited(edit).is_empty());
    }
}

#[test]
fn the_order_of_properties_counts() {
    let moved = edited(|schema| {
        let properties = schema["properties"].as_object_mut().unwrap();
        let id = properties.shift_remove("id").unwrap();
        properties.insert("id".to_owned(), id);
    });
    assert_eq!(moved.len(), 1);
}
