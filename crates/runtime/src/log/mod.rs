//! Logs: where lines go and what never appears in them (contract §9 and §10).
//!
//! | variable | default | effect |
//! | --- | --- | --- |
//! | `LUMOS_LOG_LEVEL` | `ERROR` | the least level written: `DEBUG`, `INFO`, `WARNING`, `ERROR`, `CRITICAL` |
//! | `LUMOS_LOG_DIRECTORY` | `./logs` | folder of the log file, made when there is something to log |
//! | `LUMOS_LOG_TO_STDOUT` | `False` | `true` writes to stderr instead of a file (the name is older than the rule) |
//! | `LUMOS_ADDITIONAL_REDACTED_LOG_KEYS` | | more keys whose values are never logged, with commas between them |

mod arguments;
mod environment;
mod line;
mod panic;

use tracing_subscriber::layer::SubscriberExt;

pub(crate) use arguments::log as arguments;
pub(crate) use environment::LogSettings;

use crate::failure::Failure;

/// Reads the environment and begins to log.
pub(crate) fn start(app_id: &str) -> Result<LogSettings, Failure> {
    let settings = LogSettings::from_environment()?;
    panic::quiet();
    if let Some(level) = settings.level {
        let subscriber =
            tracing_subscriber::registry().with(line::LineLayer::new(level, settings.destination(app_id)));
        // A subscriber that is already there is the caller's choice.
        let _ = tracing::subscriber::set_global_default(subscriber);
    }
    Ok(settings)
}
