//! The settings of a call, without what is secret in them.
//!
//! Declared fields are shown as the request gives them, or with their default. A field is replaced when its schema says
//! `x-secret` or `x-redact`, or when its name says that it holds a secret; what looks like a secret inside of other
//! texts is replaced too. Of fields that are not declared only the names are shown.

use std::collections::HashMap;

use lumos_connector_types::json::{Document, JsonObject, Part};
use lumos_connector_types::schema::Object;
use lumos_connector_types::secret::REDACTED;
use serde_json::{Map, Value};

use super::names::{Place, is_secret};
use super::text::redacted_text;

/// Bytes of a string that are shown.
const MAX_STRING: usize = 2048;

/// Bytes of all settings that are shown.
const MAX_SETTINGS: usize = 16 * 1024;

/// Lists and objects of more bytes are not even looked into: hardly any would fit.
const MAX_NESTED: usize = 4 * MAX_SETTINGS;

/// Settings as one line of JSON, fit for a log. `more_keys` are names of further secret fields, in lower case.
#[must_use]
pub fn redacted(schema: &Object, settings: &JsonObject, more_keys: &[String]) -> String {
    let no_properties = Map::new();
    let declared = schema.get("properties").and_then(Value::as_object).unwrap_or(&no_properties);
    // Settings are the text of a request that has been read.
    let Ok(document) = Document::parse(settings.text()) else { return String::new() };
    let mut given = HashMap::new();
    let mut undeclared = Vec::new();
    let mut undeclared_size = 0;
    for (name, value) in document.root().members() {
        if declared.contains_key(name.as_ref()) {
            given.insert(name, value);
        } else if undeclared_size < MAX_SETTINGS {
            let name = cut(&name);
            undeclared_size += name.len() + 3;
            undeclared.push(Value::from(name));
        }
    }
    let mut shown = Map::new();
    let mut omitted = Vec::new();
    let mut size = 2;
    for (name, property) in declared {
        let given = given.get(name.as_str());
        if given.is_some_and(|given| is_too_long(*given)) {
            omitted.push(Value::from(name.as_str()));
            continue;
        }
        let given = given.map(|given| value(*given));
        let Some(value) = given.as_ref().or_else(|| property.get("default")) else { continue };
        let field = field(schema, name, property, value, more_keys);
        size += name.len() + field.to_string().len() + 4;
        // From the first that does not fit, all are left out: what is shown is a beginning, not a selection.
        if size > MAX_SETTINGS || !omitted.is_empty() {
            omitted.push(Value::from(name.as_str()));
        } else {
            shown.insert(name.clone(), field);
        }
    }
    for (key, names) in [("x-omitted", omitted), ("x-undeclared-keys", undeclared)] {
        if !names.is_empty() {
            shown.insert(key.to_owned(), Value::Array(names));
        }
    }
    Value::Object(shown).to_string()
}

/// Whether a list or an object is so long that it is left out unread. Of strings the beginning is shown.
fn is_too_long(value: Part<'_, '_>) -> bool {
    value.source().len() > MAX_NESTED && value.as_str().is_none()
}

/// A value of the settings; numbers that JSON does not have are null.
fn value(value: Part<'_, '_>) -> Value {
    value.read().unwrap_or_default()
}

fn field(schema: &Object, name: &str, property: &Value, value: &Value, more_keys: &[String]) -> Value {
    let declared_secret =
        ["x-secret", "x-redact"].iter().any(|mark| property.get(mark).is_some_and(|mark| mark == true));
    let more = more_keys.contains(&name.to_lowercase());
    let named_secret = !matches!(value, Value::Bool(_) | Value::Number(_)) && is_secret(Place::Setting, name);
    match value {
        Value::Null => Value::Null,
        _ if declared_secret || more || named_secret => Value::from(REDACTED),
        other => inside(schema, definition(schema, property), other, more_keys),
    }
}

/// The schema of a nested model, when a property is one.
fn definition<'s>(schema: &'s Object, property: &'s Value) -> Option<&'s Map<String, Value>> {
    let one = |property: &'s Value| property.get("$ref").and_then(Value::as_str);
    let branches = property.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    let reference = one(property).or_else(|| branches.filter_map(one).next())?;
    let name = reference.rsplit('/').next()?;
    schema.get("$defs")?.get(name)?.get("properties")?.as_object()
}

/// A value with what is secret in it replaced, at any depth.
fn inside(
    schema: &Object,
    declared: Option<&Map<String, Value>>,
    value: &Value,
    more_keys: &[String],
) -> Value {
    match value {
        // Cut before it is searched, with a margin: a secret may reach beyond what is shown.
        Value::String(text) => Value::from(cut(&redacted_text(cut_at(text, 2 * MAX_STRING)))),
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| inside(schema, declared, item, more_keys)).collect())
        }
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| {
                let property = declared.and_then(|declared| declared.get(name)).unwrap_or(&Value::Null);
                (name.clone(), field(schema, name, property, value, more_keys))
            });
            Value::Object(fields.collect())
        }
        other => other.clone(),
    }
}

/// The beginning of a text, at most as long as is shown.
fn cut(text: &str) -> &str {
    cut_at(text, MAX_STRING)
}

fn cut_at(text: &str, most: usize) -> &str {
    let end = (0..=text.len().min(most)).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn log(schema: Value, settings: &Value) -> Value {
        let settings: JsonObject = serde_json::from_value(settings.clone()).unwrap();
        let schema: Object = serde_json::from_value(schema).unwrap();
        serde_json::from_str(&redacted(&schema, &settings, &["house_number".to_owned()])).unwrap()
    }

    fn strings(names: &[&str]) -> Value {
        let properties = names.iter().map(|name| ((*name).to_owned(), json!({"type": "string"})));
        json!({"properties": properties.collect::<Map<_, _>>()})
    }

    #[test]
    fn declared_secrets_are_replaced_and_null_stays() {
        let schema = json!({"properties": {
            "a": {"x-secret": true}, "b": {"x-redact": true}, "c": {"x-secret": true}, "d": {"x-secret": false}
        }});
        let shown = log(schema, &json!({"a": "s3", "b": {"x": 1}, "c": null, "d": "open"}));
        assert_eq!(shown, json!({"a": REDACTED, "b": REDACTED, "c": null, "d": "open"}));
    }

    #[test]
    fn names_of_secrets_count_unless_they_only_speak_of_one() {
        let secret =
            ["Token", "client_secret", "my-api-key", "PASSPHRASE", "tls_pem", "credentials", "house_number"];
        let open = ["token_url", "secret_name", "password_prefix", "api_key_source", "pem", "house"];
        for name in secret {
            assert_eq!(log(strings(&[name]), &json!({ name: "v" })), json!({ name: REDACTED }), "{name}");
        }
        for name in open {
            assert_eq!(log(strings(&[name]), &json!({ name: "v" })), json!({ name: "v" }), "{name}");
        }
        assert_eq!(log(strings(&["token_count"]), &json!({"token_count": 5})), json!({"token_count": 5}));
    }

    #[test]
    fn nested_models_are_looked_into() {
        let schema = json!({
            "properties": {"login": {"anyOf": [{"$ref": "#/$defs/AuthRequirements"}, {"type": "null"}]}, "list": {}},
            "$defs": {"AuthRequirements": {"properties": {"pin": {"x-secret": true}, "user": {}}}}
        });
        let shown = log(schema, &json!({"login": {"pin": "1", "user": "u"}, "list": [{"password": "p"}]}));
        assert_eq!(shown, json!({"login": {"pin": REDACTED, "user": "u"}, "list": [{"password": REDACTED}]}));
    }

    #[test]
    fn of_undeclared_fields_only_the_names_are_shown() {
        let shown = log(strings(&["host"]), &json!({"x": "hunter2", "host": "h"}));
        assert_eq!(shown, json!({"host": "h", "x-undeclared-keys": ["x"]}));
    }

    #[test]
    fn defaults_are_shown() {
        let schema = json!({"properties": {"count": {"default": 25}, "host": {}}});
        assert_eq!(log(schema, &json!({})), json!({"count": 25}));
    }

    #[test]
    fn a_line_stays_short_whatever_the_settings_hold() {
        let settings: Map<_, _> = (0..100_000).map(|number| (format!("key{number}"), json!({}))).collect();
        let shown = log(strings(&["host"]), &Value::Object(settings));
        assert!(shown.to_string().len() <= MAX_SETTINGS + 100);
        let long =
            json!({"a": "open", "b": vec![json!({}); 100_000], "c": "left out", "d": "x".repeat(100_000)});
        let schema = json!({"properties": {"a": {}, "b": {"default": []}, "c": {}}});
        assert_eq!(
            log(schema, &long),
            json!({"a": "open", "x-omitted": ["b", "c"], "x-undeclared-keys": ["d"]})
        );
        assert_eq!(log(strings(&["d"]), &long)["d"].as_str().unwrap().len(), MAX_STRING);
    }

    #[test]
    fn long_strings_and_long_settings_are_cut() {
        let names: Vec<_> = (0..12).map(|number| format!("field{number}")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let settings: Map<_, _> =
            names.iter().map(|name| ((*name).to_owned(), json!("é".repeat(5000)))).collect();
        let shown = log(strings(&names), &Value::Object(settings));
        assert_eq!(shown["field0"].as_str().unwrap().len(), 2048);
        let omitted = shown["x-omitted"].as_array().unwrap();
        assert_eq!(omitted.first().unwrap(), "field7");
        assert_eq!(omitted.len(), 5);
        assert!(shown.to_string().len() <= MAX_SETTINGS + 100);
    }
}
