//! The HTTP exchanges behind a call, as the connector recorded them, its secrets replaced.

use std::path::PathBuf;

use lumos_connection::Connection;
use maud::{Markup, html};
use serde_json::Value;
use tempfile::TempDir;

use crate::connection::entry::Entry;
use crate::page::text::{counted, grouped};

/// Bytes of a recording that are read, exchanges of it that are shown, and bytes of each body.
const READ: u64 = 4 << 20;
const SHOWN: usize = 100;
const BODY: usize = 4000;

/// What is known of the exchanges behind a call.
pub(super) enum Exchanges {
    NotWanted,
    /// Why there are none, as a sentence.
    None(String),
    /// The recording, as the connector wrote it and as a value.
    Recorded {
        text: String,
        recording: Value,
    },
}

impl Exchanges {
    /// The recording, as a test case of the connector.
    pub(super) fn recording(&self) -> Option<&str> {
        match self {
            Self::Recorded { text, .. } => Some(text),
            _ => None,
        }
    }
}

/// A folder of its own for the recording of one call.
pub(super) struct Recorder(TempDir);

impl Recorder {
    /// Prepares a recording; why there can be none, otherwise.
    pub(super) async fn new(entry: &Entry, connection: &Connection) -> Result<Self, Exchanges> {
        let none = |reason: &str| Exchanges::None(reason.to_owned());
        if !connection.has_program() {
            return Err(none(
                "HTTP exchanges are recorded by a program on this machine; this connector is a server at an address.",
            ));
        }
        if !entry.can_record(connection).await {
            return Err(none(
                "This connector does not record its HTTP exchanges: those built with the Rust SDK do, with --record.",
            ));
        }
        let folder = tempfile::tempdir();
        folder.map(Self).map_err(|error| none(&format!("The HTTP exchanges cannot be recorded: {error}.")))
    }

    pub(super) fn file(&self) -> PathBuf {
        self.0.path().join("recording.json")
    }

    /// Reads what was recorded. The secrets of the connection are replaced once more, though the connector has done so.
    pub(super) fn read(self, connection: &Connection) -> Exchanges {
        let Ok(metadata) = std::fs::metadata(self.file()) else {
            return Exchanges::None("The call made no HTTP request that was recorded.".to_owned());
        };
        if metadata.len() > READ {
            let bytes = grouped(metadata.len());
            return Exchanges::None(format!(
                "The recording of the HTTP exchanges has {bytes} bytes, which is too much for a page."
            ));
        }
        let read = std::fs::read_to_string(self.file()).map_err(|error| error.to_string()).and_then(|text| {
            let text = connection.redact(&text);
            let recording = serde_json::from_str(&text).map_err(|error| error.to_string())?;
            Ok(Exchanges::Recorded { text, recording })
        });
        read.unwrap_or_else(|problem| Exchanges::None(format!("The recording cannot be read: {problem}.")))
    }
}

pub(super) fn draw(exchanges: &Exchanges) -> Markup {
    let recording = match exchanges {
        Exchanges::NotWanted => return html! {},
        Exchanges::None(reason) => return html! { p.dim { (reason) } },
        Exchanges::Recorded { recording, .. } => recording,
    };
    let exchanges = recording["exchanges"].as_array().map(Vec::as_slice).unwrap_or_default();
    html! {
        details id="exchanges" {
            summary { (counted(exchanges.len() as u64, "HTTP exchange", "HTTP exchanges")) " with the app" }
            p.dim { "Secrets are replaced by the connector. The host is left out of recordings; it follows from the settings." }
            @for exchange in exchanges.iter().take(SHOWN) { (one(exchange)) }
            @if exchanges.len() > SHOWN { p.dim { "And " (grouped((exchanges.len() - SHOWN) as u64)) " more, in the test case below." } }
        }
    }
}

fn one(exchange: &Value) -> Markup {
    let (request, answer) = (&exchange["request"], &exchange["answer"]);
    let status = answer["status"].as_u64();
    let is_good = status.is_some_and(|status| status < 400);
    html! {
        details.exchange {
            summary {
                code { (text(&request["method"])) " " (url(request)) } " "
                span.mark.good[is_good].bad[!is_good] {
                    @match status { Some(status) => (status), None => (text(&answer["failure"])) }
                }
            }
            (message("Request", request))
            (message("Answer", answer))
        }
    }
}

/// Headers and body.
fn message(title: &str, message: &Value) -> Markup {
    let headers = headers(&message["headers"]);
    let body = body(&message["body"]);
    html! {
        h4 { (title) }
        @if headers.is_empty() && body.is_none() { p.dim { "No headers and no body were kept." } }
        @else {
            pre tabindex="0" { code {
                @for (name, value) in &headers { (name) ": " (value) "\n" }
                @if let Some((body, left_out)) = &body {
                    @if !headers.is_empty() { "\n" }
                    (body)
                    @if *left_out > 0 { "\n… and " (grouped(*left_out as u64)) " more bytes" }
                }
            } }
        }
    }
}

/// The path with its parameters.
fn url(request: &Value) -> String {
    let mut url = text(&request["path"]);
    for (place, pair) in request["query"].as_array().into_iter().flatten().enumerate() {
        url.push(if place == 0 { '?' } else { '&' });
        url.push_str(&text(&pair[0]));
        url.push('=');
        url.push_str(&text(&pair[1]));
    }
    url
}

/// Those of a request are by name, with the scheme alone of a login; those of an answer are pairs.
fn headers(headers: &Value) -> Vec<(String, String)> {
    let value = |header: &Value| match (header["scheme"].as_str(), header.as_str()) {
        (Some(scheme), _) => format!("{scheme} (secret)"),
        (None, Some(value)) => value.to_owned(),
        (None, None) => "(secret)".to_owned(),
    };
    match headers {
        Value::Object(members) => {
            members.iter().map(|(name, header)| (name.clone(), value(header))).collect()
        }
        Value::Array(pairs) => pairs.iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect(),
        _ => Vec::new(),
    }
}

/// A body, shortened, and how many bytes were left out.
fn body(body: &Value) -> Option<(String, usize)> {
    let (kind, value) = body.as_object()?.iter().next()?;
    let mut whole = match kind.as_str() {
        "json" => serde_json::to_string_pretty(value).unwrap_or_default(),
        "form" => {
            let fields = value.as_array().into_iter().flatten();
            let lines: Vec<_> = fields.map(|pair| format!("{}={}", text(&pair[0]), text(&pair[1]))).collect();
            lines.join("\n")
        }
        "bytes" => format!("({value} bytes that are not text)"),
        _ => text(value),
    };
    let length = whole.len();
    if length > BODY {
        let end = (0..=BODY).rev().find(|end| whole.is_char_boundary(*end)).unwrap_or_default();
        whole.truncate(end);
    }
    let left_out = length - whole.len();
    Some((whole, left_out))
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_long_body_is_shortened_at_a_character() {
        let text = "é".repeat(BODY);
        let (shown, left_out) = body(&json!({"text": text})).unwrap();
        assert_eq!((shown.len(), left_out), (BODY, BODY));
        assert_eq!(body(&json!({"bytes": 7})).unwrap().0, "(7 bytes that are not text)");
        assert_eq!(body(&Value::Null), None);
    }

    #[test]
    fn hostile_texts_of_a_recording_are_texts() {
        let hostile = "<script>alert(1)</script>";
        let page = one(&json!({
            "request": {"method": hostile, "path": hostile, "query": [[hostile, hostile]], "headers": {hostile: hostile}},
            "answer": {"failure": hostile, "headers": [[hostile, hostile]], "body": {"text": hostile}},
        }));
        assert!(!page.0.contains("<script>") && page.0.matches("&lt;script&gt;").count() >= 8, "{}", page.0);
    }
}
