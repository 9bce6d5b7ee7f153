//! Traces and metrics over OTLP, for any collector of OpenTelemetry.
//!
//! They are on when `OTEL_EXPORTER_OTLP_ENDPOINT` (or that of traces or metrics alone) says where to send them; the other
//! variables of the specification (headers, timeout, sampling, resource) count too. A call is a span, and so is each of
//! its requests to the app.

use std::env;
use std::fmt;
use std::time::Duration;

use lumos_connector_core::Integration;
use lumos_connector_core::observation::Observation;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, MeterProvider};
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{MetricExporter, SpanExporter};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use crate::failure::Failure;

const SCOPE: &str = "lumos_connector";

/// Any of these turns it on.
const ENDPOINTS: [&str; 3] = [
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
];

/// Spans of what sends spans.
const OWN: [&str; 5] = ["opentelemetry", "hyper", "reqwest", "h2", "rustls"];

/// For sending what waits when the process ends.
const LAST_PATIENCE: Duration = Duration::from_secs(3);

/// Sends traces and metrics.
#[derive(Clone)]
pub(crate) struct Telemetry {
    traces: SdkTracerProvider,
    metrics: SdkMeterProvider,
    calls: Counter<u64>,
    seconds: Histogram<f64>,
}

impl Telemetry {
    pub(crate) fn from_environment(integration: &Integration) -> Result<Option<Self>, Failure> {
        if ENDPOINTS.iter().all(|name| env::var_os(name).is_none_or(|value| value.is_empty())) {
            return Ok(None);
        }
        // An error says that a provider of cryptography is there, which is all that is needed.
        let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
        let spans = SpanExporter::builder().with_http().build().map_err(|error| refused(&error))?;
        let metrics = MetricExporter::builder().with_http().build().map_err(|error| refused(&error))?;
        let resource = Resource::builder()
            .with_service_name(integration.app_id().to_owned())
            .with_attribute(KeyValue::new("service.version", integration.version().to_owned()))
            .build();
        let traces =
            SdkTracerProvider::builder().with_resource(resource.clone()).with_batch_exporter(spans).build();
        let metrics =
            SdkMeterProvider::builder().with_resource(resource).with_periodic_exporter(metrics).build();
        let meter = metrics.meter(SCOPE);
        Ok(Some(Self {
            calls: meter.u64_counter("connector.calls").with_description("Calls that have ended").build(),
            seconds: meter
                .f64_histogram("connector.call.duration")
                .with_unit("s")
                .with_description("Seconds that calls took")
                .build(),
            traces,
            metrics,
        }))
    }

    /// Makes traces of spans.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let is_shown = |metadata: &Metadata<'_>| {
            *metadata.level() <= tracing::Level::INFO
                && !OWN.iter().any(|own| metadata.target().starts_with(own))
        };
        let filter = filter_fn(is_shown).with_max_level_hint(LevelFilter::INFO);
        tracing_opentelemetry::layer().with_tracer(self.traces.tracer(SCOPE)).with_filter(filter)
    }

    pub(crate) fn call_ended(&self, observation: &Observation) {
        let code = observation.failure.as_ref().map_or("ok", |failure| failure.code.as_str());
        let capability = KeyValue::new("capability", observation.capability);
        self.seconds.record(observation.total().as_secs_f64(), std::slice::from_ref(&capability));
        self.calls.add(1, &[capability, KeyValue::new("code", code)]);
    }

    /// Sends what waits, but not for long.
    pub(crate) fn flush(&self) {
        let (alive, done) = std::sync::mpsc::channel::<()>();
        let telemetry = self.clone();
        // The exporter of metrics knows no deadline of ours.
        std::thread::spawn(move || {
            // What cannot be sent now never will be.
            let _ = telemetry.traces.shutdown();
            let _ = telemetry.metrics.shutdown();
            drop(alive);
        });
        let _ = done.recv_timeout(LAST_PATIENCE);
    }
}

fn refused(error: &dyn fmt::Display) -> Failure {
    Failure::new(format!("cannot send traces and metrics: {error}"))
        .advice("OTEL_EXPORTER_OTLP_ENDPOINT is an address such as http://localhost:4318")
}
