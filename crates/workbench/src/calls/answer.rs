//! What came back from a call.

use std::time::Duration;

use lumos_connection::{Answer, CallError};
use maud::{Markup, html};
use serde_json::Value;

use super::copy::Copies;
use super::exchanges::{self, Exchanges};
use crate::form::read::Filled;
use crate::page::text::{counted, duration, grouped};
use crate::tenant::{cell, columns};

/// Rows of an answer that are shown in a table, and bytes of its JSON.
const ROWS: usize = 500;
const BYTES: usize = 200_000;

/// Names of members whose texts are not shown: tokens and the like, which some capabilities answer.
const SECRET: &[&str] = &["token", "secret", "password", "code_verifier", "private_key", "api_key"];

/// The pages that were gone through: their tokens, the first of which is none.
#[derive(Debug, Clone, Default)]
pub(super) struct Pages {
    before: Vec<String>,
    token: Option<String>,
}

impl Pages {
    pub(super) fn read(filled: &Filled) -> Self {
        let text = |name: &str| filled.get(name).filter(|text| !text.is_empty());
        let mut before: Vec<String> =
            text("before").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        match filled.get("step").map(String::as_str) {
            Some("next") => {
                before.push(text("here").cloned().unwrap_or_default());
                Self { before, token: text("next").cloned() }
            }
            Some("previous") => {
                let token = before.pop().filter(|token| !token.is_empty());
                Self { before, token }
            }
            _ => Self { before: Vec::new(), token: text("token").cloned() },
        }
    }

    pub(super) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }
}

/// A call that was made.
pub(super) struct Outcome {
    pub(super) elapsed: Duration,
    pub(super) log: Vec<String>,
    pub(super) exchanges: Exchanges,
    pub(super) pages: Pages,
    pub(super) copies: Copies,
    pub(super) result: Result<Answer, CallError>,
}

pub(super) fn draw(outcome: &Outcome) -> Markup {
    html! {
        div id="answer" aria-live="polite" {
            h2 { "Answer" }
            @match &outcome.result {
                Ok(answer) => (answered(outcome, answer))
                Err(error) => (failed(outcome, error))
            }
            @if !outcome.log.is_empty() {
                details {
                    summary { (counted(outcome.log.len() as u64, "line", "lines")) " of the log" }
                    pre tabindex="0" { code { @for line in &outcome.log { (line) "\n" } } }
                }
            }
            (exchanges::draw(&outcome.exchanges))
            (copies(&outcome.copies, outcome.exchanges.recording()))
        }
    }
}

fn answered(outcome: &Outcome, answer: &Answer) -> Markup {
    let mut response: Value = serde_json::from_str(answer.response.text()).unwrap_or_default();
    hide(&mut response);
    let rows = rows(&response);
    let next = answer.end.next_token();
    let envelope = envelope(answer, &response);
    html! {
        p role="status" {
            span.mark.good { "answered" } " in " (duration(answer.end.elapsed)) " of the connector, " (duration(outcome.elapsed)) " in all, "
            (grouped(answer.end.bytes)) " bytes"
            @if let Some((name, rows)) = &rows { ", " (counted(rows.len() as u64, "row", "rows")) @if !name.is_empty() { " in " code { (name) } } }
            "."
        }
        (pager(outcome, next))
        @if let Some((_, rows)) = &rows { (table(rows)) }
        details open[rows.is_none()] { summary { "JSON" } pre tabindex="0" { code { (envelope) } } }
    }
}

/// The lists of a payload: itself, or its first member that is one.
fn rows(response: &Value) -> Option<(String, &Vec<Value>)> {
    match response {
        Value::Array(rows) => Some((String::new(), rows)),
        Value::Object(members) => {
            members.iter().find_map(|(name, member)| Some((name.clone(), member.as_array()?)))
        }
        _ => None,
    }
}

fn table(rows: &[Value]) -> Markup {
    let columns = columns(rows);
    html! {
        @if !columns.is_empty() {
            div.scroll role="region" aria-label="Rows of the answer" tabindex="0" {
                table {
                    thead { tr { @for column in &columns { th { (column) } } } }
                    tbody { @for row in rows.iter().take(ROWS) { tr { @for column in &columns { td { (cell(&row[*column])) } } } } }
                }
            }
            @if rows.len() > ROWS { p.dim { "The first " (ROWS) " rows." } }
        }
    }
}

fn pager(outcome: &Outcome, next: Option<&str>) -> Markup {
    let before = serde_json::to_string(&outcome.pages.before).unwrap_or_default();
    html! {
        nav.pager aria-label="Pages of the answer" {
            input form="call" type="hidden" name="before" value=(before);
            input form="call" type="hidden" name="here" value=(outcome.pages.token.as_deref().unwrap_or_default());
            @if let Some(next) = next { input form="call" type="hidden" name="next" value=(next); }
            @if !outcome.pages.before.is_empty() { button form="call" type="submit" name="step" value="previous" data-previous="" { "← Previous page" } }
            @if next.is_some() { button form="call" type="submit" name="step" value="next" data-next="" { "Next page →" } }
            span.dim { "Page " (outcome.pages.before.len() + 1) @if next.is_none() { ", the last" } }
        }
    }
}

fn failed(outcome: &Outcome, error: &CallError) -> Markup {
    let envelope = match error {
        CallError::Connector(answer) => {
            let mut value: Value = serde_json::from_str(answer.to_json().text()).unwrap_or_default();
            hide(&mut value);
            serde_json::to_string_pretty(&value).ok()
        }
        _ => None,
    };
    html! {
        p.notice.bad role="alert" { (error) }
        p.dim { span.mark.bad { (error.kind()) } " after " (duration(outcome.elapsed)) @if error.is_retryable() { ", may pass when it is tried again" } }
        @if let Some(envelope) = envelope { details open { summary { "JSON" } pre tabindex="0" { code { (envelope) } } } }
    }
}

fn envelope(answer: &Answer, response: &Value) -> String {
    let mut whole: Value = serde_json::from_str(answer.to_json().text()).unwrap_or_default();
    whole["response"] = response.clone();
    let mut raw = whole["raw_data"].take();
    hide(&mut raw);
    whole["raw_data"] = raw;
    let mut text = serde_json::to_string_pretty(&whole).unwrap_or_default();
    if text.len() > BYTES {
        let end = (0..=BYTES).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        text.truncate(end);
        text.push_str("\n… and more");
    }
    text
}

/// Replaces the texts of members that are named like secrets.
fn hide(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                let lower = name.to_lowercase();
                if member.is_string() && SECRET.iter().any(|end| lower.ends_with(end)) {
                    *member = "[REDACTED]".into();
                } else {
                    hide(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide),
        _ => {}
    }
}

fn copies(copies: &Copies, recording: Option<&str>) -> Markup {
    let test_case = recording.unwrap_or(&copies.test_case);
    html! {
        h3 { "The same call elsewhere" }
        @for (id, title, text) in [("copy-line", "Command line", copies.command_line.as_str()), ("copy-curl", "curl", copies.curl.as_str()), ("copy-case", "Test case", test_case)] {
            details {
                summary { (title) }
                @if id == "copy-case" && recording.is_some() {
                    p.dim { "The call as it was recorded. As a file in " code { "tests/recordings" } " of the connector it is a case that needs no app: " code { "recordings(\"tests/recordings\")" } " in its tests reads it." }
                }
                div.actions { button type="button" data-copy=(id) { "Copy" } }
                pre tabindex="0" { code id=(id) { (text) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tokens_in_answers_are_not_shown() {
        let mut value =
            json!({"access_token": "a", "deep": [{"client_secret": "b", "id": "c"}], "token": null});
        hide(&mut value);
        assert_eq!(
            value,
            json!({"access_token": "[REDACTED]", "deep": [{"client_secret": "[REDACTED]", "id": "c"}], "token": null})
        );
    }

    #[test]
    fn pages_go_forward_and_back() {
        let filled = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
        };
        let first = Pages::read(&filled(&[]));
        assert_eq!(first.token(), None);
        let second =
            Pages::read(&filled(&[("step", "next"), ("before", "[]"), ("here", ""), ("next", "t1")]));
        assert_eq!((second.token(), second.before.len()), (Some("t1"), 1));
        let third =
            Pages::read(&filled(&[("step", "next"), ("before", "[\"\"]"), ("here", "t1"), ("next", "t2")]));
        assert_eq!(third.before, ["", "t1"]);
        let back = Pages::read(&filled(&[("step", "previous"), ("before", "[\"\",\"t1\"]"), ("here", "t2")]));
        assert_eq!((back.token(), back.before.len()), (Some("t1"), 1));
        let start = Pages::read(&filled(&[("step", "previous"), ("before", "[\"\"]"), ("here", "t1")]));
        assert_eq!(start.token(), None);
    }
}
