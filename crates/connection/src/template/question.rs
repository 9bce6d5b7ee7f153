//! What a connection file has to know, from the schemas of a connector's credentials and settings.

use serde_json::{Map, Value, json};

use crate::info::{ConnectorInfo, InfoSource};
use crate::reference::Reference;

/// One field that a connection file may have.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Question {
    /// The field with dots between its levels, such as `auth.basic.password`.
    pub field: String,
    /// Its name for people.
    pub title: String,
    /// What it means, in one line; empty when the connector does not say.
    pub description: String,
    /// Whether the connector needs it.
    pub required: bool,
    /// What it holds.
    pub kind: Kind,
    /// What the connector takes when it is not given; for a secret, a reference to an environment variable.
    pub default: Option<Value>,
    /// The last part of the field.
    pub(super) key: String,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A secret: the file names an environment variable that holds it.
    Secret,
    /// A secret that is a JSON object, such as a key file: the environment variable holds its text.
    SecretObject,
    /// A text.
    Text,
    /// An integer.
    Integer,
    /// A number.
    Number,
    /// Yes or no.
    Boolean,
    /// Several texts.
    Texts,
    /// Anything else, written as JSON.
    Json,
}

impl Question {
    /// The value that an answer stands for.
    pub(super) fn read(&self, text: &str) -> Result<Value, &'static str> {
        let number = || text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from);
        match self.kind {
            Kind::Secret | Kind::SecretObject => {
                let is_name = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                if !is_name || text.starts_with(|first: char| first.is_ascii_digit()) {
                    return Err("the name of an environment variable");
                }
                Ok(reference(text, self.kind))
            }
            Kind::Text => Ok(text.into()),
            Kind::Integer => text.parse::<i64>().map(Value::from).map_err(|_| "an integer"),
            Kind::Number => number().ok_or("a number"),
            Kind::Boolean => match text.to_lowercase().as_str() {
                "true" | "yes" | "y" => Ok(true.into()),
                "false" | "no" | "n" => Ok(false.into()),
                _ => Err("true or false"),
            },
            Kind::Texts => Ok(text.split(',').map(str::trim).filter(|text| !text.is_empty()).collect()),
            Kind::Json => serde_json::from_str(text).map_err(|_| "JSON"),
        }
    }

    /// What stands for a value that is still to be given.
    pub(super) fn placeholder(&self) -> Value {
        if let Some(default) = self.default.as_ref().filter(|default| !default.is_null()) {
            return default.clone();
        }
        match self.kind {
            Kind::Secret | Kind::SecretObject | Kind::Text => "".into(),
            Kind::Integer => 0.into(),
            Kind::Number => 0.0.into(),
            Kind::Boolean => false.into(),
            Kind::Texts => json!([]),
            Kind::Json => json!({}),
        }
    }
}

fn reference(variable: &str, kind: Kind) -> Value {
    // The key of a service account is read as JSON in any case.
    if kind == Kind::SecretObject { json!({"env": variable, "json": true}) } else { json!({"env": variable}) }
}

/// Questions that stand together.
#[derive(Debug, Clone)]
pub(super) struct Group {
    /// What it is, for people.
    pub(super) title: String,
    /// The lines that begin it in the file, such as `[auth.basic]`.
    pub(super) header: Vec<String>,
    /// Whether the connector can do without it.
    pub(super) optional: bool,
    pub(super) questions: Vec<Question>,
}

/// The groups of a connector: its credentials, then its settings.
pub(super) fn groups(info: &ConnectorInfo) -> Vec<Group> {
    let root = match info.source {
        InfoSource::AppInfo => json!({"components": value(&info.components)}),
        InfoSource::Program => Value::Null,
    };
    let prefix = variable_prefix(&info.info.app_id);
    let mut groups = Vec::new();
    let single = value(&info.info.authentication_schema);
    if let Some(kind) = single["x-credential-type"].as_str() {
        groups.push(Group {
            title: first_line(&single["description"]),
            header: vec![format!("[auth.{kind}]")],
            optional: false,
            questions: questions(&single, &root, &format!("auth.{kind}"), &prefix),
        });
    }
    for (index, schema) in info.info.credentials_schema.iter().map(value).enumerate() {
        let id = schema["id"].as_str().unwrap_or_default();
        let Some(kind) = schema["x-credential-type"].as_str() else { continue };
        let field = format!("credentials[{index}].{kind}");
        let prefix = format!("{prefix}_{}", variable_prefix(id));
        groups.push(Group {
            title: first_line(&schema["description"]),
            header: vec![
                "[[credentials]]".to_owned(),
                format!("id = {}", Value::from(id)),
                format!("[credentials.{kind}]"),
            ],
            optional: schema["x-optional"] == true,
            questions: questions(&schema, &root, &field, &prefix),
        });
    }
    let settings = value(&info.info.request_settings_schema);
    groups.push(Group {
        title: "What the connector has to know about the app".to_owned(),
        header: vec!["[settings]".to_owned()],
        optional: false,
        questions: questions(&settings, &root, "settings", &prefix),
    });
    groups
}

fn value(object: &lumos_connector_types::json::JsonObject) -> Value {
    serde_json::from_str(object.text()).unwrap_or_default()
}

/// `acme-api` as the beginning of the names of environment variables: `ACME_API`.
fn variable_prefix(name: &str) -> String {
    let letters = name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' });
    let prefix: String = letters.collect::<String>().to_uppercase();
    if prefix.starts_with(|first: char| first.is_ascii_digit()) { format!("_{prefix}") } else { prefix }
}

fn first_line(text: &Value) -> String {
    text.as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn questions(schema: &Value, root: &Value, field: &str, prefix: &str) -> Vec<Question> {
    let empty = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&empty);
    let order = schema["field_order"].as_array().or_else(|| schema["x-field_order"].as_array());
    let mut names: Vec<&str> = order.into_iter().flatten().filter_map(Value::as_str).collect();
    names.extend(properties.keys().map(String::as_str));
    let mut seen = Vec::new();
    let mut found = Vec::new();
    for name in names {
        let Some(property) = properties.get(name).filter(|_| !seen.contains(&name)) else { continue };
        seen.push(name);
        let form = merged(property, schema, root);
        let required = schema["required"].as_array().is_some_and(|names| names.iter().any(|one| one == name));
        let kind = kind(&form, name, field);
        let default = match kind {
            Kind::Secret | Kind::SecretObject => {
                Some(reference(&format!("{prefix}_{}", variable_prefix(name)), kind))
            }
            _ => form.get("default").cloned(),
        };
        found.push(Question {
            field: format!("{field}.{name}"),
            title: form.get("title").map_or_else(|| name.to_owned(), first_line),
            description: form.get("description").map(first_line).unwrap_or_default(),
            required,
            kind,
            default,
            key: name.to_owned(),
        });
    }
    found
}

/// A property with what it refers to and, when it may be null, what it is otherwise. Its own words count before those of
/// what it refers to.
fn merged(property: &Value, schema: &Value, root: &Value) -> Map<String, Value> {
    let mut form = Map::new();
    let mut open = vec![property];
    while let Some(node) = open.pop() {
        let Some(members) = node.as_object() else { continue };
        if form.len() > 64 {
            break;
        }
        for (key, value) in members {
            if !form.contains_key(key) {
                form.insert(key.clone(), value.clone());
            }
        }
        if let Some(target) = node["$ref"].as_str().and_then(|target| target.strip_prefix('#')) {
            open.extend(schema.pointer(target).or_else(|| root.pointer(target)));
        }
        let choices =
            node["anyOf"].as_array().into_iter().flatten().filter(|choice| choice["type"] != "null");
        let choices: Vec<_> = choices.collect();
        // Several kinds are written as JSON.
        if let [one] = choices.as_slice() {
            open.push(one);
        }
    }
    form
}

fn kind(form: &Map<String, Value>, name: &str, field: &str) -> Kind {
    let is_object = form.get("type").is_some_and(|kind| kind == "object");
    // The one secret that the contract does not mark.
    let unmarked = field.ends_with(".jwt") && name == "secret";
    if unmarked || form.get("x-secret") == Some(&Value::Bool(true)) {
        return if is_object { Kind::SecretObject } else { Kind::Secret };
    }
    match form.get("type").and_then(Value::as_str) {
        Some("string") => Kind::Text,
        Some("integer") => Kind::Integer,
        Some("number") => Kind::Number,
        Some("boolean") => Kind::Boolean,
        Some("array") if form.get("items").is_some_and(|items| items["type"] == "string") => Kind::Texts,
        None if form.contains_key("enum") => Kind::Text,
        _ => Kind::Json,
    }
}

/// The variable that a question's default refers to.
pub(super) fn variable(value: &Value) -> Option<String> {
    Reference::recognize(value).and_then(|reference| match reference.source {
        crate::reference::Source::Env(name) => Some(name),
        _ => None,
    })
}

impl Question {
    /// What is shown as the answer that an empty one stands for: the default, or the environment variable of a secret.
    #[must_use]
    pub fn default_text(&self) -> Option<String> {
        let default = self.default.as_ref().filter(|default| !default.is_null())?;
        match (self.kind, default) {
            (Kind::Secret | Kind::SecretObject, value) => variable(value),
            (_, Value::String(text)) => Some(text.clone()),
            (_, value) => Some(value.to_string()),
        }
    }
}
