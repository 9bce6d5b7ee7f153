//! What the process around a connector gives to it.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use lumos_connector_types::secret::Secret;

use super::clock::{Clock, SharedClock};
use super::observation::Observer;
use super::recording::{HttpMode, Recorder, Replay};
use super::token_exchange::TokenExchange;
use crate::declaration::error::TransportError;

/// What the process gives to the calls of a connector: a clock, ways to send requests, observers. Cheap to clone.
///
/// `Host::default()` has the system's clock and nothing else; programs that run connectors build theirs.
///
/// ```
/// use lumos_connector_core::host::Host;
/// use lumos_connector_core::observation::{Observation, Observer};
///
/// struct Counter;
///
/// impl Observer for Counter {
///     fn call_ended(&self, _: &Observation) {}
/// }
///
/// let host = Host::builder().observer(Counter).build();
/// # let _ = host;
/// ```
#[derive(Clone)]
pub struct Host(Arc<Parts>);

struct Parts {
    clock: SharedClock,
    transport: Option<Box<dyn Transport>>,
    token_exchange: Option<Arc<dyn TokenExchange>>,
    log_delivery: Option<Arc<dyn LogDelivery>>,
    observers: Vec<Box<dyn Observer>>,
}

/// How requests leave the process. What it is, the client knows: this crate only hands it through.
pub trait Transport: Any + Send + Sync {}

impl Host {
    /// Begins a host with the system's clock and nothing else.
    pub fn builder() -> HostBuilder {
        HostBuilder::default()
    }

    /// The clock of calls.
    #[must_use]
    pub fn clock(&self) -> &SharedClock {
        &self.0.clock
    }

    /// How requests leave the process, when it is of this type.
    #[must_use]
    pub fn transport<T: Transport>(&self) -> Option<&T> {
        let transport: &dyn Any = self.0.transport.as_deref()?;
        transport.downcast_ref()
    }

    /// What sends requests to token endpoints.
    #[must_use]
    pub fn token_exchange(&self) -> Option<&dyn TokenExchange> {
        self.0.token_exchange.as_deref()
    }

    /// What sends critical log lines.
    #[must_use]
    pub fn log_delivery(&self) -> Option<&Arc<dyn LogDelivery>> {
        self.0.log_delivery.as_ref()
    }

    /// The observers of calls, in the order of their registration.
    pub(crate) fn observers(&self) -> impl Iterator<Item = &dyn Observer> {
        self.0.observers.iter().map(AsRef::as_ref)
    }
}

impl Default for Host {
    fn default() -> Self {
        Self::builder().build()
    }
}

/// A host in the making; see [`Host::builder`].
#[must_use = "a host is made by `build()`"]
#[derive(Default)]
pub struct HostBuilder {
    clock: Option<SharedClock>,
    transport: Option<Box<dyn Transport>>,
    token_exchange: Option<Arc<dyn TokenExchange>>,
    log_delivery: Option<Arc<dyn LogDelivery>>,
    observers: Vec<Box<dyn Observer>>,
    proxy: Option<ProxyMode>,
    http_mode: Option<SetHttpMode>,
}

type SetHttpMode = Box<dyn FnOnce(HostBuilder, HttpMode) -> HostBuilder + Send>;
type ProxyMode = Box<dyn FnOnce(HostBuilder) -> HostBuilder + Send>;

impl HostBuilder {
    /// Sets the clock of calls, in place of the system's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Some(SharedClock::of(clock));
        self
    }

    /// Sets how requests leave the process.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Box::new(transport));
        self
    }

    /// Sets what sends requests to token endpoints.
    pub fn token_exchange(mut self, exchange: impl TokenExchange + 'static) -> Self {
        self.token_exchange = Some(Arc::new(exchange));
        self
    }

    /// Sets what sends critical log lines.
    pub fn log_delivery(mut self, delivery: impl LogDelivery + 'static) -> Self {
        self.log_delivery = Some(Arc::new(delivery));
        self
    }

    /// Adds an observer of calls.
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.observers.push(Box::new(observer));
        self
    }

    /// Sets what [`use_proxy`](Self::use_proxy) changes: how requests go through Lumos's proxy (contract §11).
    pub fn proxy_mode(mut self, turn_on: impl FnOnce(Self) -> Self + Send + 'static) -> Self {
        self.proxy = Some(Box::new(turn_on));
        self
    }

    /// Sends all requests through the proxy.
    ///
    /// # Errors
    /// When nobody has set a [`proxy_mode`](Self::proxy_mode).
    pub fn use_proxy(mut self) -> Result<Self, NoProxyMode> {
        let turn_on = self.proxy.take().ok_or(NoProxyMode)?;
        Ok(turn_on(self))
    }

    /// Sets what [`record_http`](Self::record_http) and [`replay_http`](Self::replay_http) change.
    pub fn http_mode(mut self, set: impl FnOnce(Self, HttpMode) -> Self + Send + 'static) -> Self {
        self.http_mode = Some(Box::new(set));
        self
    }

    /// Keeps the requests to the app and their answers. It comes after [`use_proxy`](Self::use_proxy).
    ///
    /// # Errors
    /// When nobody has set an [`http_mode`](Self::http_mode).
    pub fn record_http(self, recorder: Recorder) -> Result<Self, NoHttpMode> {
        self.set_http_mode(HttpMode::Record(recorder))
    }

    /// Answers the requests to the app from a recording.
    ///
    /// # Errors
    /// When nobody has set an [`http_mode`](Self::http_mode).
    pub fn replay_http(self, replay: Replay) -> Result<Self, NoHttpMode> {
        self.set_http_mode(HttpMode::Replay(replay))
    }

    fn set_http_mode(mut self, mode: HttpMode) -> Result<Self, NoHttpMode> {
        let set = self.http_mode.take().ok_or(NoHttpMode)?;
        Ok(set(self, mode))
    }

    /// How requests leave the process as set so far, when it is of this type.
    #[must_use]
    pub fn current_transport<T: Transport>(&self) -> Option<&T> {
        let transport: &dyn Any = self.transport.as_deref()?;
        transport.downcast_ref()
    }

    /// What sends critical log lines, as set so far.
    #[must_use]
    pub fn current_log_delivery(&self) -> Option<&Arc<dyn LogDelivery>> {
        self.log_delivery.as_ref()
    }

    /// The host. It does not change any more.
    #[must_use]
    pub fn build(self) -> Host {
        Host(Arc::new(Parts {
            clock: self.clock.unwrap_or_else(SharedClock::system),
            transport: self.transport,
            token_exchange: self.token_exchange,
            log_delivery: self.log_delivery,
            observers: self.observers,
        }))
    }
}

/// The connector was built without proxy mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("this connector was built without proxy mode: the feature `proxy` of the SDK")]
pub struct NoProxyMode;

/// The host sends no HTTP requests that could be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("this connector's host does not send HTTP requests by the SDK's client, so none can be recorded")]
pub struct NoHttpMode;

/// Sends critical log lines to Lumos (contract §9).
pub trait LogDelivery: Send + Sync {
    /// Posts one line to where critical logs are collected. It is not tried again.
    fn deliver(&self, line: CriticalLine) -> BoxFuture<'static, Result<(), TransportError>>;
}

/// One line, with where it goes and who sends it.
#[derive(Clone)]
#[non_exhaustive]
pub struct CriticalLine {
    /// Where lines are posted.
    pub url: String,
    /// The key that authorises the agent.
    pub api_key: Secret,
    /// Which agent sends the line.
    pub agent_identifier: String,
    /// The line, without its end.
    pub line: String,
}

impl CriticalLine {
    /// A line.
    #[must_use]
    pub fn new(url: String, api_key: Secret, agent_identifier: String, line: String) -> Self {
        Self { url, api_key, agent_identifier, line }
    }
}

impl fmt::Debug for CriticalLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CriticalLine")
            .field("url", &self.url)
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("observers", &self.0.observers.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for HostBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostBuilder").field("observers", &self.observers.len()).finish_non_exhaustive()
    }
}
