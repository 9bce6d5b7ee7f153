//! What is known of a call when it has ended, for whoever counts or writes it down.

use std::time::{Duration, Instant};

use lumos_connector_types::error::ConnectorErrorCode;

use crate::call::Call;

/// Watches the calls of a connector: the inner ones of a probe too. It must be quick and must not block.
pub trait Observer: Send + Sync {
    /// The settings of a call are in order, and its handler is about to run.
    fn settings_checked(&self, call: &Call) {
        let _ = call;
    }

    /// A call has ended; its answer is not serialised yet.
    fn call_ended(&self, observation: &Observation);
}

/// One call from dispatch's point of view.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Observation {
    /// The capability.
    pub capability: &'static str,
    /// Bytes of the request.
    pub request_bytes: usize,
    /// Time to read the request and check its credentials.
    pub reading: Duration,
    /// Time to check the settings, when the call came so far.
    pub checking_settings: Option<Duration>,
    /// Time in the handler, when the call came so far.
    pub executing: Option<Duration>,
    /// What went wrong.
    pub failure: Option<ObservedFailure>,
}

/// Where and how a call failed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ObservedFailure {
    /// The step that failed.
    pub stage: Stage,
    /// The code of the error.
    pub code: ConnectorErrorCode,
    /// The class or type of the error, when the handler raised it.
    pub raised_by: Option<&'static str>,
}

/// The steps of a call (contract §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the contract has these steps and this order")]
pub enum Stage {
    /// Reading the request.
    Parsing,
    /// Checking the credentials.
    Authentication,
    /// Checking the settings.
    SettingsValidation,
    /// The handler.
    Execution,
}

impl Observation {
    pub(crate) fn new(capability: &'static str, request: &str) -> Self {
        Self {
            capability,
            request_bytes: request.len(),
            reading: Duration::ZERO,
            checking_settings: None,
            executing: None,
            failure: None,
        }
    }

    pub(crate) fn failed(&mut self, stage: Stage, code: ConnectorErrorCode, raised_by: Option<&'static str>) {
        self.failure = Some(ObservedFailure { stage, code, raised_by });
    }

    /// All of the time.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.reading + self.checking_settings.unwrap_or_default() + self.executing.unwrap_or_default()
    }
}

/// Measures one step after the other.
pub(crate) struct Steps(Instant);

impl Steps {
    pub(crate) fn begin() -> Self {
        Self(Instant::now())
    }

    /// The time since the step before.
    pub(crate) fn next(&mut self) -> Duration {
        let now = Instant::now();
        now - std::mem::replace(&mut self.0, now)
    }
}
