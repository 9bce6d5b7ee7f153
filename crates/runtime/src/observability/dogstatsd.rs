//! DogStatsD metrics with the reference's names, tags and units.
//!
//! Times have the type `ms` and are written in seconds, as the reference writes them: connectors of both SDKs stand on
//! one dashboard. A statsd library would round them to whole milliseconds, so the few lines are written here.
//!
//! The reference's metrics of its cache of executors are not sent: there is no such cache.

use std::env;
use std::fmt::Write as _;
use std::net::UdpSocket;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use lumos_connector_core::observation::{Observation, ObservedFailure, Stage};

const PREFIX: &str = "integrations.connector.capability.executor";

/// How long nothing is sent after nobody listened.
const PAUSE: Duration = Duration::from_secs(10);

/// Sends metrics over UDP: nothing is waited for, nothing is kept, and whether anybody listens does not matter.
pub(super) struct DogStatsd {
    socket: UdpSocket,
    app_id: String,
    started: Instant,
    /// Milliseconds after the start until which nothing is sent.
    muted_until: AtomicU64,
}

impl DogStatsd {
    /// Off on-premise (`LUMOS_AGENT_IDENTIFIER`) and with `DD_DOGSTATSD_DISABLE`. The agent is where `DD_AGENT_HOST` and
    /// `DD_DOGSTATSD_PORT` say.
    pub(super) fn from_environment(app_id: &str) -> Option<Self> {
        let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let disabled = variable("DD_DOGSTATSD_DISABLE");
        if variable("LUMOS_AGENT_IDENTIFIER").is_some()
            || disabled.is_some_and(|value| ["True", "true", "yes", "1"].contains(&value.as_str()))
        {
            return None;
        }
        let host = variable("DD_AGENT_HOST").unwrap_or_else(|| "127.0.0.1".to_owned());
        let port = variable("DD_DOGSTATSD_PORT").and_then(|port| port.parse().ok()).unwrap_or(8125);
        Self::to((host.as_str(), port), app_id).ok()
    }

    fn to(agent: (&str, u16), app_id: &str) -> std::io::Result<Self> {
        let socket = UdpSocket::bind(("0.0.0.0", 0))?;
        socket.connect(agent)?;
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket,
            app_id: app_id.to_owned(),
            started: Instant::now(),
            muted_until: AtomicU64::new(0),
        })
    }

    pub(super) fn call_ended(&self, observation: &Observation) {
        let mut metrics = Metrics::of(&self.app_id, observation.capability);
        metrics.add("calls", 1, "c");
        metrics.add("request.bytes", observation.request_bytes, "d");
        metrics.time("request.parse.latency_ms", observation.reading);
        if let Some(time) = observation.checking_settings {
            metrics.time("settings.validate.latency_ms", time);
        }
        if let Some(time) = observation.executing {
            metrics.time("execute.latency_ms", time);
        }
        if let Some(failure) = &observation.failure {
            metrics.failure(failure);
        }
        self.send(&metrics.text);
    }

    pub(super) fn serialised(&self, capability: &str, time: Duration, bytes: usize) {
        let mut metrics = Metrics::of(&self.app_id, capability);
        metrics.time("response.serialization", time);
        metrics.add("response.bytes", bytes, "d");
        self.send(&metrics.text);
    }

    fn send(&self, text: &str) {
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        if now < self.muted_until.load(Ordering::Relaxed) {
            return;
        }
        // The system tells with one datagram that nobody took the one before.
        if self.socket.send(text.as_bytes()).is_err() {
            let pause = u64::try_from(PAUSE.as_millis()).unwrap_or(u64::MAX);
            self.muted_until.store(now.saturating_add(pause), Ordering::Relaxed);
        }
    }
}

/// The metrics of one datagram.
struct Metrics<'a> {
    text: String,
    app_id: &'a str,
    capability: &'a str,
}

impl<'a> Metrics<'a> {
    fn of(app_id: &'a str, capability: &'a str) -> Self {
        Self { text: String::with_capacity(1024), app_id, capability }
    }

    fn add(&mut self, name: &str, value: impl std::fmt::Display, kind: &str) {
        let Self { text, app_id, capability } = self;
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{PREFIX}.{name}:{value}|{kind}|#app_id:{app_id},capability:{capability}");
    }

    fn time(&mut self, name: &str, time: Duration) {
        self.add(name, time.as_secs_f64(), "ms");
    }

    /// The reference counts no errors of authentication.
    fn failure(&mut self, failure: &ObservedFailure) {
        let stage = match failure.stage {
            Stage::Parsing => "parsing",
            Stage::Authentication => return,
            Stage::SettingsValidation => "settings_validation",
            Stage::Execution => "execution",
        };
        let code = failure.raised_by.map_or_else(|| "invalid".to_owned(), snake_case);
        self.add("errors", 1, "c");
        self.text.truncate(self.text.trim_end().len());
        let _ = writeln!(self.text, ",stage:{stage},error_code:{code}");
    }
}

/// `NotFoundError` as `not_found_error`.
fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    let mut before = '_';
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && before != '_' && !before.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
        before = letter;
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;
    use lumos_connector_core::Integration;
    use lumos_connector_core::host::Host;
    use std::sync::{Arc, Mutex};

    #[test]
    fn names_are_written_as_the_reference_writes_them() {
        assert_eq!(snake_case("NotFoundError"), "not_found_error");
        assert_eq!(snake_case("HTTPError"), "httperror");
    }

    /// An observer that hands its observation on.
    struct Keep(Arc<Mutex<Vec<Observation>>>);

    impl lumos_connector_core::observation::Observer for Keep {
        fn call_ended(&self, observation: &Observation) {
            self.0.lock().unwrap().push(observation.clone());
        }
    }

    #[tokio::test]
    async fn a_call_is_one_datagram_in_the_form_of_the_reference() {
        let agent = UdpSocket::bind("127.0.0.1:0").unwrap();
        let dogstatsd = DogStatsd::to(("127.0.0.1", agent.local_addr().unwrap().port()), "acme").unwrap();
        let integration = Integration::builder("acme", "1.0.0").build().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let host = Host::builder().observer(Keep(Arc::clone(&seen))).build();
        integration.dispatch(&host, "app_info", r#"{"request":{}}"#).await;
        integration.dispatch(&host, "app_info", "{").await;
        let observations = seen.lock().unwrap().clone();

        let datagram = |observation| {
            dogstatsd.call_ended(observation);
            let mut buffer = [0; 2048];
            let length = agent.recv(&mut buffer).unwrap();
            String::from_utf8(buffer[..length].to_vec()).unwrap()
        };
        let good = datagram(&observations[0]);
        let names: Vec<_> = good.lines().map(|line| line.split([':', '|']).next().unwrap()).collect();
        let short: Vec<_> = names
            .iter()
            .map(|name| name.strip_prefix("integrations.connector.capability.executor.").unwrap())
            .collect();
        assert_eq!(
            short,
            [
                "calls",
                "request.bytes",
                "request.parse.latency_ms",
                "settings.validate.latency_ms",
                "execute.latency_ms"
            ]
        );
        assert!(good.contains("executor.request.bytes:14|d|#app_id:acme,capability:app_info\n"), "{good}");
        let bad = datagram(&observations[1]);
        assert!(
            bad.ends_with(
                "executor.errors:1|c|#app_id:acme,capability:app_info,stage:parsing,error_code:invalid\n"
            ),
            "{bad}"
        );
    }
}
