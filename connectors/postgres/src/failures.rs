//! What the server's errors mean to the platform.

use std::error::Error as _;
use std::io;

use lumos_connector::prelude::*;
use tokio_postgres::error::SqlState;

use ConnectorErrorCode as Code;

/// The code, message and SQLSTATE of an error that the driver reports.
pub(crate) fn mapped(error: &tokio_postgres::Error) -> ConnectorError {
    match error.as_db_error() {
        Some(refusal) => {
            let detail = refusal.detail().map(|detail| format!(" ({detail})")).unwrap_or_default();
            let mapped = ConnectorError::of_code(of_sql_state(refusal.code()))
                .with_message(format!("The server says: {}{detail}", refusal.message()))
                .with_app_error_code(refusal.code().code());
            match refusal.hint() {
                Some(hint) => mapped.with_hint(hint),
                None => mapped,
            }
        }
        None => of_transport(error),
    }
}

/// Appendix A of the server's manual, as far as a connector meets it. The first two characters are the class.
fn of_sql_state(state: &SqlState) -> Code {
    match state.code() {
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
        code => match code.get(..2) {
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

fn of_transport(error: &tokio_postgres::Error) -> ConnectorError {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    let io = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    // The driver tells its kinds of error apart by their texts alone.
    let text = error.to_string();
    let code = match text.as_str() {
        "error performing TLS handshake" => Code::ConnectionRejected,
        "error connecting to server" => match io.map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused) => Code::ConnectionRejected,
            _ => Code::ConnectionTimeout,
        },
        "error communicating with the server" | "connection closed" => Code::ConnectionClosed,
        "timeout waiting for server" => Code::RequestTimeout,
        "authentication error" => Code::Unauthorized,
        "invalid configuration" => Code::InvalidValue,
        "error parsing response from server" | "unexpected message from server" => Code::InvalidResponse,
        _ => Code::InternalError,
    };
    let mapped = ConnectorError::of_code(code).with_message(format!("{text}{cause}"));
    if text != "error performing TLS handshake" {
        return mapped;
    }
    mapped
        .with_retryable(false)
        .with_hint("Check that the server has TLS on and a certificate for this host; see the TLS settings.")
}

/// Names what the connector's role lacks, when the server says that it lacks something.
pub(crate) fn needing<T>(result: Result<T>, privilege: impl FnOnce() -> String) -> Result<T> {
    result.map_err(|error| {
        let refusal = error.source_as::<tokio_postgres::Error>().and_then(tokio_postgres::Error::as_db_error);
        match refusal {
            Some(refusal) if refusal.code() == &SqlState::INSUFFICIENT_PRIVILEGE => {
                lacking(refusal.message(), &privilege())
            }
            _ => error,
        }
    })
}

/// The error of a connector's role that lacks a privilege.
pub(crate) fn lacking(what_happened: &str, privilege: &str) -> ConnectorError {
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
        ] {
            assert_eq!(of_sql_state(&SqlState::from_code(state)), code, "{state}");
        }
    }
}
