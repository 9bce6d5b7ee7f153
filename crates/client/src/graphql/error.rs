//! Errors in the answers of GraphQL endpoints.

use lumos_connector_core::error::ConnectorError;
use lumos_connector_types::error::ConnectorErrorCode as Code;

use super::answer::GraphQlProblem;

/// Characters of an app's texts that a message repeats.
const TEXT_LIMIT: usize = 800;

/// A GraphQL endpoint answered with errors, or with something that is not a GraphQL response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GraphQlError {
    /// The answer has neither data nor errors.
    #[error("[{status}] the answer is not a GraphQL response: it has neither data nor errors")]
    Protocol {
        /// The HTTP status of the answer.
        status: u16,
    },
    /// The query failed, whole or in part.
    #[error("The app could not answer the query: {}", shortened(problems))]
    Query {
        /// Why, at least one.
        problems: Vec<GraphQlProblem>,
    },
}

impl GraphQlError {
    pub(super) fn protocol(status: u16) -> Self {
        Self::Protocol { status }
    }

    /// The first code that the app gives.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Protocol { .. } => None,
            Self::Query { problems } => problems.iter().find_map(GraphQlProblem::code),
        }
    }
}

/// The mapping of GraphQL errors that most connectors want; register it with `.on_error(graphql::known_errors)`.
///
/// What is not an answer of GraphQL is a `bad_gateway`. Errors are an `internal_error` unless `extensions.code` says more:
/// the codes of Apollo Server and their like are known. The app's own code is kept as `app_error_code`.
#[must_use]
pub fn known_errors(error: &GraphQlError) -> ConnectorError {
    if matches!(error, GraphQlError::Protocol { .. }) {
        return ConnectorError::of_code(Code::BadGateway);
    }
    let Some(app_code) = error.code() else { return ConnectorError::of_code(Code::InternalError) };
    ConnectorError::of_code(code_of(app_code).unwrap_or(Code::InternalError)).with_app_error_code(app_code)
}

/// What an app's code means, where it is one of the usual ones.
pub(super) fn code_of(app_code: &str) -> Option<Code> {
    let words: String = app_code
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' })
        .collect();
    Some(match words.as_str() {
        "UNAUTHENTICATED" | "UNAUTHORIZED" | "AUTHENTICATION_ERROR" | "AUTHENTICATION_REQUIRED" => {
            Code::Unauthorized
        }
        "FORBIDDEN" | "ACCESS_DENIED" | "PERMISSION_DENIED" | "INSUFFICIENT_SCOPES" => Code::PermissionDenied,
        "NOT_FOUND" => Code::NotFound,
        "CONFLICT" | "ALREADY_EXISTS" => Code::Conflict,
        "BAD_USER_INPUT" | "BAD_REQUEST" | "GRAPHQL_PARSE_FAILED" | "GRAPHQL_VALIDATION_FAILED" => {
            Code::BadRequest
        }
        "SERVICE_UNAVAILABLE" | "UNAVAILABLE" => Code::ServiceError,
        _ => return None,
    })
}

/// What the app says, as far as a message repeats it.
fn shortened(problems: &[GraphQlProblem]) -> String {
    let messages: Vec<_> = problems.iter().map(|problem| problem.message.trim()).collect();
    let text = messages.join("; ");
    match text.char_indices().nth(TEXT_LIMIT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
