//! What operators see of calls: log lines, metrics, traces (contract §9 and §10).
//!
//! | file | what it does |
//! | --- | --- |
//! | `context` | what all log lines of a call have in common |
//! | `dogstatsd` | metrics as the reference sends them |
//! | `prometheus` | metrics of a server, for `/metrics` |
//! | `otel` | traces and metrics over OTLP, with the feature `otel` |
//! | `shipping` | critical lines sent to Lumos |

pub(crate) mod context;
mod dogstatsd;
#[cfg(feature = "otel")]
pub(crate) mod otel;
pub(crate) mod prometheus;
pub(crate) mod shipping;

use std::sync::Arc;
use std::time::Duration;

use lumos_connector_core::host::HostBuilder;
use lumos_connector_core::observation::{Observation, Observer};
use lumos_connector_core::{Answer, Call, Integration};
use tracing::Instrument;
use tracing::field::Empty;

use crate::log::Log;
use dogstatsd::DogStatsd;
use prometheus::Metrics;

/// Watches the calls of a connector.
pub(crate) struct Observability {
    app_id: String,
    logs_settings: bool,
    redacted_keys: Vec<String>,
    dogstatsd: Option<DogStatsd>,
    /// Only of a server: who calls a command counts for himself.
    pub(crate) metrics: Option<Metrics>,
    #[cfg(feature = "otel")]
    telemetry: Option<otel::Telemetry>,
}

impl Observability {
    /// What the environment and the log ask for.
    pub(crate) fn new(integration: &Integration, log: &Log, metrics: Option<Metrics>) -> Arc<Self> {
        Arc::new(Self {
            app_id: integration.app_id().to_owned(),
            logs_settings: log.settings.request_settings,
            redacted_keys: log.settings.redacted_keys.clone(),
            dogstatsd: DogStatsd::from_environment(integration.app_id()),
            metrics,
            #[cfg(feature = "otel")]
            telemetry: log.telemetry.clone(),
        })
    }

    /// A host whose calls are watched.
    pub(crate) fn watch(self: &Arc<Self>, host: HostBuilder) -> HostBuilder {
        host.observer(Watching(Arc::clone(self)))
    }

    /// The answer of a call was made into text.
    pub(crate) fn serialised(&self, capability: &str, time: Duration, bytes: usize) {
        if let Some(dogstatsd) = &self.dogstatsd {
            dogstatsd.serialised(capability, time, bytes);
        }
    }
}

/// Runs a call as a span of its own, for exporters of traces.
pub(crate) async fn traced(capability: &str, call: impl Future<Output = Answer>) -> Answer {
    let span = tracing::info_span!(
        "call",
        otel.name = capability,
        otel.kind = "server",
        otel.status_code = Empty,
        error.r#type = Empty,
    );
    let answer = call.instrument(span.clone()).await;
    if let Some(code) = answer.error_code() {
        span.record("otel.status_code", "ERROR");
        span.record("error.type", code.as_str());
    }
    answer
}

struct Watching(Arc<Observability>);

impl Observer for Watching {
    fn settings_checked(&self, call: &Call) {
        let Observability { app_id, logs_settings, redacted_keys, .. } = &*self.0;
        if *logs_settings
            && tracing::enabled!(tracing::Level::INFO)
            && let Some(settings) = call.redacted_settings(redacted_keys)
        {
            tracing::info!("{app_id}.{} request settings: {settings}", call.capability());
        }
    }

    fn call_ended(&self, observation: &Observation) {
        if let Some(dogstatsd) = &self.0.dogstatsd {
            dogstatsd.call_ended(observation);
        }
        if let Some(metrics) = &self.0.metrics {
            metrics.call_ended(observation);
        }
        #[cfg(feature = "otel")]
        if let Some(telemetry) = &self.0.telemetry {
            telemetry.call_ended(observation);
        }
        let duration_ms = observation.total().as_secs_f64() * 1000.0;
        match &observation.failure {
            None => tracing::info!(duration_ms, "{} answered", observation.capability),
            Some(failure) => {
                tracing::info!(duration_ms, error_code = %failure.code, "{} failed", observation.capability);
            }
        }
    }
}
