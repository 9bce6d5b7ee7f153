//! The API's document against the contract: every schema in its YAML form, every operation.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;

use serde_json::{Map, Value, json};

use crate::{connector, notation};

/// Keys of a field that do not limit its values.
const NO_CONSTRAINT: [&str; 13] = [
    "type",
    "description",
    "nullable",
    "default",
    "deprecated",
    "enum",
    "items",
    "additionalProperties",
    "anyOf",
    "allOf",
    "$ref",
    "properties",
    "required",
];

fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        let printed = connector(&["spec", "--format", "json"], Path::new(".")).succeeded().stdout;
        serde_json::from_str(&printed).unwrap()
    })
}

fn schemas() -> &'static Map<String, Value> {
    document()["components"]["schemas"].as_object().unwrap()
}

fn contract(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/contract").join(file);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn extensions(schema: &Value) -> Map<String, Value> {
    let fields = schema.as_object().unwrap().iter().filter(|(key, _)| key.starts_with("x-"));
    fields.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// The fields of a model, those of what it extends first, each as the contract describes a field.
fn properties(schema: &Value) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    for base in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        let base = notation::referenced(base).map_or(base, |name| &schemas()[name]);
        all.extend(properties(base));
    }
    let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    for (name, field) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let described = described(name, field, required.contains(&json!(name)));
        match all.iter_mut().find(|one| one["name"] == **name) {
            Some(inherited) => *inherited = described,
            None => all.push(described),
        }
    }
    all
}

fn described(name: &str, field: &Value, required: bool) -> Value {
    let mut described = json!({
        "name": name,
        "type": notation::of(field),
        "nullable": field.get("nullable") == Some(&json!(true)),
        "required": required,
    });
    let fields = field.as_object().unwrap();
    let is_date = described["type"] == "date-time";
    let is_limit = |key: &str| {
        let part_of_type = NO_CONSTRAINT.contains(&key) || (key == "format" && is_date);
        !part_of_type && !key.starts_with("x-")
    };
    let limits = fields.iter().filter(|(key, _)| is_limit(key));
    let limits: Map<String, Value> = limits.map(|(key, value)| (key.clone(), value.clone())).collect();
    let extensions = extensions(field);
    for (key, value) in [("constraints", limits), ("extensions", extensions)] {
        if !value.is_empty() {
            described[key] = Value::Object(value);
        }
    }
    for key in ["default", "deprecated"] {
        if let Some(value) = fields.get(key) {
            described[key] = value.clone();
        }
    }
    described
}

/// A schema as the contract describes its YAML form.
fn yaml_form(schema: &Value) -> Value {
    let mut form = json!({"properties": properties(schema)});
    let extensions = extensions(schema);
    if !extensions.is_empty() {
        form["extensions"] = Value::Object(extensions);
    }
    if let Some(bases) = schema.get("allOf").and_then(Value::as_array) {
        let own: Vec<&String> =
            schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys).collect();
        form["allOf"] = bases.iter().map(notation::of).collect();
        form["own_properties"] = json!(own);
    }
    form
}

/// A schema of the contract in the same description, whatever its kind.
fn expected(schema: &Value) -> Value {
    match schema["kind"].as_str().unwrap() {
        "enum" => json!({"values": schema["values"], "extensions": schema.get("extensions")}),
        "union" => json!({"variants": schema["variants"]}),
        _ => schema["yaml"].clone(),
    }
}

fn actual(kind: &str, schema: &Value) -> Value {
    match kind {
        "enum" => {
            let extensions = Some(extensions(schema)).filter(|extensions| !extensions.is_empty());
            json!({"values": schema["enum"], "extensions": extensions})
        }
        "union" => {
            let variants: Vec<String> =
                schema["anyOf"].as_array().into_iter().flatten().map(notation::of).collect();
            json!({"variants": variants})
        }
        _ => yaml_form(schema),
    }
}

#[test]
fn every_schema_has_the_contracts_yaml_form() {
    let contract = contract("schemas.json");
    let public = contract.as_object().unwrap().iter().filter(|(_, schema)| schema["in_yaml"] == true);
    let mut differences = Vec::new();
    let mut names = BTreeSet::new();
    for (name, schema) in public {
        names.insert(name);
        let wanted = expected(schema);
        match schemas().get(name) {
            None => differences.push(format!("{name}: missing")),
            Some(own) => {
                let own = actual(schema["kind"].as_str().unwrap(), own);
                if own != wanted {
                    differences.push(format!("{name}\n  contract {wanted}\n  document {own}"));
                }
            }
        }
    }
    differences
        .extend(schemas().keys().filter(|name| !names.contains(name)).map(|name| format!("{name}: extra")));
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), differences.join("\n"));
    assert_eq!(names.len(), 261);
}

#[test]
fn the_order_of_fields_is_the_contracts() {
    let contract = contract("schemas.json");
    let names = |fields: &Value| -> Vec<String> {
        let fields = fields.as_array().into_iter().flatten();
        fields.map(|field| field["name"].as_str().unwrap().to_owned()).collect()
    };
    for (name, schema) in contract.as_object().unwrap().iter().filter(|(_, schema)| schema["in_yaml"] == true)
    {
        let own = properties(&schemas()[name]);
        assert_eq!(names(&json!(own)), names(&schema["yaml"]["properties"]), "{name}");
    }
}

/// The schema of a JSON body.
fn content(body: &Value) -> &Value {
    &body["content"]["application/json"]["schema"]
}

fn assert_operation(row: &Value, prefix: &str) {
    let path = row["yaml_path"].as_str().unwrap();
    let item = &document()["paths"][path];
    let operation = &item[row["yaml_method"].as_str().unwrap()];
    assert_eq!(operation["operationId"], prefix, "{path}");
    assert_eq!(operation["tags"], row["yaml_tags"], "{path}");
    let parameters =
        item.get("parameters").and_then(Value::as_array).into_iter().flatten().map(|parameter| {
            json!({"name": parameter["name"], "in": parameter["in"], "required": parameter["required"],
               "type": notation::of(&parameter["schema"])})
        });
    assert_eq!(Value::Array(parameters.collect()), row["yaml_path_params"], "{path}");
    let responses = operation["responses"].as_object().unwrap();
    let responses =
        responses.iter().map(|(status, answer)| (status.clone(), json!(notation::of(content(answer)))));
    assert_eq!(Value::Object(responses.collect()), row["yaml_responses"], "{path}");

    let body = operation.get("requestBody");
    assert_eq!(body.is_some(), !row["yaml_request_body"].is_null(), "{path}");
    let Some(body) = body else { return };
    assert_eq!(body["required"], row["yaml_request_body_required"], "{path}");
    let wanted = &row["yaml_request_body"];
    match (content(body), wanted) {
        (schema, Value::String(reference)) => assert_eq!(&notation::of(schema), reference, "{path}"),
        // The contract has the one envelope of `app_info` inside another that says nothing.
        (schema, wanted) if wanted["properties"].get("...").is_some() => {
            assert_eq!(notation::of(schema), wanted["properties"]["..."], "{path}");
        }
        (schema, wanted) => {
            let fields = schema["properties"].as_object().unwrap();
            let fields = fields.iter().map(|(name, field)| (name.clone(), json!(notation::of(field))));
            assert_eq!(Value::Object(fields.collect()), wanted["properties"], "{path}");
            assert_eq!(schema["required"], wanted["required"], "{path}");
        }
    }
}

#[test]
fn every_operation_is_the_contracts() {
    let table = contract("capabilities.json");
    let rows = table["capabilities"].as_object().unwrap();
    for row in rows.values() {
        assert_operation(row, row["yaml_operation_id"].as_str().unwrap());
    }
    for (name, row) in table["yaml_operations_without_standard_capability"].as_object().unwrap() {
        assert_operation(row, name);
    }
    assert_eq!(document()["paths"].as_object().unwrap().len(), rows.len() + 1);
}

/// Every reference in a node.
fn references<'a>(node: &'a Value, found: &mut Vec<&'a str>) {
    match node {
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|value| references(value, found));
        }
        _ => {}
    }
}

#[test]
fn no_reference_dangles() {
    let mut found = Vec::new();
    references(document(), &mut found);
    assert!(found.len() > 500, "{}", found.len());
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document().pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn every_schema_is_described() {
    for (name, schema) in schemas() {
        assert!(schema.get("description").is_some_and(|text| !text.as_str().unwrap().is_empty()), "{name}");
    }
}

#[test]
fn yaml_is_the_same_document() {
    let printed = connector(&["spec"], Path::new(".")).succeeded().stdout;
    assert!(printed.starts_with("openapi: 3.0.3\n"), "{}", &printed[..40]);
    let read: Value = yaml_serde::from_str(&printed).unwrap();
    assert_eq!(&read, document());
}
