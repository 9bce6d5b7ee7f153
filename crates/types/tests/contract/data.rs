//! The contract's data, read from the repository.

use std::path::Path;

use serde_json::Value;

/// A file of the contract, as JSON.
pub(crate) fn contract(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/contract").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The strings of a JSON array.
pub(crate) fn strings(array: &Value) -> Vec<&str> {
    array.as_array().expect("an array").iter().map(|item| item.as_str().expect("a string")).collect()
}
