//! Log lines: `HH:MM:SS,<milliseconds> <logger> <LEVEL> <message>`, in local time.

use std::fmt::{self, Write as _};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use crate::output;

/// Where log lines go.
#[derive(Debug)]
pub(super) enum Destination {
    Stderr,
    /// A file that is made with the first line.
    File {
        path: PathBuf,
        file: Option<File>,
    },
    /// The file could not be made; that was said once.
    Nowhere,
}

impl Destination {
    fn write(&mut self, line: &str) {
        let written = match self {
            Self::Stderr => io::stderr().write_all(line.as_bytes()),
            Self::File { path, file: None } => match open(path) {
                Ok(mut opened) => {
                    let written = opened.write_all(line.as_bytes());
                    *self = Self::File { path: std::mem::take(path), file: Some(opened) };
                    written
                }
                Err(error) => {
                    output::message(format_args!("warning: cannot log to {}: {error}", path.display()));
                    *self = Self::Nowhere;
                    Ok(())
                }
            },
            Self::File { file: Some(file), .. } => file.write_all(line.as_bytes()),
            Self::Nowhere => Ok(()),
        };
        // A log that cannot be written must not stop the answer.
        drop(written);
    }
}

fn open(path: &PathBuf) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    OpenOptions::new().create(true).append(true).open(path)
}

pub(super) struct LineLayer {
    level: Level,
    destination: Mutex<Destination>,
}

impl LineLayer {
    pub(super) fn new(level: Level, destination: Destination) -> Self {
        Self { level, destination: Mutex::new(destination) }
    }
}

impl<S: Subscriber> Layer<S> for LineLayer {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        *metadata.level() <= self.level
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Text::default();
        event.record(&mut text);
        let now = jiff::ZonedDateTime::now();
        let metadata = event.metadata();
        let line = format!(
            "{},{} {} {} {}{}\n",
            now.strftime("%H:%M:%S"),
            now.millisecond(),
            metadata.target(),
            level_name(*metadata.level()),
            text.message,
            text.fields
        );
        self.destination.lock().unwrap_or_else(PoisonError::into_inner).write(&line);
    }
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

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a `String` cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}
