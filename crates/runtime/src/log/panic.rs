//! Panics of handlers.

use std::panic;

/// Sends the place of a panic to the log instead of stderr. Its message may hold data of the app, so it is only
/// written at the level `DEBUG`.
pub(super) fn quiet() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a handler panicked");
        let payload = info.payload();
        let text = payload.downcast_ref::<&str>().copied();
        if let Some(message) = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)) {
            tracing::debug!(place, "the panic says: {message}");
        }
    }));
}
