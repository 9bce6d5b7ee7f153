//! Metrics of a server, for `/metrics` in the text format of Prometheus (`OpenMetrics` 1.0).

use std::sync::atomic::AtomicU64;

use lumos_connector_core::Integration;
use lumos_connector_core::observation::Observation;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

/// The type of the text.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Seconds that the histogram of calls tells apart.
const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    capability: &'static str,
    /// `ok`, or the code of the error.
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Capability {
    capability: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Status {
    status: u16,
}

/// What a server counts.
pub(crate) struct Metrics {
    registry: Registry,
    calls: Family<Outcome, Counter>,
    seconds: Family<Capability, Histogram>,
    refused: Family<Status, Counter>,
    running: Gauge<u64, AtomicU64>,
    connections: Gauge<u64, AtomicU64>,
}

impl Metrics {
    pub(crate) fn new(integration: &Integration) -> Self {
        let mut registry = Registry::with_prefix("connector");
        let metrics = Self {
            calls: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            refused: Family::default(),
            running: Gauge::default(),
            connections: Gauge::default(),
            registry: Registry::default(),
        };
        let about =
            [("app_id", integration.app_id().to_owned()), ("version", integration.version().to_owned())];
        registry.register("build", "The connector", Info::new(about.to_vec()));
        registry.register("calls", "Calls that have ended", metrics.calls.clone());
        registry.register("call_duration_seconds", "Seconds that calls took", metrics.seconds.clone());
        registry.register("requests_refused", "Requests that were no call", metrics.refused.clone());
        registry.register("calls_running", "Calls that run now", metrics.running.clone());
        registry.register("connections", "Connections that are open now", metrics.connections.clone());
        Self { registry, ..metrics }
    }

    pub(super) fn call_ended(&self, observation: &Observation) {
        let capability = observation.capability;
        let code = observation.failure.as_ref().map_or("ok", |failure| failure.code.as_str());
        self.calls.get_or_create(&Outcome { capability, code }).inc();
        self.seconds.get_or_create(&Capability { capability }).observe(observation.total().as_secs_f64());
    }

    /// A request was answered with a status of HTTP's own.
    pub(crate) fn refused(&self, status: u16) {
        self.refused.get_or_create(&Status { status }).inc();
    }

    /// All metrics as text.
    pub(crate) fn text(&self, running: usize, connections: usize) -> Result<String, std::fmt::Error> {
        self.running.set(running.try_into().unwrap_or(u64::MAX));
        self.connections.set(connections.try_into().unwrap_or(u64::MAX));
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_in_the_text() {
        let integration = Integration::builder("acme", "1.2.3").build().unwrap();
        let metrics = Metrics::new(&integration);
        metrics.refused(503);
        metrics.refused(503);
        let text = metrics.text(3, 7).unwrap();
        for line in [
            r#"connector_build_info{app_id="acme",version="1.2.3"} 1"#,
            r#"connector_requests_refused_total{status="503"} 2"#,
            "connector_calls_running 3",
            "connector_connections 7",
            "# EOF",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }
}
