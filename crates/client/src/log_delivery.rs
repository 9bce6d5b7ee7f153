//! The requests that carry critical log lines to Lumos (contract §9).

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use lumos_connector_core::error::{ConnectorError, TransportError, TransportFailure};
use lumos_connector_core::host::{CriticalLine, LogDelivery};
use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use serde_json::json;

use crate::failure::transport_error;
use crate::token_exchange::sensitive;
use crate::transport::pool::{self, Connecting};

const AGENT: HeaderName = HeaderName::from_static("x-agent-identifier");

/// Seconds that a line may take.
const TIMEOUT_SECONDS: u64 = 60;

/// Posts critical log lines.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct HttpLogDelivery;

impl LogDelivery for HttpLogDelivery {
    fn deliver(
        &self,
        line: CriticalLine,
    ) -> Pin<Box<dyn Future<Output = Result<(), TransportError>> + Send>> {
        Box::pin(async move { post(&line).await })
    }
}

async fn post(line: &CriticalLine) -> Result<(), TransportError> {
    let unusable = |error: ConnectorError| TransportError::new(TransportFailure::Request, error.message());
    let pooled = pool::client(&Connecting::default()).map_err(unusable)?;
    if let Ok(url) = Url::parse(&line.url) {
        pooled.check(&url).map_err(unusable)?;
    }
    let agent = HeaderValue::from_str(&line.agent_identifier).map_err(|error| {
        TransportError::new(
            TransportFailure::Request,
            "the agent's identifier contains characters that a header cannot carry",
        )
        .with_source(error)
    })?;
    let body = json!({ "agent_identifier": line.agent_identifier, "log": line.line });
    let answer = pooled
        .client
        .post(&line.url)
        .timeout(Duration::from_secs(TIMEOUT_SECONDS))
        .header(AGENT, agent)
        .header(reqwest::header::AUTHORIZATION, sensitive(&format!("Bearer {}", line.api_key.expose()))?)
        .header(CONTENT_TYPE, "application/json")
        .body(body.to_string())
        .send()
        .await
        .map_err(transport_error)?;
    match answer.status() {
        status if status.is_success() => Ok(()),
        status => {
            let problem = format!("the collector of logs answered {}", status.as_u16());
            Err(TransportError::new(TransportFailure::Request, problem))
        }
    }
}
