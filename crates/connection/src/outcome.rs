//! What an answer that was received whole says: a page, or an error.

use lumos_connector_types::error::ErrorResponse;
use lumos_connector_types::json::{Json, JsonObject};
use serde::de::DeserializeOwned;

use crate::answer::PageEnd;
use crate::error::{CallError, ErrorAnswer};
use crate::reader::Envelope;
use crate::receiver::Received;
use crate::secrets::Redactor;

/// The payload, when it was kept whole, and everything around it.
pub(crate) fn of(received: Received, redactor: &Redactor) -> Result<(Option<Json>, PageEnd), CallError> {
    let Received { envelope, elapsed, in_sink } = received;
    if envelope.is_error {
        return Err(error(&envelope, redactor));
    }
    if !envelope.has_response {
        return Err(CallError::invalid("it has no `response`".to_owned(), ""));
    }
    let end = PageEnd {
        page: part("page", envelope.page.as_ref(), redactor)?,
        rate_limit: part("rate_limit", envelope.rate_limit.as_ref(), redactor)?,
        execution_summary: part("execution_summary", envelope.execution_summary.as_ref(), redactor)?,
        raw_data: envelope.raw_data,
        members: members(envelope.members),
        rows: envelope.rows,
        bytes: envelope.bytes,
        elapsed,
        sink: in_sink,
    };
    Ok((envelope.response, end))
}

/// A part of the envelope as its type.
fn part<T: DeserializeOwned>(
    name: &str,
    value: Option<&Json>,
    redactor: &Redactor,
) -> Result<Option<T>, CallError> {
    let Some(value) = value else { return Ok(None) };
    value
        .read()
        .map(Some)
        .map_err(|error| CallError::invalid(error.inside(name).to_string(), &redactor.text(value.text())))
}

fn members(members: Vec<(String, Json)>) -> JsonObject {
    let members: indexmap::IndexMap<String, Json> = members.into_iter().collect();
    Json::new(&members).ok().and_then(|object| object.read().ok()).unwrap_or_default()
}

/// An error envelope. Connectors repeat their input in messages, so secrets are taken out of every text in it.
fn error(envelope: &Envelope, redactor: &Redactor) -> CallError {
    let null = Json::default();
    let text = format!(
        r#"{{"is_error":true,"error":{},"raw_data":{},"page":{}}}"#,
        envelope.error.as_ref().unwrap_or(&null).text(),
        envelope.raw_data.as_ref().unwrap_or(&null).text(),
        envelope.page.as_ref().unwrap_or(&null).text(),
    );
    let text = redactor.text(&text);
    match Json::from_text(text.clone()).and_then(|answer| answer.read::<ErrorResponse>()) {
        Ok(answer) => CallError::Connector(Box::new(ErrorAnswer {
            error: answer.error,
            raw_data: answer.raw_data,
            page: answer.page,
        })),
        Err(problem) => CallError::invalid(problem.to_string(), &text),
    }
}
