//! Sending critical log lines to Lumos, for whoever can send requests (contract §9).

use std::fmt;
use std::sync::Arc;

use lumos_connector_types::secret::Secret;

use crate::declaration::error::TransportError;
use crate::dispatch::handler::BoxFuture;

/// Sends log lines. A process [provides](crate::Integration::provide) it to its integration as an [`Arc`].
pub trait LogDelivery: Send + Sync {
    /// Posts one line to where critical logs are collected. It is not tried again.
    fn deliver(&self, line: CriticalLine) -> BoxFuture<Result<(), TransportError>>;
}

/// How [`Integration::provided`](crate::Integration::provided) knows it.
pub type SharedLogDelivery = Arc<dyn LogDelivery>;

/// One line, with where it goes and who sends it.
#[derive(Clone)]
#[non_exhaustive]
pub struct CriticalLine {
    /// Where lines are posted.
    pub url: String,
    /// What the agent is authorised by.
    pub api_key: Secret,
    /// Who the agent is.
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
