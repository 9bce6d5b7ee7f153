//! From a request to its answer.

use lumos_connector_core::error::{ConnectorError, Result, TransportError, TransportFailure};
use reqwest::{Request, Response};

use super::answer::HttpAnswer;
use super::client::{HttpClient, Inner};
use crate::failure::transport_error;
use crate::log::Upstream;

/// Sends a request within the caller's time.
pub(super) async fn send(client: HttpClient, request: Request) -> Result<HttpAnswer> {
    attempt(&client, request).await
}

async fn attempt(client: &HttpClient, mut request: Request) -> Result<HttpAnswer> {
    let inner = client.inner();
    let left = inner.deadline.saturating_duration_since(inner.clock.now());
    if left.is_zero() {
        return Err(ConnectorError::budget_exhausted(
            "The time of this call was over before the app could be asked",
        )
        .retry_after_seconds(0));
    }
    *request.timeout_mut() = Some(inner.timeout.min(left));
    let method = request.method().clone();
    let url = request.url().clone();
    let log = Upstream::begin(&request);
    if let Some(login) = &inner.login {
        login.authorize(&mut request)?;
    }
    let answered = async {
        let response = inner.route.send(&inner.reqwest, request).await?;
        let status = response.status();
        let headers = response.headers().clone();
        let body = body(inner, response).await?;
        Ok(HttpAnswer { client: client.clone(), method, url, status, headers, body })
    };
    let answered: Result<HttpAnswer> = answered.await;
    match &answered {
        Ok(answer) => log.answered(answer.status, &answer.headers, &answer.body),
        Err(error) => log.failed(error),
    }
    answered
}

/// The body, within its bound. Of an error only as much is read as can be of interest.
async fn body(inner: &Inner, mut response: Response) -> Result<Vec<u8>> {
    const MAX_ERROR_BYTES: usize = 256 * 1024;
    let bound = inner.max_answer_bytes;
    let is_error = !response.status().is_success();
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    if announced > bound && !is_error {
        return Err(too_large(bound));
    }
    let mut body = Vec::with_capacity(announced.min(bound));
    while let Some(chunk) = response.chunk().await.map_err(transport_error)? {
        if body.len() + chunk.len() > bound && !is_error {
            return Err(too_large(bound));
        }
        body.extend_from_slice(&chunk);
        if is_error && body.len() >= MAX_ERROR_BYTES {
            body.truncate(MAX_ERROR_BYTES);
            break;
        }
    }
    Ok(body)
}

fn too_large(bound: usize) -> ConnectorError {
    TransportError::new(TransportFailure::TooLarge, format!("the app answered more than {bound} bytes"))
        .into()
}
