//! GraphQL over the HTTP client: queries with variables, typed data, errors in the terms of the contract.
//!
//! | the app answers | the error is a | with the code |
//! | --- | --- | --- |
//! | an error status | [`HttpStatusError`](lumos_connector_core::error::HttpStatusError) | of the status, as everywhere |
//! | 400 or 422 with a known `extensions.code` | the same | of that code |
//! | `errors` that speak of a rate limit | `RateLimitError`, after the retries | `rate_limit` |
//! | other `errors` | [`GraphQlError`] | [`known_errors`]: of `extensions.code`, else `internal_error` |
//! | what is not a GraphQL response | [`GraphQlError`] | [`known_errors`]: `bad_gateway` |
//!
//! `errors` is read as a list of objects, which it should be, and as one object, one text or a list of texts.
//!
//! Without `.on_error(graphql::known_errors)` in the declaration, a [`GraphQlError`] is an `internal_error`.

mod answer;
mod document;
mod error;
mod request;

pub use answer::{GraphQlAnswer, GraphQlProblem};
pub use error::{GraphQlError, known_errors};
pub use request::GraphQlRequest;

use serde::Serialize;

use crate::http::{HttpClient, IntoPath};

impl HttpClient {
    /// A GraphQL query, or mutation, to the endpoint at a path.
    ///
    /// Queries are repeated like a `GET`; mutations are not.
    ///
    /// ```
    /// use lumos_connector_client::HttpClient;
    /// use lumos_connector_core::error::Result;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Data { users: Vec<User> }
    ///
    /// #[derive(serde::Deserialize)]
    /// struct User { id: String }
    ///
    /// async fn users(http: &HttpClient, first: usize) -> Result<Vec<User>> {
    ///     let query = "query Users($first: Int!) { users(first: $first) { id } }";
    ///     let data: Data = http.graphql("graphql", query).variable("first", first).read().await?;
    ///     Ok(data.users)
    /// }
    /// ```
    pub fn graphql(&self, path: impl IntoPath, query: impl Into<String>) -> GraphQlRequest {
        GraphQlRequest::of_query(self.post(path), query.into())
    }

    /// A GraphQL request whose body is made already, such as the `QueryBody` of the crate `graphql_client`: an object
    /// with `query`, `variables` and `operationName`.
    pub fn graphql_body(&self, path: impl IntoPath, body: &impl Serialize) -> GraphQlRequest {
        GraphQlRequest::of_body(self.post(path), body)
    }
}
