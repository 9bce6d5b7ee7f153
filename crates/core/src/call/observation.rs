//! What is known of a call when it has ended: the input of metrics and logs.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use lumos_connector_types::error::ConnectorErrorCode;

use super::Call;
use super::host::Host;

/// Watches the calls of a connector: the inner ones of a probe too. It must be quick and must not block.
///
/// ```
/// use lumos_connector_core::observation::{Observation, Observer};
///
/// struct Failures;
///
/// impl Observer for Failures {
///     fn call_ended(&self, observation: &Observation) {
///         if let Some(failure) = &observation.failure {
///             tracing::warn!("{} failed: {}", observation.capability, failure.code);
///         }
///     }
/// }
/// ```
pub trait Observer: Send + Sync {
    /// The settings of a call are in order, and its handler is about to run.
    fn settings_checked(&self, call: &Call) {
        let _ = call;
    }

    /// A call has ended, however it did: with an answer or an error, by a panic, at a deadline. Each call ends once.
    ///
    /// The error is the one that the caller reads. An answer in memory is not serialised yet; one whose rows are
    /// streamed has ended when its last row is written.
    fn call_ended(&self, observation: &Observation);
}

/// What was measured of one call.
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
    /// Time in the handler and, where rows are streamed, in writing them; when the call came so far.
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
    fn new(capability: &'static str, request_bytes: usize) -> Self {
        Self {
            capability,
            request_bytes,
            reading: Duration::ZERO,
            checking_settings: None,
            executing: None,
            failure: None,
        }
    }

    /// All of the time.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.reading + self.checking_settings.unwrap_or_default() + self.executing.unwrap_or_default()
    }
}

/// Measures one call step by step, and tells the observers once that it has ended.
///
/// A call that is dropped before its end has ended as well: the caller stopped waiting, which is a
/// `request_timeout`.
pub(crate) struct Measurement {
    host: Host,
    observation: Observation,
    step: Instant,
    handle: Option<CallHandle>,
    ended: bool,
}

impl Measurement {
    pub(crate) fn begin(
        host: &Host,
        handle: Option<&CallHandle>,
        capability: &'static str,
        request: &str,
    ) -> Self {
        Self {
            host: host.clone(),
            observation: Observation::new(capability, request.len()),
            step: Instant::now(),
            handle: handle.cloned(),
            ended: false,
        }
    }

    /// The time since the step before.
    fn lap(&mut self) -> Duration {
        let now = Instant::now();
        now - std::mem::replace(&mut self.step, now)
    }

    /// A part of reading the request is done.
    pub(crate) fn read(&mut self) {
        let time = self.lap();
        self.observation.reading += time;
    }

    /// The settings are checked.
    pub(crate) fn settings_checked(&mut self) {
        self.observation.checking_settings = Some(self.lap());
    }

    /// The time of the observers is not part of the handler's.
    pub(crate) fn execution_begins(&mut self) {
        self.step = Instant::now();
        self.observation.executing = Some(Duration::ZERO);
    }

    /// The call has answered.
    pub(crate) fn answered(mut self) {
        self.end();
    }

    /// The call has failed.
    pub(crate) fn failed(mut self, stage: Stage, code: ConnectorErrorCode, raised_by: Option<&'static str>) {
        self.observation.failure = Some(ObservedFailure { stage, code, raised_by });
        self.end();
    }

    fn end(&mut self) {
        self.ended = true;
        self.stop_clock();
        if self.handle.as_ref().is_none_or(CallHandle::end) {
            tell(&self.host, &self.observation);
        }
    }

    fn stop_clock(&mut self) {
        if self.observation.executing.is_some() {
            self.observation.executing = Some(self.lap());
        }
    }
}

impl Drop for Measurement {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        self.stop_clock();
        match &self.handle {
            // The holder of the handle says how the call ended.
            Some(handle) => handle.keep(self.observation.clone()),
            None => {
                self.observation.failure =
                    Some(ObservedFailure::interrupted(ConnectorErrorCode::RequestTimeout));
                tell(&self.host, &self.observation);
            }
        }
    }
}

impl ObservedFailure {
    fn interrupted(code: ConnectorErrorCode) -> Self {
        Self { stage: Stage::Execution, code, raised_by: None }
    }
}

fn tell(host: &Host, observation: &Observation) {
    host.observers().for_each(|observer| observer.call_ended(observation));
}

/// A handle to a running call, for a server that ends it at its deadline. Cheap to clone.
///
/// The call is given to [`Integration::dispatch_with`](crate::Integration::dispatch_with). When it takes too long,
/// [`Integration::interrupt`](crate::Integration::interrupt) makes the answer in its place. Whichever comes first is what
/// observers are told; they are told once.
#[derive(Clone)]
pub struct CallHandle(Arc<HandleParts>);

struct HandleParts {
    host: Host,
    capability: &'static str,
    begun: Instant,
    deadline: Option<Instant>,
    state: Mutex<State>,
}

/// How far a call with a handle has come.
enum State {
    /// It runs, or has been dropped after this was measured of it.
    Open(Option<Observation>),
    Ended,
}

impl CallHandle {
    /// A handle for one call of a capability.
    #[must_use]
    pub fn new(host: &Host, capability: &'static str) -> Self {
        Self::made(host, capability, None)
    }

    /// A handle for one call that is to be read by a deadline.
    ///
    /// Reading a request does not wait for anything, so nobody outside can end it: dispatch looks at the clock itself, and
    /// gives up with `request_timeout` when the deadline has passed. The handler is not ended by it; a caller
    /// with a deadline for the whole call interrupts it then.
    #[must_use]
    pub fn with_deadline(host: &Host, capability: &'static str, deadline: Instant) -> Self {
        Self::made(host, capability, Some(deadline))
    }

    fn made(host: &Host, capability: &'static str, deadline: Option<Instant>) -> Self {
        let state = Mutex::new(State::Open(None));
        Self(Arc::new(HandleParts { host: host.clone(), capability, begun: Instant::now(), deadline, state }))
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.0.deadline
    }

    pub(crate) fn host(&self) -> &Host {
        &self.0.host
    }

    /// The capability that is called.
    #[must_use]
    pub fn capability(&self) -> &'static str {
        self.0.capability
    }

    /// Whether this is the first end of the call.
    fn end(&self) -> bool {
        self.0.close().is_some()
    }

    fn keep(&self, observation: Observation) {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Open(measured) = &mut *state {
            *measured = Some(observation);
        }
    }

    /// Ends the call from outside, when it has not ended yet.
    pub(crate) fn interrupt(&self, code: ConnectorErrorCode) {
        self.0.interrupt(code);
    }
}

impl HandleParts {
    /// Ends the call; `None` when it has ended before, else what was measured of it.
    fn close(&self) -> Option<Option<Observation>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *state, State::Ended) {
            State::Open(measured) => Some(measured),
            State::Ended => None,
        }
    }

    fn interrupt(&self, code: ConnectorErrorCode) {
        let Some(measured) = self.close() else { return };
        let mut observation = measured.unwrap_or_else(|| {
            let executing = Some(self.begun.elapsed());
            Observation { executing, ..Observation::new(self.capability, 0) }
        });
        observation.failure = Some(ObservedFailure::interrupted(code));
        tell(&self.host, &observation);
    }
}

impl Drop for HandleParts {
    fn drop(&mut self) {
        self.interrupt(ConnectorErrorCode::RequestTimeout);
    }
}

impl fmt::Debug for CallHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallHandle").field("capability", &self.capability()).finish_non_exhaustive()
    }
}
