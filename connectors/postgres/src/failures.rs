//! What the server's errors mean to the platform.

use std::error::Error as _;

use lumos_connector::error::{is_raised_in_database, of_sql_state};
use lumos_connector::prelude::*;
use lumos_connector::tls;
use tokio_postgres::error::{DbError, SqlState};

use ConnectorErrorCode as Code;

/// The code, message and SQLSTATE of an error that the driver reports.
pub(crate) fn mapped(error: &tokio_postgres::Error) -> ConnectorError {
    let Some(refusal) = error.as_db_error() else {
        return of_transport(error);
    };
    let detail = refusal.detail().map(|detail| format!(" ({detail})")).unwrap_or_default();
    let state = refusal.code().code();
    let code = if is_concurrent(refusal) { Code::ServiceError } else { of_sql_state(state) };
    let mapped = ConnectorError::of_code(code)
        .with_message(format!("The server says: {}{detail}", refusal.message()))
        .with_app_error_code(state);
    match (refusal.hint(), state) {
        (Some(hint), _) => mapped.with_hint(hint),
        (None, "25006") => mapped.with_hint("Connect to the primary: a standby can only be read."),
        (None, state) if is_raised_in_database(state) => {
            mapped.with_hint("A trigger or an extension of the server refuses this.")
        }
        (None, _) => mapped,
    }
}

/// Whether another transaction was in the way, which is over when it has ended.
fn is_concurrent(refusal: &DbError) -> bool {
    match refusal.code().code() {
        "40001" | "40P01" => true,
        // Grants lock no row before they change it. The server does not translate these messages.
        "XX000" => refusal.message().starts_with("tuple concurrently"),
        // The same role or membership, made twice at once.
        "23505" => refusal.schema() == Some("pg_catalog"),
        _ => false,
    }
}

fn refusal(error: &ConnectorError) -> Option<&DbError> {
    error.source_as::<tokio_postgres::Error>()?.as_db_error()
}

/// Whether a change failed because another transaction was in its way.
pub(crate) fn is_concurrent_change(error: &ConnectorError) -> bool {
    refusal(error).is_some_and(is_concurrent)
}

/// Whether a change failed because other grants depend on what it would take away.
pub(crate) fn is_dependency(error: &ConnectorError) -> bool {
    refusal(error).is_some_and(|refusal| refusal.code() == &SqlState::DEPENDENT_OBJECTS_STILL_EXIST)
}

/// Whether an error at connecting to a database, or at reading it, says something of the database: it is broken, going, or
/// closed to the connector. Everything else concerns the whole server, or is over soon.
pub(crate) fn is_about_one_database(error: &ConnectorError) -> bool {
    refusal(error).is_some_and(|refusal| {
        let state = refusal.code().code();
        let passes = is_concurrent(refusal) || ["28P01", "55P03"].contains(&state);
        !passes && !["08", "40", "53", "57"].iter().any(|class| state.starts_with(class))
    })
}

/// Why the server refuses something, in its own words where it has some.
pub(crate) fn reason(error: &ConnectorError) -> String {
    refusal(error).map_or_else(|| error.message(), |refusal| refusal.message().to_owned())
}

/// Recognizes a pooler by what it says to a session with options: PgBouncer names a startup parameter, RDS Proxy
/// command-line options.
pub(crate) fn pooler(error: ConnectorError) -> ConnectorError {
    let is_pooler = refusal(&error).is_some_and(|refusal| {
        let says = |words| refusal.message().contains(words);
        says("startup parameter") || says("command-line options") || says("startup options")
    });
    if is_pooler { is_a_pooler() } else { error }
}

pub(crate) fn is_a_pooler() -> ConnectorError {
    ConnectorError::invalid_configuration(
        "The host and port are those of a pooler, not of a server: the options of a session have no effect there",
    )
    .with_hint("Enter the host and port of the PostgreSQL server itself.")
}

fn of_transport(error: &tokio_postgres::Error) -> ConnectorError {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    // The driver tells its kinds of error apart by their texts alone.
    let text = error.to_string();
    let code = match text.as_str() {
        "error performing TLS handshake" => Code::ConnectionRejected,
        "error communicating with the server" | "connection closed" => Code::ConnectionClosed,
        "timeout waiting for server" => Code::RequestTimeout,
        "authentication error" => Code::Unauthorized,
        "invalid configuration" => Code::InvalidValue,
        "error parsing response from server" | "unexpected message from server" => Code::InvalidResponse,
        _ => Code::InternalError,
    };
    let mapped = ConnectorError::of_code(code).with_message(format!("{text}{cause}"));
    if code == Code::ConnectionRejected {
        mapped.with_retryable(false).with_hint(of_tls(error))
    } else {
        mapped
    }
}

/// What to do when a TLS handshake fails.
fn of_tls(error: &tokio_postgres::Error) -> String {
    match tls::Problem::of(error) {
        Some(tls::Problem::OtherName) => {
            "Enter the host as the server's certificate names it, or set TLS to `verify-ca`.".to_owned()
        }
        Some(problem) => problem.hint("Certificate authority"),
        None => {
            "Turn TLS on in the server (`ssl = on`), or off in the settings where it is on the same machine."
                .to_owned()
        }
    }
}

/// Names what the connector's role lacks, when the server says that it lacks something and nothing more exact is known.
pub(crate) fn explain_denied<T>(result: Result<T>, privilege: &str) -> Result<T> {
    result.map_err(|error| match refusal(&error) {
        Some(refusal) if refusal.code() == &SqlState::INSUFFICIENT_PRIVILEGE && error.hint().is_none() => {
            let said = refusal.message().to_owned();
            error
                .with_message(format!("{said}; the connector's role needs {privilege}"))
                .with_hint(format!("Give the connector's role {privilege}."))
        }
        _ => error,
    })
}

/// The error of a connector's role that lacks a privilege.
pub(crate) fn missing_privilege(what_happened: &str, privilege: &str) -> ConnectorError {
    ConnectorError::authorization(format!("{what_happened}; the connector's role needs {privilege}"))
        .with_app_error_code(SqlState::INSUFFICIENT_PRIVILEGE.code())
        .with_hint(format!("Give the connector's role {privilege}."))
}
