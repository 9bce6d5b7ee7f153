//! `validate_credentials` and `probe_integration`, told in sentences.

use std::sync::Arc;

use axum::extract::{Path, State as Extracted};
use axum::response::Html;
use lumos_connection::{CallError, CallRequest, Connection};
use maud::{Markup, html};
use serde_json::Value;

use super::{entry, frame};
use crate::page::PageError;
use crate::page::text::{counted, duration};
use crate::server::state::State;

pub(super) async fn run(
    Extracted(state): Extracted<Arc<State>>,
    Path(number): Path<usize>,
) -> Result<Html<String>, PageError> {
    let entry = entry(&state, number)?;
    let told = match entry.open().await {
        Err(error) => html! { p.notice.bad role="alert" { (error) } },
        Ok(connection) => match connection.info().await {
            Err(error) => html! { p.notice.bad role="alert" { (error) } },
            Ok(info) => html! {
                (validate(&connection).await)
                @if info.has("probe_integration") { (probe(&connection).await) }
                @else { p.dim { "The connector cannot probe itself: it does not have " code { "probe_integration" } "." } }
            },
        },
    };
    let content = html! {
        div id="trial" aria-live="polite" { (told) }
        p { a href={ "connections/" (number) } { "Back to the connection" } }
    };
    Ok(frame(&state, number, &entry, "Try it", "").page(&content))
}

async fn validate(connection: &Connection) -> Markup {
    match connection.call("validate_credentials", CallRequest::empty()).await {
        Ok(answer) => {
            let response: Value = serde_json::from_str(answer.response.text()).unwrap_or_default();
            let tenant = response["unique_tenant_id"].as_str().unwrap_or_default();
            let time = duration(answer.end.elapsed);
            if response["valid"] == true {
                html! { p.notice.good role="status" { "The credentials are valid" @if !tenant.is_empty() { ", for the tenant " strong { (tenant) } } ". It took " (time) "." } }
            } else {
                html! { p.notice.bad role="alert" { "The app does not take these credentials. It took " (time) "." } }
            }
        }
        Err(error) => failure("The credentials could not be validated", &error),
    }
}

async fn probe(connection: &Connection) -> Markup {
    let answer = match connection.call("probe_integration", CallRequest::empty()).await {
        Ok(answer) => answer,
        Err(error) => return failure("The integration could not be probed", &error),
    };
    let response: Value = serde_json::from_str(answer.response.text()).unwrap_or_default();
    let checks = response["checks"].as_array().cloned().unwrap_or_default();
    let (class, sentence) = match response["status"].as_str().unwrap_or_default() {
        "passed" => ("notice good", "Everything that was probed works."),
        "partial" => ("notice", "Some of what was probed works."),
        _ => ("notice bad", "What was probed does not work."),
    };
    html! {
        p class=(class) role="status" { (sentence) " It took " (duration(answer.end.elapsed)) "." }
        ul { @for check in &checks { li { (told(check)) } } }
    }
}

fn told(check: &Value) -> Markup {
    let text = |name: &str| check[name].as_str().unwrap_or_default();
    let what = text("check").replace('_', " ");
    let count = check["observed_count"].as_u64().unwrap_or_default();
    html! {
        strong { (what) } ": "
        @match text("status") {
            "passed" => { "works, " (counted(count, "row was seen", "rows were seen")) }
            "failed" => { "does not work" @if let Some(message) = check["error"]["message"].as_str() { ": " (message) } }
            "unsupported" => "the connector does not have it"
            "skipped" => "was not probed"
            other => (other)
        }
        @if !text("message").is_empty() { ". " (text("message")) }
    }
}

/// A call that failed, in a sentence.
pub(crate) fn failure(what: &str, error: &CallError) -> Markup {
    let advice = match error {
        CallError::Connector(answer) => answer
            .error
            .error_metadata
            .as_ref()
            .and_then(|it| it.hint.clone())
            .filter(|hint| !hint.is_empty()),
        _ => None,
    };
    html! {
        p.notice.bad role="alert" { (what) ": " (error) "." @if let Some(advice) = advice { " " (advice) } }
    }
}
