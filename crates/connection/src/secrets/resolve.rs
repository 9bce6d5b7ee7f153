//! Following the references of a connection file.

use std::path::Path;
use std::sync::Arc;

use lumos_connector_types::auth::AuthCredential;
use lumos_connector_types::json::Json;
use lumos_connector_types::secret::Secret;
use serde_json::{Map, Value};

use super::form::{is_secret_credential, is_secret_name};
use super::places::{Leaf, Place, credentials, leaves};
use super::redaction::Redactor;
use crate::error::ConnectionError;
use crate::file::{ConnectionFile, Text};
use crate::reference::{Reference, Source};

/// What every request of a connection brings, its references followed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Resolved {
    /// The members of the envelope that carry credentials, such as `"auth":{…},`; empty without credentials.
    pub(crate) credentials: Secret,
    /// The value of `settings`.
    pub(crate) settings: Secret,
    /// The bearer token of a server at an address.
    pub(crate) token: Option<Secret>,
    /// Environment variables of the program.
    pub(crate) environment: Vec<(String, Secret)>,
    /// Environment variables that hold secrets, which the program does not inherit.
    pub(crate) hidden: Vec<String>,
    pub(crate) redactor: Arc<Redactor>,
}

impl Resolved {
    /// A copy for a call whose request brings secrets of its own.
    pub(crate) fn with_secrets(&self, secrets: &[Secret]) -> Self {
        let redactor = Arc::new(self.redactor.with_secrets(secrets.iter().map(Secret::expose)));
        Self { redactor, ..self.clone() }
    }
}

/// The texts in a JSON value whose names say that they are secrets.
pub(crate) fn named_secrets(value: &Value) -> Vec<Secret> {
    let mut found = Vec::new();
    leaves(value, &Place::at(""), &mut |place, leaf| {
        if let Leaf::Literal(Value::String(text)) = leaf
            && place.keys.iter().any(|key| is_secret_name(key))
        {
            found.push(text.as_str().into());
        }
    });
    found
}

/// Follows every reference of a file.
struct Resolver<'a> {
    folder: &'a Path,
    secrets: Vec<Secret>,
    hidden: Vec<String>,
}

impl Resolver<'_> {
    async fn follow(&mut self, reference: &Reference, field: &str) -> Result<Value, ConnectionError> {
        if let Source::Env(name) = &reference.source {
            self.hidden.push(name.clone());
        }
        let (value, text) = reference
            .follow(self.folder)
            .await
            .map_err(|problem| ConnectionError::Secret { field: field.to_owned(), problem })?;
        self.keep_texts(&value, true);
        self.secrets.push(text);
        Ok(value)
    }

    /// Keeps the texts in a value as secrets: all of them, or those whose name says so.
    fn keep_texts(&mut self, value: &Value, all: bool) {
        let secrets = &mut self.secrets;
        leaves(value, &Place::at(""), &mut |place, leaf| {
            let Leaf::Literal(Value::String(text)) = leaf else { return };
            if place.keys.is_empty() && all || place.keys.iter().any(|key| is_secret_name(key)) {
                secrets.push(text.as_str().into());
            }
        });
    }

    async fn text(&mut self, text: &Text, field: &str) -> Result<Secret, ConnectionError> {
        match text {
            Text::Literal(text) => Ok(text.as_str().into()),
            Text::Reference(reference) => match self.follow(reference, field).await? {
                Value::String(text) => Ok(text.into()),
                other => Ok(other.to_string().into()),
            },
        }
    }

    /// Replaces every reference in some members by its value.
    async fn members(
        &mut self,
        members: &Map<String, Value>,
        place: &Place,
    ) -> Result<Map<String, Value>, ConnectionError> {
        let mut resolved = Value::Object(members.clone());
        let mut references = Vec::new();
        let content = Value::Object(members.clone());
        leaves(&content, place, &mut |place, leaf| {
            if let Leaf::Reference(reference) = leaf {
                references.push((place.clone(), reference));
            }
        });
        for (place, reference) in references {
            let mut value = self.follow(&reference, &place.field).await?;
            if place.keys == ["service_account", "key"]
                && let Value::String(text) = &value
            {
                value = serde_json::from_str(text).ok().filter(Value::is_object).ok_or_else(|| {
                    ConnectionError::Secret {
                        field: place.field.clone(),
                        problem: "is not a JSON object".to_owned(),
                    }
                })?;
                self.keep_texts(&value, false);
            }
            let target = place.keys.iter().try_fold(&mut resolved, |node, key| match node {
                Value::Object(members) => members.get_mut(key),
                Value::Array(items) => items.get_mut(key.parse::<usize>().ok()?),
                _ => None,
            });
            if let Some(target) = target {
                *target = value;
            }
        }
        match resolved {
            Value::Object(members) => Ok(members),
            _ => Ok(Map::new()),
        }
    }
}

/// Follows the references of a file, and checks the credentials that come of it.
pub(crate) async fn resolve(file: &ConnectionFile) -> Result<Resolved, ConnectionError> {
    let folder = file.origin.folder();
    let mut resolver = Resolver { folder: &folder, secrets: Vec::new(), hidden: Vec::new() };
    let mut resolved = Resolved::default();

    let mut followed = Vec::new();
    for (place, credential) in credentials(file) {
        // The keys of a credential begin with its type.
        let members = resolver.members(credential, &place).await?;
        check_credential(file, &members, &place)?;
        keep_literals(&mut resolver, &members);
        followed.push(Value::Object(members));
    }
    resolved.credentials = match followed.len() {
        0 => Secret::default(),
        1 if !file.auth.is_empty() => format!("\"auth\":{},", followed.remove(0)).into(),
        _ => format!("\"credentials\":{},", Value::from(followed)).into(),
    };

    let settings = resolver.members(&file.settings, &Place::at("settings")).await?;
    for (name, value) in &settings {
        if is_secret_name(name) {
            resolver.keep_texts(value, true);
        }
    }
    resolved.settings = Value::Object(settings).to_string().into();

    if let Some(token) = &file.connector.token {
        let token = resolver.text(token, "connector.token").await?;
        resolver.secrets.push(token.clone());
        resolved.token = Some(token);
    }
    for (name, text) in &file.connector.environment {
        let field = format!("connector.environment.{name}");
        resolved.environment.push((name.clone(), resolver.text(text, &field).await?));
    }
    resolved.redactor = Arc::new(Redactor::new(resolver.secrets.iter().map(Secret::expose)));
    resolved.hidden = resolver.hidden;
    Ok(resolved)
}

/// Keeps what stands in the file at a secret place, when that is allowed, and what Basic authentication makes of it.
fn keep_literals(resolver: &mut Resolver<'_>, credential: &Map<String, Value>) {
    let content = Value::Object(credential.clone());
    let mut found = Vec::new();
    leaves(&content, &Place::at(""), &mut |place, leaf| {
        let keys: Vec<&str> = place.keys.iter().map(String::as_str).collect();
        if let Leaf::Literal(Value::String(text)) = leaf
            && is_secret_credential(&keys)
            // Most of a service account's key is not secret.
            && (keys.len() < 3 || keys.iter().skip(2).any(|key| is_secret_name(key)))
        {
            found.push(Secret::from(text.as_str()));
        }
    });
    if let (Some(username), Some(password)) =
        (content["basic"]["username"].as_str(), content["basic"]["password"].as_str())
    {
        found.push(format!("{username}:{password}").into());
    }
    resolver.secrets.extend(found);
}

fn check_credential(
    file: &ConnectionFile,
    credential: &Map<String, Value>,
    place: &Place,
) -> Result<(), ConnectionError> {
    Json::from(Value::Object(credential.clone()))
        .read::<AuthCredential>()
        .map(drop)
        .map_err(|error| file.origin.read_error_in(&place.field, &error))
}
