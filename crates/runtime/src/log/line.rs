//! Log lines: as text, `HH:MM:SS,mmm <logger> <LEVEL> <message>` in local time, or as JSON.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use lumos_connector_core::redaction::values;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::destination::Destination;
use crate::observability::context;
use crate::observability::shipping::Shipper;

/// How a line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// As the reference does, then fields as ` name=value`.
    Text,
    /// One object a line.
    Json,
}

/// Writes each event as one line, with what is known of the call that it belongs to.
pub(super) struct LineLayer {
    format: Format,
    destination: Mutex<Destination>,
    shipper: Option<Arc<Shipper>>,
}

impl LineLayer {
    pub(super) fn new(format: Format, destination: Destination, shipper: Option<Arc<Shipper>>) -> Self {
        Self { format, destination: Mutex::new(destination), shipper }
    }
}

impl<S: Subscriber> Layer<S> for LineLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let mut line = match self.format {
            Format::Text => text(event),
            Format::Json => json(event),
        };
        // What the app echoes, a library quotes or a handler prints.
        if let Cow::Owned(redacted) = values::redacted(&line) {
            line = redacted;
        }
        if *metadata.level() == Level::ERROR
            && let Some(shipper) = &self.shipper
        {
            shipper.ship(&line);
        }
        line.push('\n');
        self.destination.lock().unwrap_or_else(PoisonError::into_inner).write(&line);
    }
}

fn text(event: &Event<'_>) -> String {
    let mut text = Text::default();
    event.record(&mut text);
    context::current(|context| context.iter().for_each(|(name, value)| text.field(name, value)));
    let metadata = event.metadata();
    format!(
        "{} {} {} {}{}",
        time(&jiff::ZonedDateTime::now()),
        metadata.target(),
        level_name(*metadata.level()),
        escaped(&text.message),
        escaped(&text.fields)
    )
}

/// The time of day, to the millisecond.
fn time(now: &jiff::ZonedDateTime) -> String {
    format!("{},{:03}", now.strftime("%H:%M:%S"), now.millisecond())
}

/// A text that stays on its line and moves no cursor: control characters are written as escapes.
fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(is_control) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        if is_control(letter) {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
    }
    Cow::Owned(shown)
}

/// Also the separators of lines, and what changes the direction of writing.
fn is_control(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn json(event: &Event<'_>) -> String {
    let metadata = event.metadata();
    let mut line = Object(Map::new());
    line.set("timestamp", jiff::Timestamp::now().to_string());
    line.set("level", level_name(*metadata.level()));
    line.set("logger", metadata.target());
    event.record(&mut line);
    context::current(|context| context.iter().for_each(|(name, value)| line.set(name, value)));
    Value::Object(line.0).to_string()
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARNING",
        Level::INFO => "INFO",
        _ => "DEBUG",
    }
}

/// The text of an event: its message, then its fields as ` name=value`.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Text {
    /// A value that could be mistaken for more than one is quoted.
    fn field(&mut self, name: &str, value: &str) {
        let plain =
            !value.is_empty() && value.chars().all(|letter| letter.is_ascii_graphic() && letter != '"');
        // Writing to a `String` cannot fail.
        let _ = if plain {
            write!(self.fields, " {name}={value}")
        } else {
            write!(self.fields, " {name}={value:?}")
        };
    }
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a `String` cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

/// A line as an object. What the event itself says is never overwritten.
struct Object(Map<String, Value>);

impl Object {
    fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.entry(name).or_insert_with(|| value.into());
    }
}

impl Visit for Object {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field.name(), value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field.name(), format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use lumos_connector_core::redaction::values::{SecretSource, SecretValues};
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[test]
    fn a_secret_of_the_call_is_in_no_line_of_either_format() {
        struct Call(SecretValues);
        impl SecretSource for Call {
            fn secret_values(&self) -> &SecretValues {
                &self.0
            }
        }
        let call: Arc<dyn SecretSource> = Arc::new(Call(SecretValues::new(["swordfish".to_owned()])));
        for format in [Format::Text, Format::Json] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("log");
            let layer = LineLayer::new(format, Destination::File { path: path.clone(), file: None }, None);
            tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
                values::enter(&call, || tracing::error!(code = "swordfish!", "the app says: swordfish"));
                tracing::error!("of no call: swordfish");
            });
            let lines = std::fs::read_to_string(path).unwrap();
            let (of_the_call, of_none) = lines.split_once('\n').unwrap();
            assert_eq!(
                (of_the_call.matches("[REDACTED]").count(), of_the_call.contains("swordfish")),
                (2, false)
            );
            assert!(of_none.contains("of no call: swordfish"), "{of_none}");
        }
    }

    #[test]
    fn milliseconds_have_three_digits() {
        let time_of_day: jiff::civil::DateTime = "2026-01-02T01:54:26.008999".parse().unwrap();
        let now = time_of_day.to_zoned_datetime(jiff::tz::TimeZone::UTC).unwrap();
        assert_eq!(time(&now), "01:54:26,008");
    }

    #[test]
    fn a_text_cannot_forge_a_line() {
        assert_eq!(escaped("plain é"), "plain é");
        let forged = "x\n00:00:00,0 connector ERROR forged\r\u{1b}[2J\u{85}\u{2028}\u{202e}";
        assert_eq!(
            escaped(forged),
            "x\\n00:00:00,0 connector ERROR forged\\r\\u{1b}[2J\\u{85}\\u{2028}\\u{202e}"
        );
    }
}
