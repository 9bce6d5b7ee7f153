//! The text of a connection file, with comments.

use std::fmt::Write as _;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::question::{Group, Question};
use crate::file::{ConnectorSection, Mode};

pub(super) fn text(
    head: &str,
    connector: &ConnectorSection,
    groups: &[Group],
    answers: &IndexMap<String, Value>,
) -> String {
    let mut text = format!(
        "# {head}\n# Secrets are references: {{ env = \"NAME\" }}, {{ file = \"PATH\" }} or {{ command = [\"PROGRAM\"] }}.\n\n"
    );
    text.push_str(&section(connector));
    for group in groups.iter().filter(|group| !group.questions.is_empty()) {
        let left_out =
            group.optional && !group.questions.iter().any(|question| answers.contains_key(&question.field));
        text.push('\n');
        if !group.title.is_empty() {
            line(&mut text, &format!("# {}", group.title));
        }
        if left_out {
            line(&mut text, "# The connector can do without this credential.");
        }
        for header in &group.header {
            line(&mut text, &commented(header, left_out));
        }
        for question in &group.questions {
            field(&mut text, question, answers.get(&question.field), left_out);
        }
    }
    text.push_str("\n# [limits]\n# call_timeout = 1800 # seconds\n# concurrency = 4 # calls at a time\n# page_size = 500\n");
    text
}

fn section(connector: &ConnectorSection) -> String {
    let mut text = "[connector]\n".to_owned();
    if !connector.command.is_empty() {
        line(&mut text, &entry("command", &Value::from(connector.command.clone())));
    }
    match (&connector.url, connector.mode) {
        (Some(url), _) => {
            line(&mut text, &entry("url", &Value::from(url.as_str())));
            match serde_json::to_value(&connector.token) {
                Ok(token) if !token.is_null() => line(&mut text, &entry("token", &token)),
                _ => text
                    .push_str("# token = { env = \"CONNECTOR_TOKEN\" } # the bearer token of the server\n"),
            }
            match &connector.ca_file {
                Some(path) => line(&mut text, &entry("ca_file", &path.to_string_lossy().into())),
                None => text.push_str("# ca_file = \"ca.pem\" # who signed its certificate\n"),
            }
        }
        (None, Mode::Server) => text.push_str("mode = \"server\"\n"),
        (None, Mode::Program) => {
            text.push_str(
                "# mode = \"server\" # its own server, started once: faster than a program for each call\n",
            );
        }
    }
    text
}

fn field(text: &mut String, question: &Question, answer: Option<&Value>, left_out: bool) {
    let mut comment = question.title.clone();
    if !question.description.is_empty() {
        let _ = write!(comment, ": {}", question.description);
    }
    let note = if question.required { " (required)" } else { "" };
    line(text, &format!("# {comment}{note}"));
    let given = answer.is_some() || question.required;
    let value = answer.cloned().unwrap_or_else(|| question.placeholder());
    line(text, &commented(&entry(&question.key, &value), left_out || !given));
}

fn commented(text: &str, is_comment: bool) -> String {
    if is_comment { format!("# {text}") } else { text.to_owned() }
}

fn line(text: &mut String, content: &str) {
    text.push_str(content);
    text.push('\n');
}

fn entry(key: &str, value: &Value) -> String {
    format!("{} = {}", toml_key(key), toml_value(value))
}

fn toml_key(key: &str) -> String {
    let bare = !key.is_empty()
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if bare { key.to_owned() } else { toml::Value::String(key.to_owned()).to_string() }
}

/// A value on one line. TOML has no null; members without a value are left out.
fn toml_value(value: &Value) -> String {
    match value {
        Value::Null => "\"\"".to_owned(),
        Value::String(text) => {
            // A string of several lines would break the comment that it may become.
            if text.contains('\n') {
                Value::from(text.as_str()).to_string()
            } else {
                toml::Value::String(text.clone()).to_string()
            }
        }
        Value::Array(items) => format!("[{}]", items.iter().map(toml_value).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => object(members),
        other => other.to_string(),
    }
}

fn object(members: &Map<String, Value>) -> String {
    let given = members.iter().filter(|(_, value)| !value.is_null());
    let entries: Vec<_> = given.map(|(key, value)| entry(key, value)).collect();
    if entries.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", entries.join(", ")) }
}
