//! What a GraphQL endpoint answers.

use lumos_connector_core::error::Result;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::error::GraphQlError;
use crate::http::HttpAnswer;
use crate::retry;

/// Codes in `extensions.code` that refuse a request for now.
const THROTTLED: [&str; 5] =
    ["THROTTLED", "RATE_LIMITED", "RATELIMITED", "RATE_LIMIT_EXCEEDED", "TOO_MANY_REQUESTS"];

/// A whole answer: data, errors, or some of both.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct GraphQlAnswer<T> {
    /// What was asked for, as far as it could be given.
    #[serde(default = "nothing")]
    pub data: Option<T>,
    /// What went wrong. The specification asks for a list of objects; one object, one text and a list of texts are read,
    /// too.
    #[serde(default, deserialize_with = "problems")]
    pub errors: Vec<GraphQlProblem>,
    /// What the app adds for those who know it: costs, limits.
    #[serde(default)]
    pub extensions: Option<Map<String, Value>>,
}

fn nothing<T>() -> Option<T> {
    None
}

/// Whatever an app gives as `errors`, as a list.
fn problems<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<GraphQlProblem>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Null | Value::Bool(false) => Vec::new(),
        Value::String(text) if text.is_empty() => Vec::new(),
        Value::Array(list) => list.into_iter().map(GraphQlProblem::from).collect(),
        one => vec![one.into()],
    })
}

/// One error in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GraphQlProblem {
    /// What happened, in the app's words.
    pub message: String,
    /// Which field of the answer could not be given: names, and numbers in lists.
    pub path: Option<Vec<Value>>,
    /// What the app adds for those who know it.
    pub extensions: Option<Map<String, Value>>,
}

impl From<Value> for GraphQlProblem {
    /// A text is the message. Of an object without one, the object itself is.
    fn from(value: Value) -> Self {
        let Value::Object(mut object) = value else {
            let message = match value {
                Value::String(text) => text,
                other => other.to_string(),
            };
            return Self { message, path: None, extensions: None };
        };
        let extensions = match object.get("extensions") {
            Some(Value::Object(extensions)) => Some(extensions.clone()),
            _ => None,
        };
        let path = match object.remove("path") {
            Some(Value::Array(path)) => Some(path),
            None | Some(Value::Null) => None,
            Some(one) => Some(vec![one]),
        };
        let message = match object.remove("message") {
            Some(Value::String(message)) => message,
            Some(other) if !other.is_null() => other.to_string(),
            _ => {
                object.remove("extensions");
                object.remove("locations");
                if object.is_empty() { String::new() } else { Value::Object(object).to_string() }
            }
        };
        Self { message, path, extensions }
    }
}

impl GraphQlProblem {
    /// The app's code in `extensions.code`, which most apps give; else in `extensions.type`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        let extensions = self.extensions.as_ref()?;
        ["code", "type"].into_iter().find_map(|name| extensions.get(name)?.as_str())
    }

    /// Whether the app refuses the request for now (contract §12).
    #[must_use]
    pub fn is_rate_limit(&self) -> bool {
        let throttled = self
            .code()
            .is_some_and(|code| code == "429" || THROTTLED.iter().any(|one| code.eq_ignore_ascii_case(one)));
        let status = |name: &str| self.extensions.as_ref()?.get(name)?.as_u64();
        let is_429 = ["code", "status", "statusCode"].into_iter().any(|name| status(name) == Some(429));
        throttled || is_429 || retry::is_refusal(&self.message)
    }
}

/// The answer that a body holds.
///
/// A 2xx answer without `data` and `errors` is none (GraphQL specification §7.1).
pub(super) fn read<T: DeserializeOwned>(answer: &HttpAnswer) -> Result<GraphQlAnswer<T>> {
    let fields: Map<String, Value> = answer.json().unwrap_or_default();
    if !fields.contains_key("data") && !fields.contains_key("errors") {
        return Err(GraphQlError::protocol(answer.status()).into());
    }
    answer.json()
}

/// The errors in an answer with any status; none when it is not an answer of GraphQL.
pub(super) fn errors(answer: &HttpAnswer) -> Vec<GraphQlProblem> {
    #[derive(Deserialize)]
    struct Problems {
        #[serde(default, deserialize_with = "problems")]
        errors: Vec<GraphQlProblem>,
    }
    answer.json().map_or_else(|_| Vec::new(), |Problems { errors }| errors)
}

/// Whether an answer refuses the request for now.
pub(super) fn is_refusal(answer: &HttpAnswer) -> bool {
    errors(answer).iter().any(GraphQlProblem::is_rate_limit)
}
