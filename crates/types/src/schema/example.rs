//! Values that fit a schema, for people to begin from.

use serde_json::{Map, Value, json};

use super::Object;

/// Deeper values end in `null`: some types contain themselves.
const DEPTH: usize = 16;

/// Makes a value that fits a schema: what is required, with a fixed text for every string.
///
/// ```
/// use lumos_connector_types::{page::Page, schema::{self, Example, Refs}};
/// let page = schema::of::<Page>(Refs::Defs);
/// assert_eq!(Example::new("…").of(&page), serde_json::json!({}));
/// assert_eq!(Example::new("…").with_optional_fields().of(&page), serde_json::json!({"token": "…", "size": 1}));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Example<'a> {
    text: &'a str,
    optional: bool,
}

impl<'a> Example<'a> {
    /// The text that every string is.
    #[must_use]
    pub const fn new(text: &'a str) -> Self {
        Self { text, optional: false }
    }

    /// Fills in what may be left out, too.
    #[must_use]
    pub const fn with_optional_fields(self) -> Self {
        Self { optional: true, ..self }
    }

    /// A value that fits the schema.
    #[must_use]
    pub fn of(self, schema: &Object) -> Value {
        self.object(schema, definitions(schema), DEPTH)
    }

    /// A value that fits one of the definitions of a schema; `None` when it has none of that name.
    #[must_use]
    pub fn definition(self, schema: &Object, name: &str) -> Option<Value> {
        let all = definitions(schema);
        Some(self.value(all?.get(name)?, all, DEPTH))
    }

    fn value(self, schema: &Value, definitions: Option<&Object>, depth: usize) -> Value {
        schema.as_object().map_or(Value::Null, |schema| self.object(schema, definitions, depth))
    }

    fn object(self, schema: &Object, definitions: Option<&Object>, depth: usize) -> Value {
        let Some(depth) = depth.checked_sub(1) else { return Value::Null };
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            let target = target.rsplit('/').next().and_then(|name| definitions?.get(name));
            return target.map_or(Value::Null, |target| self.value(target, definitions, depth));
        }
        let list = |key: &str| schema.get(key).and_then(Value::as_array);
        if let Some(given) = list("examples").and_then(|given| given.first()) {
            return given.clone();
        }
        if let Some(given) = schema.get("const").or_else(|| list("enum").and_then(|values| values.first())) {
            return given.clone();
        }
        if let Some(default) = schema.get("default").filter(|default| is_telling(default)) {
            return default.clone();
        }
        if let Some(all) = list("allOf") {
            let parts = all.iter().filter_map(|part| match self.value(part, definitions, depth) {
                Value::Object(fields) => Some(fields),
                _ => None,
            });
            return Value::Object(parts.flatten().collect());
        }
        if let Some(choices) = list("anyOf").or_else(|| list("oneOf")) {
            let is_something = |choice: &&Value| choice.get("type").and_then(Value::as_str) != Some("null");
            return choices
                .iter()
                .find(is_something)
                .map_or(Value::Null, |choice| self.value(choice, definitions, depth));
        }
        let kind = match schema.get("type") {
            Some(Value::Array(kinds)) => kinds.first().and_then(Value::as_str),
            kind => kind.and_then(Value::as_str),
        };
        match kind {
            Some("string") => json!(match schema.get("format").and_then(Value::as_str) {
                Some("date-time") => "2026-01-02T03:04:05Z",
                Some("date") => "2026-01-02",
                _ => self.text,
            }),
            Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or_else(|| json!(1)),
            Some("boolean") => json!(true),
            Some("array") => {
                let item = schema.get("items").map(|items| self.value(items, definitions, depth));
                Value::Array(item.filter(|item| !item.is_null()).into_iter().collect())
            }
            Some("object") => Value::Object(self.fields(schema, definitions, depth)),
            _ if schema.contains_key("properties") => Value::Object(self.fields(schema, definitions, depth)),
            _ => Value::Null,
        }
    }

    fn fields(self, schema: &Object, definitions: Option<&Object>, depth: usize) -> Map<String, Value> {
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        let shown = properties.filter(|(name, _)| self.optional || required.contains(&name.as_str()));
        shown.map(|(name, schema)| (name.clone(), self.value(schema, definitions, depth))).collect()
    }
}

/// Whether a default says more than that there is nothing.
fn is_telling(default: &Value) -> bool {
    match default {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

fn definitions(schema: &Object) -> Option<&Object> {
    schema.get("$defs").and_then(Value::as_object)
}

#[cfg(test)]
mod tests {
    use crate::capability::StandardCapability;
    use crate::schema::Refs;

    use super::*;

    #[test]
    fn every_request_has_an_example_that_its_schema_accepts() {
        for capability in StandardCapability::ALL.iter().filter(|capability| capability.is_served()) {
            let schema = capability.request_schema(Refs::Defs).unwrap();
            let validator = jsonschema::validator_for(&Value::Object(schema.clone())).unwrap();
            for example in [Example::new("1"), Example::new("1").with_optional_fields()] {
                let value = example.of(&schema);
                let problems: Vec<_> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
                assert!(problems.is_empty(), "{capability}: {problems:?} in {value}");
            }
        }
    }

    #[test]
    fn a_type_that_contains_itself_ends() {
        let schema = json!({
            "$ref": "#/$defs/Node",
            "$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}, "required": ["next"]}},
        });
        assert!(Example::new("1").of(schema.as_object().unwrap()).to_string().len() < 100);
    }
}
