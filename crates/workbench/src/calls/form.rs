//! The page of one capability, and its request.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State as Extracted};
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse as _, Response};
use lumos_connection::{CallRequest, ConnectorInfo, InfoSource};
use lumos_connector_types::json::Json;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::answer::{self, Outcome, Pages};
use super::copy;
use super::exchanges::{Exchanges, Recorder};
use crate::connection::entry::Entry;
use crate::connection::{entry, form_value, frame};
use crate::form::draw::{Secrets, draw};
use crate::form::read::{Filled, read};
use crate::form::{Field, fields};
use crate::page::PageError;
use crate::server::state::State;

pub(super) async fn show(
    Extracted(state): Extracted<Arc<State>>,
    Path((number, capability)): Path<(usize, String)>,
) -> Result<Html<String>, PageError> {
    let entry = entry(&state, number)?;
    let info = entry.info().await?;
    page(&state, number, &entry, &info, &capability, &html! { div id="answer" aria-live="polite" {} })
}

fn page(
    state: &State,
    number: usize,
    entry: &Entry,
    info: &ConnectorInfo,
    capability: &str,
    answer: &Markup,
) -> Result<Html<String>, PageError> {
    if !info.has(capability) {
        return Err(PageError::missing("capability"));
    }
    let fields = request_fields(info, capability);
    let help = help(info, capability);
    let href = format!("connections/{number}/calls/{capability}");
    let content = html! {
        @if !help.is_empty() { p { (help) } }
        form id="call" method="post" action=(href) hx-post=(href) hx-target="#answer" hx-select="#answer" hx-swap="outerHTML" hx-disabled-elt="find button" autocomplete="off" {
            div.field {
                label for="as" { "Request" }
                select id="as" name="as" data-chooses="" { option value="form" { "as a form" } option value="json" { "as JSON" } }
            }
            div data-choice-of="as" data-choice="form" {
                @if fields.is_empty() { p.dim { "The request has no fields." } }
                (draw(&fields, "request", &Value::Null, Secrets::Typed))
            }
            div.field data-choice-of="as" data-choice="json" {
                label for="json" { "Payload, as JSON" }
                textarea.code id="json" name="json" rows="8" { (example(&fields)) }
            }
            details {
                summary { "Page, raw data, HTTP exchanges" }
                div.field { label for="size" { "Rows of a page" } input id="size" name="size" type="number" min="1" step="1"; }
                div.field { label for="token" { "Page token" } input id="token" name="token" type="text" autocomplete="off"; }
                div.field { label for="raw" { "The app's own answers" } select id="raw" name="raw" { option value="" { "no" } option value="yes" { "yes" } } }
                div.field { label for="record" { "HTTP exchanges with the app" } select id="record" name="record" { option value="yes" { "recorded, where the connector can" } option value="no" { "not recorded" } } }
            }
            div.actions { button.main type="submit" { "Run" } }
        }
        (answer)
    };
    let frame = frame(state, number, entry, capability.to_owned(), "/calls")
        .below(format!("connections/{number}/calls"), "Calls");
    Ok(frame.page(&content))
}

fn request_fields(info: &ConnectorInfo, capability: &str) -> Vec<Field> {
    let Some(schema) = info.info.capability_schema.get(capability) else { return Vec::new() };
    let root = match info.source {
        InfoSource::AppInfo => json!({"components": form_value(&info.components)}),
        _ => Value::Null,
    };
    fields(&form_value(&schema.argument), &root)
}

fn help(info: &ConnectorInfo, capability: &str) -> String {
    let schema = info.info.capability_schema.get(capability);
    let argument = schema.map(|schema| form_value(&schema.argument)).unwrap_or_default();
    let text = schema.and_then(|schema| schema.description.clone());
    let text = text.unwrap_or_else(|| argument["description"].as_str().unwrap_or_default().to_owned());
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A payload with every required field, to be filled in.
fn example(fields: &[Field]) -> String {
    let members: serde_json::Map<String, Value> = fields
        .iter()
        .filter(|field| field.is_required)
        .map(|field| (field.name.clone(), field.default.clone().unwrap_or_else(|| json!(""))))
        .collect();
    serde_json::to_string_pretty(&members).unwrap_or_default()
}

pub(super) async fn run(
    Extracted(state): Extracted<Arc<State>>,
    Path((number, capability)): Path<(usize, String)>,
    headers: HeaderMap,
    Form(filled): Form<Filled>,
) -> Result<Response, PageError> {
    let entry = entry(&state, number)?;
    let info = entry.info().await?;
    if !info.has(&capability) {
        return Err(PageError::missing("capability"));
    }
    let told = match request(&info, &capability, &filled) {
        Err(problem) => {
            html! { div id="answer" aria-live="polite" { p.notice.bad role="alert" { (problem) } } }
        }
        Ok((payload, pages, size)) => {
            let position = entry.log_position();
            let mut request = CallRequest::new(Json::from(payload.clone()));
            if let Some(token) = pages.token() {
                request = request.page_token(token.to_owned());
            }
            if let Some(size) = size {
                request = request.page_size(size);
            }
            if filled.get("raw").is_some_and(|raw| raw == "yes") {
                request = request.include_raw_data();
            }
            let connection = entry.open().await?;
            let recorder = match filled.get("record").map(String::as_str) {
                Some("no") => Err(Exchanges::NotWanted),
                _ => Recorder::new(&entry, &connection).await,
            };
            if let Ok(recorder) = &recorder {
                request = request.record(recorder.file());
            }
            let started = std::time::Instant::now();
            let result = connection.call(&capability, request).await;
            let elapsed = started.elapsed();
            let exchanges = recorder.map_or_else(|none| none, |recorder| recorder.read(&connection));
            let copies = copy::copies(&entry, &capability, &payload, &pages, size);
            let log = entry.log_since(position);
            let outcome = Outcome { elapsed, log, exchanges, pages, copies, result };
            answer::draw(&outcome)
        }
    };
    if headers.contains_key("hx-request") {
        return Ok(Html(told.into_string()).into_response());
    }
    Ok(page(&state, number, &entry, &info, &capability, &told)?.into_response())
}

/// The payload, the page, and its size.
fn request(
    info: &ConnectorInfo,
    capability: &str,
    filled: &Filled,
) -> Result<(Value, Pages, Option<u32>), String> {
    let text = |name: &str| filled.get(name).map(|text| text.trim()).unwrap_or_default();
    let payload = if text("as") == "json" {
        let text = if text("json").is_empty() { "{}" } else { text("json") };
        serde_json::from_str(text).map_err(|error| {
            format!("Payload: is not JSON at line {} column {}.", error.line(), error.column())
        })?
    } else {
        let fields = request_fields(info, capability);
        let members = read(&fields, "request", filled, &Value::Null, Secrets::Typed);
        Value::Object(members.map_err(|wrong| format!("{wrong}."))?)
    };
    let size = match text("size") {
        "" => None,
        size => Some(size.parse().map_err(|_| "Rows of a page: expected a number from 1 on.".to_owned())?),
    };
    Ok((payload, Pages::read(filled), size))
}
