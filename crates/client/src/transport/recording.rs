//! Requests that are kept with their answers, and requests that are answered from a recording.

use lumos_connector_core::error::{ConnectorError, Result, TransportError, TransportFailure};
use lumos_connector_core::recording::{
    HttpMode, RecordedAnswer, RecordedBody, RecordedExchange, RecordedHeader, RecordedRequest, Recorder,
    Replay,
};
use reqwest::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName,
    SERVER, TRANSFER_ENCODING, USER_AGENT,
};
use reqwest::{Client, Request, Response};

use super::Route;
use crate::content_coding;
use crate::failure::transport_error;

/// Bytes that an answer may have to be recorded.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// Headers that say nothing of the connector's request, or are others each time.
const NOT_ASKED: [HeaderName; 4] = [USER_AGENT, ACCEPT_ENCODING, HOST, CONTENT_LENGTH];
const VARYING: [&str; 8] = [
    "date",
    "idempotency-key",
    "traceparent",
    "tracestate",
    "x-amz-date",
    "x-correlation-id",
    "x-request-id",
    "dpop",
];

/// Headers of an answer that belong to its connection.
const OF_CONNECTION: [HeaderName; 5] =
    [CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, SERVER, TRANSFER_ENCODING];

/// Failures by the names that recordings have for them.
const FAILURES: [(TransportFailure, &str); 11] = [
    (TransportFailure::Connect, "connect"),
    (TransportFailure::ConnectTimeout, "connect_timeout"),
    (TransportFailure::PoolTimeout, "pool_timeout"),
    (TransportFailure::ReadTimeout, "read_timeout"),
    (TransportFailure::WriteTimeout, "write_timeout"),
    (TransportFailure::Read, "read"),
    (TransportFailure::Write, "write"),
    (TransportFailure::Close, "close"),
    (TransportFailure::RemoteProtocol, "remote_protocol"),
    (TransportFailure::TooLarge, "too_large"),
    (TransportFailure::Request, "request"),
];

/// Sends a request in a mode, by the route beneath.
pub(super) async fn send(
    mode: &HttpMode,
    route: &Route,
    client: &Client,
    request: Request,
) -> Result<Response> {
    match mode {
        HttpMode::Record(recorder) => record(recorder, route, client, request).await,
        HttpMode::Replay(replay) => answer(replay, &asked(&request)),
    }
}

async fn record(
    recorder: &Recorder,
    route: &Route,
    client: &Client,
    mut request: Request,
) -> Result<Response> {
    // A compressed body could not be read in the recording.
    request.headers_mut().remove(ACCEPT_ENCODING);
    let asked = asked(&request);
    let keep = |answer| recorder.keep(RecordedExchange { request: asked.clone(), answer });
    let whole = async {
        let mut response = route.send_unrecorded(client, request).await?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(transport_error)? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                let message = format!("an answer of more than {MAX_ANSWER_BYTES} bytes cannot be recorded");
                return Err(TransportError::new(TransportFailure::TooLarge, message).into());
            }
            body.extend_from_slice(&chunk);
        }
        Ok::<_, ConnectorError>((response, body))
    };
    let (response, body) = match whole.await {
        Ok(whole) => whole,
        Err(error) => {
            let failure = error.source_as::<TransportError>().map(|error| error.failure);
            keep(RecordedAnswer::Failed { failure: name(failure).to_owned() });
            return Err(error);
        }
    };
    let status = response.status();
    let mut headers = response.headers().clone();
    // Of a body in a coding that nobody asked for, what cannot be read is left to the client to refuse.
    let body = match content_coding::codings(&headers) {
        Ok(codings) => match content_coding::unpack(body.clone(), &codings, MAX_ANSWER_BYTES) {
            Ok(unpacked) => {
                headers.remove(CONTENT_ENCODING);
                headers.remove(CONTENT_LENGTH);
                unpacked
            }
            Err(_) => body,
        },
        Err(_) => body,
    };
    let content_type = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    keep(RecordedAnswer::Whole {
        status: status.as_u16(),
        body: RecordedBody::of(content_type, &body),
        headers: headers
            .iter()
            .filter(|(name, _)| !OF_CONNECTION.contains(name))
            .map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect(),
    });
    let mut answered = hyper::Response::new(body);
    *answered.status_mut() = status;
    *answered.headers_mut() = headers;
    Ok(answered.into())
}

/// A request with all headers that say something.
fn asked(request: &Request) -> RecordedRequest {
    let headers = request.headers();
    let content_type = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
    let kept = headers
        .iter()
        .filter(|(name, _)| !NOT_ASKED.contains(name) && !VARYING.contains(&name.as_str()))
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), RecordedHeader::Is(value))
        });
    RecordedRequest {
        method: request.method().as_str().to_owned(),
        path: request.url().path().to_owned(),
        query: request.url().query_pairs().into_owned().collect(),
        headers: kept.collect(),
        body: RecordedBody::of(content_type, body),
    }
}

fn name(failure: Option<TransportFailure>) -> &'static str {
    let known = FAILURES.iter().find(|(known, _)| Some(*known) == failure);
    known.map_or("request", |(_, name)| name)
}

/// How a request failed, by the name that a recording has for it.
#[must_use]
pub fn failure_of(name: &str) -> Option<TransportFailure> {
    FAILURES.iter().find(|(_, known)| *known == name).map(|(failure, _)| *failure)
}

fn answer(replay: &Replay, asked: &RecordedRequest) -> Result<Response> {
    let answer = replay
        .answer(asked)
        .ok_or_else(|| ConnectorError::internal(format!("The recording has no answer to {asked}")))?;
    let (status, headers, body) = match answer {
        RecordedAnswer::Whole { status, headers, body } => (status, headers, body),
        RecordedAnswer::Failed { failure } => {
            let failure = failure_of(&failure).unwrap_or(TransportFailure::Request);
            return Err(TransportError::new(failure, "the request failed when it was recorded, too").into());
        }
    };
    let unusable = |what: &str| ConnectorError::internal(format!("The recorded answer to {asked} {what}"));
    let body = match body {
        None => Vec::new(),
        Some(body) => {
            body.bytes().ok_or_else(|| unusable("has a body that is not text, which was not kept"))?
        }
    };
    let mut fields = HeaderMap::new();
    for (name, value) in headers {
        let field = name.parse::<HeaderName>().ok().zip(value.parse().ok());
        let (name, value) = field.ok_or_else(|| unusable("has a header that is not one of HTTP"))?;
        fields.append(name, value);
    }
    let mut answered = hyper::Response::new(body);
    *answered.status_mut() = reqwest::StatusCode::from_u16(status)
        .map_err(|_| unusable("has a status that is not one of HTTP"))?;
    *answered.headers_mut() = fields;
    Ok(answered.into())
}
