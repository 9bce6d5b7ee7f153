//! What the SQLSTATE of a database's error means.

use lumos_connector_types::error::ConnectorErrorCode as Code;

/// The code that callers act on, for the SQLSTATE of an error of a database: five letters and digits, the first two of which
/// are its class (ISO/IEC 9075-2).
///
/// Beyond the classes of the standard it knows the states of PostgreSQL and those that share them
/// ([appendix A](https://www.postgresql.org/docs/current/errcodes-appendix.html) of its manual), and the common ones of ODBC
/// and MySQL. For [`on_error`](crate::integration::Builder::on_error):
///
/// ```
/// use lumos_connector_core::error::{ConnectorError, of_sql_state};
/// # #[derive(Debug, thiserror::Error)] #[error("{message}")] struct DbError { state: String, message: String }
///
/// fn mapped(error: &DbError) -> ConnectorError {
///     ConnectorError::of_code(of_sql_state(&error.state)).with_app_error_code(&error.state)
/// }
/// let error = DbError { state: "42501".to_owned(), message: "permission denied for table t".to_owned() };
/// assert_eq!(mapped(&error).code().to_string(), "permission_denied");
/// ```
#[must_use]
pub fn of_sql_state(state: &str) -> Code {
    match state {
        "42501" => Code::PermissionDenied,
        // A database that is not there, a reserved or overlong name.
        "3D000" | "42939" | "42622" | "42602" => Code::InvalidValue,
        "42704" | "3F000" | "42S02" => Code::NotFound,
        "42710" | "42P04" | "42S01" | "2BP01" | "2B000" | "55006" => Code::Conflict,
        // Members of each other; the grantor's own option.
        "0LP01" | "0P000" => Code::BadRequest,
        // A standby, which can only be read.
        "25006" => Code::UnsupportedOperation,
        "57014" | "HYT00" | "HYT01" => Code::RequestTimeout,
        "57P01" | "57P02" | "57P04" | "57P05" => Code::ConnectionClosed,
        // What was sent is not understood: no retry helps.
        "08P01" => Code::InvalidResponse,
        state if is_raised_in_database(state) => Code::PermissionDenied,
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

/// Whether a SQLSTATE comes from code that a database runs for its owners, as triggers and procedures are: what such code
/// raises (45, `P0`), is refused by (09, 27, 38, 39, 44), or makes up; SQL leaves the classes from 5 and I on to
/// implementations, and databases themselves use few of them.
#[must_use]
pub fn is_raised_in_database(state: &str) -> bool {
    match state.get(..2) {
        Some("53" | "54" | "55" | "57" | "58" | "72" | "F0" | "HV" | "XX") | None => false,
        Some("09" | "27" | "38" | "39" | "44" | "45") => true,
        Some(class) => {
            class.starts_with(|first: char| ('5'..='9').contains(&first) || ('I'..='Z').contains(&first))
        }
    }
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
            // Of ODBC and MySQL, and no states at all.
            ("45000", Code::PermissionDenied),
            ("42S02", Code::NotFound),
            ("23000", Code::Conflict),
            ("HYT00", Code::RequestTimeout),
            ("HY000", Code::InternalError),
            ("", Code::InternalError),
            ("é", Code::InternalError),
        ] {
            assert_eq!(of_sql_state(state), code, "{state}");
        }
    }
}
