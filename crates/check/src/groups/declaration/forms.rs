//! What people fill in: settings and credentials.

use serde_json::{Map, Value};

use super::{FIELD_DESCRIPTIONS, FIELD_ORDER, FIELD_TITLES, SECRETS_MARKED, object};
use crate::run::Run;

/// Parts of names that secrets have.
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
];

/// Ends of names that do not name the secret itself.
const HARMLESS: &[&str] =
    &["_url", "_name", "_prefix", "_endpoint", "_source", "_id", "_type", "_ttl", "_lifetime"];

pub(super) fn forms(run: &Run<'_>) {
    let Some(info) = run.known.info.clone() else { return };
    let mut forms = vec![("settings".to_owned(), object(info.info.request_settings_schema.text()))];
    let single = object(info.info.authentication_schema.text());
    if single["properties"].is_object() {
        forms.push(("auth".to_owned(), single));
    }
    for schema in &info.info.credentials_schema {
        let schema = object(schema.text());
        forms.push((format!("credentials.{}", schema["id"].as_str().unwrap_or_default()), schema));
    }
    for (form, schema) in &forms {
        let properties: Map<String, Value> = schema["properties"].as_object().cloned().unwrap_or_default();
        let order = ["field_order", "x-field_order"].iter().find_map(|key| schema[*key].as_array());
        if let Some(order) = order {
            let mut named: Vec<&str> = order.iter().filter_map(Value::as_str).collect();
            let mut fields: Vec<&str> = properties.keys().map(String::as_str).collect();
            named.sort_unstable();
            fields.sort_unstable();
            run.expect(
                FIELD_ORDER,
                named == fields,
                form.as_str(),
                || format!("`field_order` of `{form}` is not the list of its fields"),
                &[],
            );
        }
        for (name, field) in &properties {
            let place = format!("{form}.{name}");
            let refers = field.get("$ref").is_some()
                || ["anyOf", "allOf"].iter().any(|key| {
                    field[*key]
                        .as_array()
                        .is_some_and(|parts| parts.iter().any(|part| part.get("$ref").is_some()))
                });
            run.expect(
                FIELD_TITLES,
                refers || field["title"].as_str().is_some_and(|title| !title.trim().is_empty()),
                place.as_str(),
                || format!("`{place}` has no title"),
                &[],
            );
            if form == "settings" {
                run.expect(
                    FIELD_DESCRIPTIONS,
                    refers || field["description"].as_str().is_some_and(|text| !text.trim().is_empty()),
                    place.as_str(),
                    || format!("`{place}` has no description"),
                    &[],
                );
                run.expect(
                    SECRETS_MARKED,
                    !looks_secret(name, field) || field["x-secret"] == true,
                    place.as_str(),
                    || format!("`{place}` is not marked `x-secret`"),
                    &[],
                );
            }
        }
    }
}

fn looks_secret(name: &str, field: &Value) -> bool {
    let is_text = field["type"] == "string"
        || field["anyOf"].as_array().is_some_and(|parts| parts.iter().any(|part| part["type"] == "string"));
    let name = name.to_lowercase();
    is_text
        && !HARMLESS.iter().any(|end| name.ends_with(end))
        && (name.ends_with("_pem") || SECRET_NAMES.iter().any(|part| name.contains(part)))
}
