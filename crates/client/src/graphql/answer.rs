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
    /// What went wrong.
    #[serde(default = "Vec::new", deserialize_with = "none_for_null")]
    pub errors: Vec<GraphQlProblem>,
    /// What the app adds for those who know it: costs, limits.
    #[serde(default)]
    pub extensions: Option<Map<String, Value>>,
}

fn nothing<T>() -> Option<T> {
    None
}

fn none_for_null<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<GraphQlProblem>, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// One error in an answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct GraphQlProblem {
    /// What happened, in the app's words.
    #[serde(default)]
    pub message: String,
    /// Which field of the answer could not be given: names, and numbers in lists.
    #[serde(default)]
    pub path: Option<Vec<Value>>,
    /// What the app adds for those who know it.
    #[serde(default)]
    pub extensions: Option<Map<String, Value>>,
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
        let throttled =
            self.code().is_some_and(|code| THROTTLED.iter().any(|one| code.eq_ignore_ascii_case(one)));
        throttled || retry::is_refusal(&self.message)
    }
}

/// The answer that a body holds.
///
/// A 2xx answer without `data` and `errors` is none (GraphQL specification §7.1).
pub(super) fn read<T: DeserializeOwned>(answer: &HttpAnswer) -> Result<GraphQlAnswer<T>> {
    let fields: Map<String, Value> = serde_json::from_slice(answer.bytes()).unwrap_or_default();
    if !fields.contains_key("data") && !fields.contains_key("errors") {
        return Err(GraphQlError::protocol(answer.status()).into());
    }
    answer.json()
}

/// Whether an answer refuses the request for now.
pub(super) fn is_refusal(answer: &HttpAnswer) -> bool {
    #[derive(Deserialize)]
    struct Problems {
        #[serde(default = "Vec::new", deserialize_with = "none_for_null")]
        errors: Vec<GraphQlProblem>,
    }
    let problems = serde_json::from_slice(answer.bytes());
    problems.is_ok_and(|Problems { errors }| errors.iter().any(GraphQlProblem::is_rate_limit))
}
