//! What was filled in, as JSON.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::draw::{Secrets, path};
use super::field::{Field, Kind};

/// The texts of a form, by the paths of their fields.
pub(crate) type Filled = HashMap<String, String>;

/// A field that was filled in with something else than it holds; the text itself is not told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) field: String,
    pub(crate) expected: &'static str,
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: expected {}", self.field, self.expected)
    }
}

/// Reads fields. What is left empty is left out; a secret that was typed before and is left empty stays.
pub(crate) fn read(
    fields: &[Field],
    prefix: &str,
    filled: &Filled,
    before: &Value,
    secrets: Secrets,
) -> Result<Map<String, Value>, Wrong> {
    let mut members = Map::new();
    for field in fields {
        let path = path(prefix, &field.name);
        let before = &before[&field.name];
        let value = match &field.kind {
            Kind::Object(inner) => {
                let inner = read(inner, &path, filled, before, secrets)?;
                if inner.is_empty() && !field.is_required { None } else { Some(Value::Object(inner)) }
            }
            Kind::OneOf { tag, choices } => one_of(&path, tag, choices, filled, before, secrets)?,
            _ if field.is_secret && secrets == Secrets::References => reference(&path, filled, before)?,
            kind => match filled.get(&path).map(String::as_str).filter(|text| !text.is_empty()) {
                None => None,
                Some(text) => Some(value(&path, kind, text)?),
            },
        };
        if let Some(value) = value {
            members.insert(field.name.clone(), value);
        }
    }
    Ok(members)
}

fn one_of(
    path: &str,
    tag: &str,
    choices: &[(String, Vec<Field>)],
    filled: &Filled,
    before: &Value,
    secrets: Secrets,
) -> Result<Option<Value>, Wrong> {
    let Some(chosen) = filled.get(&self::path(path, tag)) else { return Ok(None) };
    let Some((_, fields)) = choices.iter().find(|(name, _)| name == chosen) else {
        return Err(Wrong { field: self::path(path, tag), expected: "one of the choices" });
    };
    let mut members = read(fields, path, filled, before, secrets)?;
    members.insert(tag.to_owned(), chosen.as_str().into());
    Ok(Some(Value::Object(members)))
}

fn value(path: &str, kind: &Kind, text: &str) -> Result<Value, Wrong> {
    let wrong = |expected| Wrong { field: path.to_owned(), expected };
    Ok(match kind {
        Kind::Integer => text.trim().parse::<i64>().map_err(|_| wrong("an integer"))?.into(),
        Kind::Number => {
            let number = text.trim().parse::<f64>().ok().and_then(serde_json::Number::from_f64);
            Value::Number(number.ok_or_else(|| wrong("a number"))?)
        }
        Kind::Boolean => text.parse::<bool>().map_err(|_| wrong("yes or no"))?.into(),
        Kind::Choice(choices) => match choices.iter().find(|choice| *choice == text) {
            Some(choice) => choice.as_str().into(),
            None => return Err(wrong("one of the choices")),
        },
        Kind::Texts => text.lines().map(str::trim).filter(|line| !line.is_empty()).collect(),
        Kind::Json => serde_json::from_str(text).map_err(|_| wrong("JSON"))?,
        // A browser sends the ends of lines as CR LF.
        _ => text.replace("\r\n", "\n").into(),
    })
}

fn reference(path: &str, filled: &Filled, before: &Value) -> Result<Option<Value>, Wrong> {
    let part = |end: &str| filled.get(&format!("{path}.{end}")).map(String::as_str).unwrap_or_default();
    let text = part("reference").trim();
    let wrong = |expected| Wrong { field: path.to_owned(), expected };
    Ok(match part("source") {
        "typed" if part("typed").is_empty() => {
            (super::draw::source_of(before).0 == "typed").then(|| before.clone())
        }
        "typed" => Some(part("typed").replace("\r\n", "\n").into()),
        _ if text.is_empty() => None,
        "env" => Some(json!({"env": text})),
        "file" => Some(json!({"file": text})),
        "keyring" => Some(json!({"keyring": text})),
        "command" => Some(json!({"command": text.split_whitespace().collect::<Vec<_>>()})),
        _ => return Err(wrong("where the secret is")),
    })
}

#[cfg(test)]
mod tests {
    use super::super::fields;
    use super::*;

    fn filled(texts: &[(&str, &str)]) -> Filled {
        texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn what_is_filled_in_is_read_as_what_it_is() {
        let schema = json!({"properties": {
            "host": {"type": "string"}, "size": {"type": "integer"}, "key": {"type": "string", "x-secret": true},
            "names": {"type": "array", "items": {"type": "string"}}, "more": {"type": "object"},
            "deep": {"type": "object", "properties": {"flag": {"type": "boolean"}}}, "left": {"type": "string"}
        }});
        let fields = fields(&schema, &Value::Null);
        let texts = filled(&[
            ("s.host", "acme"),
            ("s.size", "5"),
            ("s.key.source", "env"),
            ("s.key.reference", "KEY"),
            ("s.names", "a\r\n b \r\n"),
            ("s.more", "{\"x\":[1]}"),
            ("s.deep.flag", "true"),
            ("s.left", ""),
        ]);
        let value = Value::Object(read(&fields, "s", &texts, &Value::Null, Secrets::References).unwrap());
        assert_eq!(
            value,
            json!({"host": "acme", "size": 5, "key": {"env": "KEY"}, "names": ["a", "b"], "more": {"x": [1]}, "deep": {"flag": true}})
        );
        let wrong = read(&fields, "s", &filled(&[("s.size", "hunter2")]), &Value::Null, Secrets::References)
            .unwrap_err();
        assert_eq!(wrong.to_string(), "s.size: expected an integer");
    }

    #[test]
    fn a_typed_secret_stays_until_another_is_typed() {
        let fields =
            fields(&json!({"properties": {"key": {"type": "string", "x-secret": true}}}), &Value::Null);
        let read = |before: Value, texts: &[(&str, &str)]| {
            read(&fields, "", &filled(texts), &before, Secrets::References).unwrap()
        };
        assert_eq!(read(json!({"key": "old"}), &[("key.source", "typed"), ("key.typed", "")])["key"], "old");
        assert_eq!(
            read(json!({"key": "old"}), &[("key.source", "typed"), ("key.typed", "new")])["key"],
            "new"
        );
        assert!(
            read(json!({"key": {"env": "KEY"}}), &[("key.source", "typed"), ("key.typed", "")]).is_empty()
        );
    }
}
