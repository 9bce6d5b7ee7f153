//! Which fields credentials and settings have, and which of them are secret.

use std::sync::LazyLock;

use lumos_connector_types::auth::AuthCredential;
use lumos_connector_types::schema::{self, Refs};
use lumos_connector_types::settings_field::SECRET;
use serde_json::{Map, Value};

/// The form of one credential, as the contract has it.
pub(crate) static CREDENTIAL: LazyLock<Value> =
    LazyLock::new(|| Value::Object(schema::of::<AuthCredential>(Refs::Defs)));

/// Fields of credentials that are secret although the contract does not mark them.
const UNMARKED: &[&[&str]] = &[&["jwt", "secret"]];

/// Parts of names that secrets usually have (contract §10).
const SECRET_NAMES: &[&str] = &[
    "token",
    "secret",
    "password",
    "passphrase",
    "api_key",
    "api-key",
    "apikey",
    "private_key",
    "private-key",
    "privatekey",
    "credential",
];

/// Ends of names that do not name the secret itself (contract §10).
const HARMLESS_ENDS: &[&str] = &["_url", "_name", "_prefix", "_endpoint", "_source"];

/// Whether a name says that its value is a secret.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let name = name.to_lowercase();
    if HARMLESS_ENDS.iter().any(|end| name.ends_with(end)) {
        return false;
    }
    name.ends_with("_pem") || SECRET_NAMES.iter().any(|part| name.contains(part))
}

/// Whether a field of a credential is a secret. Of fields that the contract does not have, the name decides.
pub(crate) fn is_secret_credential(keys: &[&str]) -> bool {
    UNMARKED.iter().any(|unmarked| keys.starts_with(unmarked))
        || is_secret(&CREDENTIAL, keys)
        || nodes_at(&CREDENTIAL, keys).is_empty() && keys.last().is_some_and(|key| is_secret_name(key))
}

/// Whether a schema marks a field, or anything that holds it, as secret.
pub(crate) fn is_secret(schema: &Value, keys: &[&str]) -> bool {
    let mut nodes = alternatives(schema, schema);
    for key in keys {
        nodes = nodes.into_iter().flat_map(|node| below(schema, node, key)).collect();
        if nodes.iter().any(|node| node.get(SECRET) == Some(&Value::Bool(true))) {
            return true;
        }
    }
    false
}

/// The names that a schema has for the fields of an object.
pub(super) fn names_at<'a>(schema: &'a Value, keys: &[&str]) -> Vec<&'a str> {
    let properties = nodes_at(schema, keys).into_iter().filter_map(|node| node["properties"].as_object());
    properties.flat_map(Map::keys).map(String::as_str).collect()
}

fn nodes_at<'a>(schema: &'a Value, keys: &[&str]) -> Vec<&'a Value> {
    keys.iter().fold(alternatives(schema, schema), |nodes, key| {
        nodes.into_iter().flat_map(|node| below(schema, node, key)).collect()
    })
}

fn below<'a>(schema: &'a Value, node: &'a Value, key: &str) -> Vec<&'a Value> {
    let named = node["properties"].get(key);
    let child = named.or_else(|| node.get("additionalProperties")).or_else(|| node.get("items"));
    child.filter(|child| child.is_object()).map(|child| alternatives(schema, child)).unwrap_or_default()
}

/// A node and what it refers to or leaves open.
fn alternatives<'a>(schema: &'a Value, node: &'a Value) -> Vec<&'a Value> {
    let mut found = Vec::new();
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        if found.len() > 64 {
            break;
        }
        found.push(node);
        if let Some(target) = node["$ref"].as_str().and_then(|target| target.strip_prefix('#')) {
            open.extend(schema.pointer(target));
        }
        for key in ["anyOf", "oneOf", "allOf"] {
            open.extend(node[key].as_array().into_iter().flatten());
        }
    }
    found
}
