//! Answers beside their schemas: values that do not fit, and fields that are missing, unknown or out of order.

use lumos_connection::{ConnectorInfo, InfoSource};
use lumos_connector_types::capability::StandardCapability;
use lumos_connector_types::schema::Refs;
use serde_json::{Map, Value, json};

/// How many problems of an answer are told.
const MOST: usize = 5;

/// How deep schemas refer to each other at the most.
const DEEPEST: usize = 64;

/// The schema of an answer, with a validator.
#[derive(Debug)]
pub(crate) struct AnswerSchema {
    root: Value,
    validator: jsonschema::Validator,
    /// Whether the order of its properties is that of the answer; `info` has them sorted.
    ordered: bool,
}

/// How an answer's fields differ from the schema's.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) missing: Vec<String>,
    pub(crate) unknown: Vec<String>,
    pub(crate) unordered: Vec<String>,
}

impl AnswerSchema {
    /// The schema of a capability's answer; `None` when nobody knows it.
    pub(crate) fn of(capability: &str, info: Option<&ConnectorInfo>) -> Option<Self> {
        let standard = StandardCapability::from_wire(capability);
        let own = matches!(capability, "create_account" | "update_account") || standard.is_none();
        let root = if own {
            let info = info?;
            own_answer(info, capability)?
        } else {
            Value::Object(standard?.response_schema(Refs::Defs)?)
        };
        let validator = jsonschema::validator_for(&root).ok()?;
        Some(Self { root, validator, ordered: !own })
    }

    /// What does not fit, each with its place; values are not shown.
    pub(crate) fn problems(&self, answer: &Value) -> Vec<String> {
        let errors = self.validator.iter_errors(answer);
        errors
            .take(MOST)
            .map(|error| format!("{}: {}", place(error.instance_path().as_str()), error.masked()))
            .collect()
    }

    /// How the fields differ.
    pub(crate) fn shape(&self, answer: &Value) -> Shape {
        let mut shape = Shape::default();
        walk(&self.root, &self.root, answer, &mut String::new(), 0, &mut shape);
        if !self.ordered {
            shape.unordered.clear();
        }
        shape
    }
}

/// A JSON pointer as people read it: `response[3].email`, with the number of a row left out.
fn place(pointer: &str) -> String {
    let mut place = String::new();
    for part in pointer.split('/').skip(1) {
        if part.parse::<usize>().is_ok() {
            place.push_str("[]");
        } else {
            if !place.is_empty() {
                place.push('.');
            }
            place.push_str(part);
        }
    }
    if place.is_empty() { "the answer".to_owned() } else { place }
}

/// The answer of a capability whose payload the connector describes itself.
fn own_answer(info: &ConnectorInfo, capability: &str) -> Option<Value> {
    let output = &info.info.capability_schema.get(capability)?.output;
    let mut output: Value = serde_json::from_str(output.text()).ok()?;
    if output["title"] == "Empty" && output["properties"].as_object().is_some_and(Map::is_empty) {
        // A list, of which `info` says no more.
        output = json!({"type": "array"});
    }
    let mut definitions = Map::new();
    if info.source == InfoSource::AppInfo {
        let components: Value = serde_json::from_str(info.components.text()).ok()?;
        for (name, schema) in components["schemas"].as_object().into_iter().flatten() {
            definitions.insert(name.clone(), with_null(schema));
        }
        output = with_null(&output);
    }
    let Value::Object(mut root) =
        Value::Object(StandardCapability::ListAccounts.response_schema(Refs::Defs)?)
    else {
        return None;
    };
    if let Value::Object(output) = &mut output
        && let Some(Value::Object(own)) = output.shift_remove("$defs")
    {
        definitions.extend(own);
    }
    if let Some(Value::Object(known)) = root.get_mut("$defs") {
        known.extend(definitions);
    }
    if let Some(properties) = root.get_mut("properties") {
        properties["response"] = output;
    }
    Some(Value::Object(root))
}

/// A schema of OpenAPI 3.0 as one of JSON Schema.
fn with_null(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            let mut converted: Map<String, Value> =
                members.iter().map(|(name, value)| (name.clone(), with_null(value))).collect();
            if let Some(Value::String(target)) = converted.get_mut("$ref") {
                *target = target.replace("#/components/schemas/", "#/$defs/");
            }
            match converted.shift_remove("nullable") {
                Some(Value::Bool(true)) => json!({"anyOf": [converted, {"type": "null"}]}),
                _ => Value::Object(converted),
            }
        }
        Value::Array(items) => Value::Array(items.iter().map(with_null).collect()),
        other => other.clone(),
    }
}

fn resolve<'a>(root: &'a Value, mut schema: &'a Value) -> &'a Value {
    for _ in 0..DEEPEST {
        let Some(target) = schema["$ref"].as_str().and_then(|target| target.strip_prefix('#')) else { break };
        match root.pointer(target) {
            Some(found) => schema = found,
            None => break,
        }
    }
    schema
}

/// The alternative that a value is meant to be.
fn alternative<'a>(root: &'a Value, schema: &'a Value, value: &Value) -> &'a Value {
    let schema = resolve(root, schema);
    let alternatives = ["anyOf", "oneOf"].iter().find_map(|key| schema[*key].as_array());
    let Some(alternatives) = alternatives else {
        return match schema["allOf"].as_array().map(Vec::as_slice) {
            Some([only]) => alternative(root, only, value),
            _ => schema,
        };
    };
    let kind = match value {
        Value::Null => "null",
        Value::Object(_) => "object",
        Value::Array(_) => "array",
        _ => return &Value::Null,
    };
    let fits = |candidate: &&Value| {
        let expected = &candidate["properties"]["kind"]["const"];
        candidate["type"] == kind && (expected.is_null() || *expected == value["kind"])
    };
    // Of several objects the one that is meant has the value's fields.
    let odd = |candidate: &&Value| {
        let properties = candidate["properties"].as_object();
        let has = |name: &str| properties.is_some_and(|properties| properties.contains_key(name));
        let members = value.as_object();
        let unknown = members.into_iter().flatten().filter(|(name, _)| !has(name)).count();
        let missing =
            properties.into_iter().flatten().filter(|(name, _)| value.get(name.as_str()).is_none()).count();
        unknown + missing
    };
    alternatives
        .iter()
        .map(|candidate| resolve(root, candidate))
        .filter(fits)
        .min_by_key(odd)
        .unwrap_or(&Value::Null)
}

fn walk(root: &Value, schema: &Value, value: &Value, path: &mut String, depth: usize, shape: &mut Shape) {
    if depth > DEEPEST {
        return;
    }
    let schema = alternative(root, schema, value);
    let length = path.len();
    match value {
        Value::Object(members) => {
            let Some(properties) = schema["properties"].as_object() else {
                if schema["additionalProperties"].is_object() {
                    for member in members.values() {
                        path.push_str(".*");
                        walk(root, &schema["additionalProperties"], member, path, depth + 1, shape);
                        path.truncate(length);
                    }
                }
                return;
            };
            let at = |name: &str| {
                if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
            };
            for name in properties.keys().filter(|name| !members.contains_key(*name)) {
                add(&mut shape.missing, at(name));
            }
            let mut last = 0;
            for name in members.keys() {
                match properties.keys().position(|property| property == name) {
                    None if schema["additionalProperties"].is_object()
                        || schema["additionalProperties"] == true => {}
                    None => add(&mut shape.unknown, at(name)),
                    Some(index) if index < last => add(&mut shape.unordered, at(name)),
                    Some(index) => last = index,
                }
            }
            for (name, member) in members {
                if let Some(property) = properties.get(name) {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                    walk(root, property, member, path, depth + 1, shape);
                    path.truncate(length);
                }
            }
        }
        Value::Array(items) => {
            path.push_str("[]");
            for item in items {
                walk(root, &schema["items"], item, path, depth + 1, shape);
            }
            path.truncate(length);
        }
        _ => {}
    }
}

fn add(places: &mut Vec<String>, place: String) {
    if places.len() < MOST && !places.contains(&place) {
        places.push(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Value {
        json!({
            "response": [{
                "integration_specific_id": "a", "resource_id": null, "email": null, "given_name": null,
                "family_name": null, "username": null, "user_status": "ACTIVE", "extra_data": {"any": 1},
                "custom_attributes": null, "account_type": null
            }],
            "raw_data": null, "page": {"token": null, "size": null}, "rate_limit": null, "execution_summary": null
        })
    }

    fn schema() -> AnswerSchema {
        AnswerSchema::of("list_accounts", None).unwrap()
    }

    #[test]
    fn an_answer_as_the_contract_has_it_has_no_problem() {
        assert_eq!(schema().problems(&answer()), Vec::<String>::new());
        assert_eq!(schema().shape(&answer()), Shape::default());
    }

    #[test]
    fn fields_that_are_missing_unknown_and_out_of_order_are_named_by_their_place() {
        let mut answer = answer();
        let row = answer["response"][0].as_object_mut().unwrap();
        row.shift_remove("email");
        row.shift_remove("resource_id");
        row.insert("resource_id".to_owned(), Value::Null);
        row.insert("nickname".to_owned(), json!("x"));
        let shape = schema().shape(&answer);
        assert_eq!(shape.missing, ["response[].email"]);
        assert_eq!(shape.unordered, ["response[].resource_id"]);
        assert_eq!(shape.unknown, ["response[].nickname"]);
    }

    #[test]
    fn a_value_of_another_type_is_told_without_the_value() {
        let mut answer = answer();
        answer["response"][0]["email"] = json!(["hunter22"]);
        let problems = schema().problems(&answer).join("\n");
        assert!(problems.contains("response[].email") && !problems.contains("hunter22"), "{problems}");
    }
}
