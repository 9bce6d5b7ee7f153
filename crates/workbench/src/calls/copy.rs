//! A call as a command line, for curl, and as a test case. Secrets are named, not told.

use std::fmt::Write as _;

use lumos_connection::ConnectionFile;
use lumos_connection::file::Text;
use lumos_connection::reference::{Reference, Source};
use serde_json::{Map, Value, json};

use super::answer::Pages;
use crate::connection::entry::Entry;

/// A call in three forms.
pub(super) struct Copies {
    pub(super) command_line: String,
    pub(super) curl: String,
    pub(super) test_case: String,
}

/// Where a placeholder for a secret of its own begins: JSON has no such character in its texts.
const MARK: char = '\u{1}';

pub(super) fn copies(
    entry: &Entry,
    capability: &str,
    payload: &Value,
    pages: &Pages,
    size: Option<u32>,
) -> Copies {
    let mut payload = payload.clone();
    hide(&mut payload);
    Copies {
        command_line: command_line(entry, capability, &payload, pages, size),
        curl: curl(&entry.file(), capability, &payload, pages, size),
        test_case: test_case(capability, &payload, size),
    }
}

fn command_line(
    entry: &Entry,
    capability: &str,
    payload: &Value,
    pages: &Pages,
    size: Option<u32>,
) -> String {
    let file =
        entry.path().map_or_else(|| format!("{}.toml", entry.name()), |path| path.display().to_string());
    let mut line = format!("connector call {} {capability}", quoted(&file));
    if payload.as_object().is_none_or(|members| !members.is_empty()) {
        let _ = write!(line, " --json {}", quoted(&payload.to_string()));
    }
    if let Some(size) = size {
        let _ = write!(line, " --page-size {size}");
    }
    if let Some(token) = pages.token() {
        let _ = write!(line, " --page-token {}", quoted(token));
    }
    line
}

/// The shell fills the secrets in.
fn curl(
    file: &ConnectionFile,
    capability: &str,
    payload: &Value,
    pages: &Pages,
    size: Option<u32>,
) -> String {
    let mut body = Map::new();
    if !file.auth.is_empty() {
        body.insert("auth".to_owned(), named(&Value::Object(file.auth.clone())));
    } else if !file.credentials.is_empty() {
        body.insert(
            "credentials".to_owned(),
            file.credentials.iter().cloned().map(|one| named(&Value::Object(one))).collect(),
        );
    }
    body.insert("settings".to_owned(), named(&Value::Object(file.settings.clone())));
    body.insert("request".to_owned(), payload.clone());
    if pages.token().is_some() || size.is_some() {
        body.insert("page".to_owned(), json!({"token": pages.token(), "size": size}));
    }
    let text = serde_json::to_string_pretty(&body).unwrap_or_default();
    // What the shell would read as its own is escaped; what it is to fill in is not.
    let text =
        text.replace('\\', "\\\\").replace('$', "\\$").replace('`', "\\`").replace("\\\\u0001", "\u{1}");
    let text = filled_by_shell(&text);
    let url = file.connector.url.as_deref().map_or("http://127.0.0.1:8000", |url| url.trim_end_matches('/'));
    let token = match &file.connector.token {
        Some(Text::Reference(reference)) => {
            format!(" \\\n  --header \"authorization: Bearer {}\"", filled_by_shell(&variable(reference)))
        }
        Some(_) => " \\\n  --header \"authorization: Bearer $CONNECTOR_TOKEN\"".to_owned(),
        None => String::new(),
    };
    let server = if file.connector.url.is_none() {
        let command = shlex::try_join(file.connector.command.iter().map(String::as_str)).unwrap_or_default();
        format!("# The program as a server: {command} dev http-server --port 8000\n")
    } else {
        String::new()
    };
    format!(
        "{server}curl --silent --show-error {} \\\n  --header 'content-type: application/json'{token} \\\n  --data-binary @- <<JSON\n{text}\nJSON",
        quoted(&format!("{url}/{capability}"))
    )
}

/// References as marks that the shell's own words come in the place of, and secrets that stand for themselves as a name.
fn named(value: &Value) -> Value {
    if let Some(reference) = Reference::recognize(value) {
        return variable(&reference).into();
    }
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| {
                (
                    name.clone(),
                    if is_secret(name) && member.is_string() {
                        format!("{MARK}SECRET{MARK}").into()
                    } else {
                        named(member)
                    },
                )
            })
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.iter().map(named).collect(),
        other => other.clone(),
    }
}

fn variable(reference: &Reference) -> String {
    match &reference.source {
        Source::Env(name) => format!("{MARK}{name}{MARK}"),
        Source::File(path) => format!("{MARK}(cat {}){MARK}", quoted(&path.display().to_string())),
        Source::Command(words) => {
            format!("{MARK}({}){MARK}", shlex::try_join(words.iter().map(String::as_str)).unwrap_or_default())
        }
        _ => format!("{MARK}SECRET{MARK}"),
    }
}

/// `$NAME` or `$(command)` for what stands between two marks.
fn filled_by_shell(text: &str) -> String {
    let mut filled = String::new();
    for (place, part) in text.split(MARK).enumerate() {
        if place % 2 == 1 {
            filled.push('$');
        }
        filled.push_str(part);
    }
    filled
}

fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    ["token", "secret", "password", "private_key", "api_key", "code_verifier"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// Secrets that were typed into a request.
fn hide(value: &mut Value) {
    match value {
        Value::Object(members) => members.iter_mut().for_each(|(name, member)| {
            if is_secret(name) && member.is_string() {
                *member = "SECRET".into();
            } else {
                hide(member);
            }
        }),
        Value::Array(items) => items.iter_mut().for_each(hide),
        _ => {}
    }
}

/// A case of `lumos-connector-testing`, whose expectation is still to be written.
fn test_case(capability: &str, payload: &Value, size: Option<u32>) -> String {
    let name: String = capability
        .split('_')
        .map(|word| word.get(..1).map_or_else(String::new, |first| first.to_uppercase() + &word[1..]))
        .collect();
    let mut text = format!("case(capability::{name}, \"says what it shows\")\n");
    if payload.as_object().is_none_or(|members| !members.is_empty()) {
        let _ = writeln!(text, "    .request(json!({payload}))");
    }
    if let Some(size) = size {
        let _ = writeln!(text, "    .page_size({size})");
    }
    text.push_str("    .upstream(get(\"/path\").answers(json!([])))\n    .expect(response(json!([])))");
    text
}

fn quoted(text: &str) -> String {
    shlex::try_quote(text).map_or_else(|_| "''".to_owned(), std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use lumos_connection::ConnectionFile;

    use super::*;

    #[test]
    fn secrets_are_named_and_what_a_shell_would_run_is_escaped() {
        let text = r#"
            [connector]
            command = ["./acme connector"]
            [auth.basic]
            username = "$(rm -rf /)`id`"
            password = { env = "ACME_PASSWORD" }
        "#;
        let file = ConnectionFile::parse(text, None).unwrap();
        let curl = curl(&file, "list_accounts", &json!({}), &Pages::default(), Some(5));
        assert!(curl.contains(r#""password": "$ACME_PASSWORD""#), "{curl}");
        assert!(curl.contains(r#""username": "\$(rm -rf /)\`id\`""#), "{curl}");
        assert!(curl.contains("'./acme connector' dev http-server"), "{curl}");
        assert!(curl.contains(r#""size": 5"#), "{curl}");
    }

    #[test]
    fn a_test_case_has_the_name_of_the_capability() {
        let case = test_case("get_account", &json!({"account_id": "7"}), None);
        assert!(
            case.starts_with("case(capability::GetAccount, ")
                && case.contains(r#".request(json!({"account_id":"7"}))"#),
            "{case}"
        );
    }
}
