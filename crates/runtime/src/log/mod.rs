//! Logs: where lines go and what never appears in them (contract §9 and §10).
//!
//! | variable | default | effect |
//! | --- | --- | --- |
//! | `LUMOS_LOG_LEVEL` | `ERROR` | the least level written: `DEBUG`, `INFO`, `WARNING`, `ERROR`, `CRITICAL` |
//! | `LUMOS_LOG_DIRECTORY` | `./logs` | folder of the log file, made when there is something to log |
//! | `LUMOS_LOG_TO_STDOUT` | `False` | `true` writes to stderr instead of a file (the name is older than the rule) |
//! | `LUMOS_LOG_FORMAT` | `text` | `json` writes one object a line |
//! | `LUMOS_LOG_REQUEST_SETTINGS` | `True` | `false` leaves the settings of calls out of the log |
//! | `LUMOS_ADDITIONAL_REDACTED_LOG_KEYS` | | more keys whose values are never logged, with commas between them |

mod arguments;
mod destination;
mod environment;
mod line;
mod panic;

use std::sync::Arc;

use lumos_connector_core::Integration;
use lumos_connector_core::host::HostBuilder;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;

pub(crate) use arguments::log as arguments;
pub(crate) use environment::LogSettings;

use crate::failure::Failure;
#[cfg(feature = "otel")]
use crate::observability::otel::Telemetry;
use crate::observability::shipping::{LAST_PATIENCE, Shipper};

/// The log of a process, and its traces.
pub(crate) struct Log {
    pub(crate) settings: LogSettings,
    shipper: Option<Arc<Shipper>>,
    #[cfg(feature = "otel")]
    pub(crate) telemetry: Option<Telemetry>,
}

/// Reads the environment and begins to log.
pub(crate) fn start(integration: &Integration, host: &HostBuilder) -> Result<Log, Failure> {
    let settings = LogSettings::from_environment()?;
    panic::quiet();
    let shipper = settings.level.and_then(|_| Shipper::from_environment(host)).map(Arc::new);
    let lines = settings.level.map(|level| {
        let destination = settings.destination(integration.app_id());
        let lines = line::LineLayer::new(settings.format, destination, shipper.clone());
        lines.with_filter(LevelFilter::from_level(level))
    });
    let subscriber = tracing_subscriber::registry().with(lines);
    #[cfg(feature = "otel")]
    let telemetry = Telemetry::from_environment(integration)?;
    #[cfg(feature = "otel")]
    let subscriber = subscriber.with(telemetry.as_ref().map(Telemetry::layer));
    // A subscriber that is already there is the caller's choice.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(Log {
        settings,
        shipper,
        #[cfg(feature = "otel")]
        telemetry,
    })
}

impl Drop for Log {
    /// Waits for what is still to be sent, but not for long.
    fn drop(&mut self) {
        if let Some(shipper) = &self.shipper {
            shipper.flush(LAST_PATIENCE);
        }
        #[cfg(feature = "otel")]
        if let Some(telemetry) = &self.telemetry {
            telemetry.flush();
        }
    }
}
