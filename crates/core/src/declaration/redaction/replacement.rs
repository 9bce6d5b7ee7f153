//! Secrets replaced by placeholders that stand for them wherever they appear, so that what belonged together still does.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use percent_encoding::{percent_decode_str, utf8_percent_encode};
use serde_json::Value;

use super::names::{Place, is_secret};
use super::text::secrets_in;
use super::values::{self, PUBLIC, SHORTEST, URL_ENCODED, forms_of};

/// How the members of a JSON value are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The envelope of a request that the connector is called with.
    Request,
    /// A credential: all of it is secret but what only names it.
    Credential,
    /// A body of the app's, or an answer of the connector.
    Body,
}

/// The secrets that were found so far, each with its placeholder.
///
/// A placeholder keeps what programs look at: a number stays a number, an e-mail address stays one.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    /// Secret fields of the connector's own, in lower case.
    more_names: Vec<String>,
    placeholders: HashMap<String, String>,
}

impl Secrets {
    /// No secrets yet; `more_names` are the fields that the connector marks, in lower case.
    pub(crate) fn new(more_names: Vec<String>) -> Self {
        Self { more_names, ..Self::default() }
    }

    /// Notes a secret.
    pub(crate) fn note(&mut self, secret: &str) {
        if secret.is_empty() || self.placeholders.contains_key(secret) {
            return;
        }
        let number = self.placeholders.len() + 1;
        let placeholder = if secret.bytes().all(|byte| byte.is_ascii_digit()) {
            (9_000_000 + number).to_string()
        } else if secret.contains('@') && !secret.contains(char::is_whitespace) {
            format!("recorded-{number}@example.com")
        } else {
            format!("recorded-{number}-secret")
        };
        self.placeholders.insert(secret.to_owned(), placeholder);
    }

    /// Notes a secret that was found within a text, perhaps within an address: percent-encoded it has the placeholder of
    /// what it stands for.
    fn note_found(&mut self, found: &str) {
        let decoded = percent_decode_str(found).decode_utf8().unwrap_or_default();
        if decoded.is_empty() || decoded == found {
            return self.note(found);
        }
        self.note(&decoded);
        if let Some(placeholder) = self.placeholders.get(decoded.as_ref()) {
            let encoded = utf8_percent_encode(placeholder, URL_ENCODED).to_string();
            self.placeholders.entry(found.to_owned()).or_insert(encoded);
        }
    }

    /// Notes the secrets of a JSON value.
    pub(crate) fn note_in(&mut self, value: &Value, kind: Kind) {
        self.walk(value, kind, kind == Kind::Credential);
    }

    fn walk(&mut self, value: &Value, kind: Kind, secret: bool) {
        match value {
            Value::String(text) if secret => self.note(text),
            Value::Number(number) if secret => self.note(&number.to_string()),
            Value::String(text) => secrets_in(text).into_iter().for_each(|found| self.note_found(found)),
            Value::Array(items) => items.iter().for_each(|item| self.walk(item, kind, secret)),
            Value::Object(members) => {
                for (name, member) in members {
                    let (kind, secret) = self.member(name, kind, secret);
                    self.walk(member, kind, secret);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// How a member with a name is looked at, within a value that is looked at in this way.
    fn member(&self, name: &str, kind: Kind, secret: bool) -> (Kind, bool) {
        let lower = name.to_lowercase();
        let marked = || self.more_names.contains(&lower);
        match kind {
            Kind::Request if matches!(lower.as_str(), "auth" | "credential" | "credentials") => {
                (Kind::Credential, true)
            }
            Kind::Request => (kind, secret || is_secret(Place::Argument, name) || marked()),
            Kind::Credential => (kind, secret && !PUBLIC.contains(&name) || is_secret(Place::Argument, name)),
            Kind::Body => (kind, secret || is_secret(Place::Body, name)),
        }
    }

    /// Whether a text is a secret or a part of one.
    pub(crate) fn hold(&self, text: &str) -> bool {
        self.placeholders.keys().any(|secret| secret.contains(text))
    }

    /// What replaces all of these secrets in texts and values.
    pub(crate) fn replacements(self) -> Replacements {
        let mut forms: Vec<(String, String)> = Vec::new();
        let long = self.placeholders.iter().filter(|(secret, _)| secret.len() >= SHORTEST);
        for (secret, placeholder) in long {
            forms.extend(forms_of(secret.clone()).into_iter().zip(forms_of(placeholder.clone())));
        }
        forms.sort_unstable();
        forms.dedup_by(|one, other| one.0 == other.0);
        let search = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::NoncontiguousNFA))
            .match_kind(MatchKind::LeftmostLongest)
            .build(forms.iter().map(|(secret, _)| secret.as_bytes()));
        Replacements { secrets: self, forms, search: search.ok() }
    }
}

/// Replaces secrets by their placeholders.
#[derive(Debug)]
pub(crate) struct Replacements {
    secrets: Secrets,
    forms: Vec<(String, String)>,
    search: Option<AhoCorasick>,
}

impl Replacements {
    /// A text with the placeholders of all secrets that appear in it, in whatever form.
    pub(crate) fn text(&self, text: &str) -> String {
        let Some(search) = &self.search else { return text.to_owned() };
        let mut replaced = String::with_capacity(text.len());
        let mut copied = 0;
        for found in search.find_iter(text) {
            replaced.push_str(&text[copied..found.start()]);
            replaced.push_str(&self.forms[found.pattern()].1);
            copied = found.end();
        }
        replaced.push_str(&text[copied..]);
        replaced
    }

    /// A value that is secret by its name, as its placeholder.
    pub(crate) fn secret(&self, text: &str) -> String {
        self.secrets.placeholders.get(text).cloned().unwrap_or_else(|| self.text(text))
    }

    /// A JSON value with the placeholders of all secrets in it.
    pub(crate) fn value(&self, value: Value, kind: Kind) -> Value {
        self.walk(value, kind, kind == Kind::Credential)
    }

    fn walk(&self, value: Value, kind: Kind, secret: bool) -> Value {
        match value {
            Value::String(text) if secret => self.secret(&text).into(),
            Value::Number(number) if secret => {
                let placeholder = self.secret(&number.to_string());
                placeholder.parse::<u64>().map_or_else(|_| 9_000_000.into(), Value::from)
            }
            Value::String(text) => self.text(&text).into(),
            Value::Array(items) => items.into_iter().map(|item| self.walk(item, kind, secret)).collect(),
            Value::Object(members) => members
                .into_iter()
                .map(|(name, member)| {
                    let (kind, secret) = self.secrets.member(&name, kind, secret);
                    (self.text(&name), self.walk(member, kind, secret))
                })
                .collect(),
            other => other,
        }
    }
}

/// Notes what the credentials of a request are sent as together: `username:password`, `client_id:client_secret`.
pub(crate) fn note_logins(secrets: &mut Secrets, request: &Value) {
    let single = std::iter::once(&request["auth"]);
    let several = request["credentials"].as_array().into_iter().flatten();
    for credential in single.chain(several) {
        for (part, user, password) in
            [("basic", "username", "password"), ("oauth_client_credentials", "client_id", "client_secret")]
        {
            let part = &credential[part];
            if let (Some(user), Some(password)) = (part[user].as_str(), part[password].as_str()) {
                secrets.note(&format!("{user}:{password}"));
            }
        }
    }
    let mut clients = Vec::new();
    for part in ["request", "settings"] {
        values::collect_client(&request[part].to_string(), &mut clients);
    }
    clients.iter().for_each(|client| secrets.note(client));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_secret_has_one_placeholder_in_every_place_and_form() {
        let request = json!({
            "auth": {"basic": {"username": "ada", "password": "hunter2/ü"}},
            "settings": {"host": "acme.test", "pin_code": 123_456},
        });
        let body = json!({"token": "a-token", "Email": "ada@acme.test", "note": "password hunter2/ü",
            "url": "https://acme.test/?q=hunter2%2F%C3%BC&mail=ada%40acme.test", "count": 123_456, "state": null});
        let mut secrets = Secrets::new(vec!["pin_code".to_owned()]);
        secrets.note_in(&request, Kind::Request);
        secrets.note_in(&body, Kind::Body);
        let replacements = secrets.replacements();
        assert_eq!(
            replacements.value(request, Kind::Request),
            json!({
                "auth": {"basic": {"username": "ada", "password": "recorded-1-secret"}},
                "settings": {"host": "acme.test", "pin_code": 9_000_002},
            })
        );
        assert_eq!(
            replacements.value(body, Kind::Body),
            json!({"token": "recorded-3-secret", "Email": "recorded-4@example.com", "note": "password recorded-1-secret",
                "url": "https://acme.test/?q=recorded-1-secret&mail=recorded-4%40example.com", "count": 123_456,
                "state": null})
        );
        assert_eq!(replacements.text("/pins/123456/aHVudGVyMi/DvA"), "/pins/9000002/cmVjb3JkZWQtMS1zZWNyZXQ");
    }

    #[test]
    fn tokens_of_known_shapes_are_found_without_a_name() {
        let body = json!(["ghp_0123456789abcdef0123", "see Bearer abcdefgh"]);
        let mut secrets = Secrets::default();
        secrets.note_in(&body, Kind::Body);
        assert_eq!(
            secrets.replacements().value(body, Kind::Body),
            json!(["recorded-1-secret", "see Bearer recorded-2-secret"])
        );
    }
    #[test]
    fn a_token_within_a_link_is_the_one_that_the_next_request_sends() {
        let link = json!("https://acme.test/users?_limit=2&_token=eyJh%2Bbi3d%3d");
        let mut secrets = Secrets::default();
        secrets.note_in(&link, Kind::Body);
        secrets.note("eyJh+bi3d=");
        let replacements = secrets.replacements();
        assert_eq!(
            replacements.value(link, Kind::Body),
            json!("https://acme.test/users?_limit=2&_token=recorded-1-secret")
        );
        assert_eq!(replacements.secret("eyJh+bi3d="), "recorded-1-secret");
    }
}
