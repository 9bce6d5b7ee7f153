//! Schemas in the contract's short notation: `array<ref Page>`, `map<any>`, `union<string, integer>`.

use serde_json::Value;

const PREFIX: &str = "#/components/schemas/";

/// The type of a schema.
pub(crate) fn of(schema: &Value) -> String {
    let text = |key: &str| schema.get(key).and_then(Value::as_str);
    if let Some(name) = referenced(schema) {
        return format!("ref {name}");
    }
    for union in ["anyOf", "oneOf"] {
        if let Some(options) = schema.get(union).and_then(Value::as_array) {
            return format!("union<{}>", options.iter().map(of).collect::<Vec<_>>().join(", "));
        }
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        let values = values.iter().map(|value| match value {
            Value::String(text) => text.clone(),
            Value::Bool(true) => "True".to_owned(),
            other => other.to_string(),
        });
        return format!("enum<{}>", values.collect::<Vec<_>>().join(", "));
    }
    match text("type") {
        Some("array") => format!("array<{}>", of(&schema["items"])),
        Some("object") if schema.get("properties").is_some() => {
            let names = schema["properties"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
            format!("object{{{}}}", names.join(", "))
        }
        Some("object") => match schema.get("additionalProperties") {
            Some(values) if values.is_object() => {
                format!("map<{}{}>", of(values), if values["nullable"] == true { "?" } else { "" })
            }
            _ => "map<any>".to_owned(),
        },
        Some("string") if text("format") == Some("date-time") => "date-time".to_owned(),
        Some(simple) => simple.to_owned(),
        None => "any".to_owned(),
    }
}

/// The schema that one refers to, be it inside an `allOf` that says more.
pub(crate) fn referenced(schema: &Value) -> Option<&str> {
    let target = match schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
        Some([only]) if schema.get("properties").is_none() => only.get("$ref"),
        _ => schema.get("$ref"),
    };
    target?.as_str()?.strip_prefix(PREFIX)
}
