//! From reqwest's errors to the failures that the classification knows.

use std::error::Error;
use std::io;

use lumos_connector_core::error::{TransportError, TransportFailure};

/// What failed, without the address: its query may hold secrets.
pub(crate) fn transport_error(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    let failure = failure(&error);
    let message = match failure {
        TransportFailure::Connect => "no connection could be made",
        TransportFailure::ConnectTimeout => "no connection was made in time",
        TransportFailure::ReadTimeout => "no answer came in time",
        TransportFailure::TooLarge => "the headers of the answer are too large",
        TransportFailure::RemoteProtocol => "the connection was closed before the answer was whole",
        TransportFailure::Read => "the connection broke while the answer came",
        _ => "the request could not be sent",
    };
    TransportError::new(failure, format!("{message}: {}", innermost(&error))).with_source(error)
}

fn failure(error: &reqwest::Error) -> TransportFailure {
    if error.is_timeout() {
        return if error.is_connect() {
            TransportFailure::ConnectTimeout
        } else {
            TransportFailure::ReadTimeout
        };
    }
    if error.is_connect() {
        return TransportFailure::Connect;
    }
    if error.is_builder() || error.is_redirect() {
        return TransportFailure::Request;
    }
    if has_too_large_head(error) {
        return TransportFailure::TooLarge;
    }
    if error.is_body() || error.is_decode() || broke(error) {
        return TransportFailure::Read;
    }
    TransportFailure::RemoteProtocol
}

/// Whether the operating system reported a broken connection.
fn broke(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return matches!(io.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted);
        }
        cause = error.source();
    }
    false
}

/// Whether the headers of the answer had more bytes, or were more, than are read.
fn has_too_large_head(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse_too_large) {
            return true;
        }
        cause = error.source();
    }
    false
}

fn innermost(error: &reqwest::Error) -> String {
    let mut innermost: &dyn Error = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}
