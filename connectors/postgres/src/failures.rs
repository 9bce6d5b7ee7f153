//! What the server's errors mean to the platform.

use std::error::Error as _;

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
    let mapped = ConnectorError::of_code(code_of(refusal))
        .with_message(format!("The server says: {}{detail}", refusal.message()))
        .with_app_error_code(refusal.code().code());
    match (refusal.hint(), refusal.code().code()) {
        (Some(hint), _) => mapped.with_hint(hint),
        (None, "25006") => mapped.with_hint("Connect to the primary: a standby can only be read."),
        (None, state) if is_raised_by_user_code(state) => {
            mapped.with_hint("A trigger or an extension of the server refuses this.")
        }
        (None, _) => mapped,
    }
}

fn code_of(refusal: &DbError) -> Code {
    if is_concurrent(refusal) { Code::ServiceError } else { of_sql_state(refusal.code().code()) }
}

/// Appendix A of the server's manual, as far as a connector meets it. The first two characters are the class.
fn of_sql_state(state: &str) -> Code {
    match state {
        "42501" => Code::PermissionDenied,
        // A database of the settings that is not there, a reserved or overlong name.
        "3D000" | "42939" | "42622" | "42602" => Code::InvalidValue,
        "42704" | "3F000" => Code::NotFound,
        "42710" | "42P04" | "2BP01" | "2B000" | "55006" => Code::Conflict,
        // Members of each other; the grantor's own option.
        "0LP01" | "0P000" => Code::BadRequest,
        "25006" => Code::UnsupportedOperation,
        "57014" => Code::RequestTimeout,
        "57P01" | "57P02" | "57P04" | "57P05" => Code::ConnectionClosed,
        // What was sent is not understood: no retry helps.
        "08P01" => Code::InvalidResponse,
        state if is_raised_by_user_code(state) => Code::PermissionDenied,
        state => match state.get(..2) {
            Some("28") => Code::Unauthorized,
            Some("08") => Code::ConnectionClosed,
            Some("0A") => Code::UnsupportedOperation,
            Some("22") => Code::InvalidValue,
            Some("23") => Code::Conflict,
            // Rolled back for another transaction; out of connections, memory or disk; locked; starting or stopping.
            Some("40" | "53" | "55" | "57") => Code::ServiceError,
            Some("58" | "XX") => Code::BadGateway,
            _ => Code::InternalError,
        },
    }
}

/// Whether a SQLSTATE comes from code that the server runs for its owners, as event triggers are: what such code raises
/// (`P0`), is refused by (09, 27, 38, 39, 44), or makes up; SQL leaves the classes from 5 and I on to implementations,
/// and the server itself uses few of them.
fn is_raised_by_user_code(state: &str) -> bool {
    match state.get(..2) {
        Some("53" | "54" | "55" | "57" | "58" | "72" | "F0" | "HV" | "XX") | None => false,
        Some("09" | "27" | "38" | "39" | "44") => true,
        Some(class) => class.starts_with(|first: char| ('5'..='9').contains(&first) || first >= 'I'),
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
pub(crate) fn explain_denied<T>(result: Result<T>, privilege: impl FnOnce() -> String) -> Result<T> {
    result.map_err(|error| match refusal(&error) {
        Some(refusal) if refusal.code() == &SqlState::INSUFFICIENT_PRIVILEGE && error.hint().is_none() => {
            let (said, privilege) = (refusal.message().to_owned(), privilege());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_states_have_the_codes_that_callers_act_on() {
        for (state, code) in [
            ("28P01", Code::Unauthorized),
            ("28000", Code::Unauthorized),
            ("42501", Code::PermissionDenied),
            ("42710", Code::Conflict),
            ("2BP01", Code::Conflict),
            ("3D000", Code::InvalidValue),
            ("22021", Code::InvalidValue),
            ("25006", Code::UnsupportedOperation),
            ("53300", Code::ServiceError),
            ("57014", Code::RequestTimeout),
            ("57P01", Code::ConnectionClosed),
            ("57P03", Code::ServiceError),
            ("40P01", Code::ServiceError),
            ("XX000", Code::BadGateway),
            ("42601", Code::InternalError),
            ("08P01", Code::InvalidResponse),
            ("08006", Code::ConnectionClosed),
            // P33: what triggers raise, with codes of the server or of their own.
            ("P0001", Code::PermissionDenied),
            ("P0004", Code::PermissionDenied),
            ("38000", Code::PermissionDenied),
            ("LX001", Code::PermissionDenied),
            ("99999", Code::PermissionDenied),
        ] {
            assert_eq!(of_sql_state(state), code, "{state}");
        }
    }
}
