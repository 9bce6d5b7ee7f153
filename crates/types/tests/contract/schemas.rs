//! Every schema against the contract's.

use lumos_connector_types::schema::{Refs, catalog};
use serde_json::Value;

use crate::comparison::differences;
use crate::data::contract;

/// The differences of all schemas, those that only one side has included.
fn all_differences(file: &str, refs: Refs) -> Vec<String> {
    let expected = contract(file);
    let expected = expected.as_object().expect("schemas by name");
    let actual = catalog(refs);
    let mut found = Vec::new();
    for (name, schema) in expected {
        match actual.get(name) {
            Some(own) => found.extend(differences(name, schema, &Value::Object(own.clone()))),
            None => found.push(format!("{name}: not in the catalog")),
        }
    }
    found.extend(
        actual.keys().filter(|name| !expected.contains_key(*name)).map(|name| format!("{name}: unheard of")),
    );
    found
}

#[test]
fn schemas_that_stand_alone_are_the_contracts() {
    let found = all_differences("pydantic_schemas/plain.json", Refs::Defs);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn schemas_inside_an_openapi_document_are_the_contracts() {
    let found = all_differences("pydantic_schemas/components_ref.json", Refs::Components);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_contract_has_271_schemas() {
    assert_eq!(catalog(Refs::Defs).len(), 271);
}
