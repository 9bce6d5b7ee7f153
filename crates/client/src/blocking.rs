//! Libraries that block.

use std::panic::resume_unwind;

use lumos_connector_core::error::{ConnectorError, Result};
use lumos_connector_core::redaction::values;

/// Runs code that blocks — a synchronous library, a large file, heavy arithmetic — on a thread that may block, so that
/// the other calls of the process go on meanwhile.
///
/// What it logs is, like all that a call logs, without the call's secrets. What it needs is moved into it. When the call ends early, the code runs on to its end; nobody reads its result.
///
/// ```
/// use lumos_connector_client::blocking;
/// use lumos_connector_core::error::Result;
///
/// async fn greeting() -> Result<String> {
///     blocking(|| std::fs::read_to_string("greeting.txt")).await
/// }
/// ```
///
/// # Errors
/// What the code fails with. A panic in it is a panic of the handler.
pub async fn blocking<T, E, F>(work: F) -> Result<T>
where
    T: Send + 'static,
    E: Into<ConnectorError> + Send + 'static,
    F: FnOnce() -> Result<T, E> + Send + 'static,
{
    match tokio::task::spawn_blocking(values::carried(work)).await {
        Ok(done) => done.map_err(Into::into),
        Err(ended) if ended.is_panic() => resume_unwind(ended.into_panic()),
        Err(_) => Err(ConnectorError::internal("The process is shutting down")),
    }
}
