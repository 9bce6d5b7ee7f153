//! The arguments of a call in the log, without what is secret in them.

use lumos_connector_core::Integration;
use lumos_connector_core::redaction::arguments::redact;
use serde_json::Value;

use super::environment::LogSettings;

/// Logs the arguments of a call at `INFO`; the content of a request file is not logged.
pub(crate) fn log(
    settings: &LogSettings,
    integration: &Integration,
    capability: &str,
    json: Option<&String>,
) {
    if !tracing::enabled!(tracing::Level::INFO) {
        return;
    }
    let Some(json) = json else {
        tracing::info!(capability, "called with a request file");
        return;
    };
    let Ok(mut request) = serde_json::from_str::<Value>(json) else {
        tracing::info!(capability, "called with a request that is not JSON");
        return;
    };
    let mut secret_keys = integration.secret_fields();
    secret_keys.extend(settings.redacted_keys.iter().cloned());
    redact(&mut request, &secret_keys);
    tracing::info!(capability, "called with {request}");
}
