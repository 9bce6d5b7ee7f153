//! One GraphQL request.

use std::fmt;

use lumos_connector_core::error::{ConnectorError, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::answer::{self, GraphQlAnswer, GraphQlProblem};
use super::document::has_mutation;
use super::error::{GraphQlError, code_of};
use crate::http::HttpRequest;

/// Builds one GraphQL request; see [`HttpClient::graphql`](crate::HttpClient::graphql).
#[must_use = "a request does nothing until it is sent"]
pub struct GraphQlRequest {
    http: HttpRequest,
    body: Result<Map<String, Value>>,
}

impl GraphQlRequest {
    pub(super) fn of_query(http: HttpRequest, query: String) -> Self {
        Self { http, body: Ok(Map::from_iter([("query".to_owned(), query.into())])) }
    }

    pub(super) fn of_body(http: HttpRequest, body: &impl Serialize) -> Self {
        let body = match serde_json::to_value(body) {
            Ok(Value::Object(body)) if body.get("query").is_some_and(Value::is_string) => Ok(body),
            Ok(_) => {
                Err(ConnectorError::internal("The body of a GraphQL request must be an object with a query"))
            }
            Err(error) => Err(unwritable(&error)),
        };
        Self { http, body }
    }

    fn with(mut self, name: &str, value: Result<Value, serde_json::Error>) -> Self {
        self.body = match (self.body, value) {
            (Ok(mut body), Ok(value)) => {
                body.insert(name.to_owned(), value);
                Ok(body)
            }
            (Err(error), _) => Err(error),
            (_, Err(error)) => Err(unwritable(&error)),
        };
        self
    }

    /// Sets all variables: a struct or a map.
    pub fn variables(self, variables: &impl Serialize) -> Self {
        self.with("variables", serde_json::to_value(variables))
    }

    /// Sets one variable.
    pub fn variable(self, name: &str, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).map(|value| {
            let given = self.body.as_ref().ok().and_then(|body| body.get("variables"));
            let mut variables = given.filter(|given| given.is_object()).cloned().unwrap_or_else(|| json!({}));
            variables[name] = value;
            variables
        });
        self.with("variables", value)
    }

    /// Names the operation to run, when the document holds several.
    pub fn operation(self, name: impl Into<String>) -> Self {
        self.with("operationName", Ok(Value::String(name.into())))
    }

    /// Repeats this mutation like a query: running it twice does no harm.
    pub fn idempotent(mut self) -> Self {
        self.http = self.http.idempotent();
        self
    }

    /// Sends the request and gives its data.
    ///
    /// # Errors
    /// When there are errors, even beside data: see [the table](super). `invalid_response` when the data is not a `T`.
    pub async fn read<T: DeserializeOwned>(self) -> Result<T> {
        let GraphQlAnswer { data, errors, .. } = self.send().await?;
        match data {
            Some(data) if errors.is_empty() => Ok(data),
            None if errors.is_empty() => Err(ConnectorError::invalid_response(
                "The app answered the query with null and gave no reason",
            )),
            _ => Err(GraphQlError::Query { problems: errors }.into()),
        }
    }

    /// Sends the request and returns the whole answer: data and errors, for those who can use a part.
    ///
    /// # Errors
    /// When the answer is not a GraphQL response, or the app refuses the request for now.
    pub async fn send<T: DeserializeOwned>(self) -> Result<GraphQlAnswer<T>> {
        let body = self.body?;
        let document = body.get("query").and_then(Value::as_str).unwrap_or_default();
        let http = if has_mutation(document) { self.http } else { self.http.idempotent() };
        let http = http.header("accept", "application/graphql-response+json, application/json;q=0.9");
        let answer = http.json(&body).refused_when(answer::is_refusal).send_any().await?;
        if answer.is_success() && !answer.is_refused() {
            return answer::read(&answer);
        }
        let problems = answer::errors(&answer);
        if let Some(refusal) = problems.iter().find(|problem| problem.is_rate_limit()) {
            let text = format!("The app refuses the query for now: {}", refusal.message.trim());
            return Err(answer.mapped(answer.refusal(text)));
        }
        let mut error = answer.unmapped_error();
        // A status of 400 or 422 says only that something is wrong with the query; the code in the body says what.
        if matches!(answer.status(), 400 | 422)
            && let Some(code) = problems.iter().find_map(GraphQlProblem::code)
        {
            error = match code_of(code) {
                Some(known) => error.with_code(known),
                None => error,
            };
            error = error.with_app_error_code(code);
        }
        Err(answer.mapped(error))
    }
}

fn unwritable(error: &serde_json::Error) -> ConnectorError {
    ConnectorError::internal(format!("The body of the GraphQL request cannot be serialised: {error}"))
}

impl fmt::Debug for GraphQlRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphQlRequest").field("http", &self.http).finish_non_exhaustive()
    }
}
