//! Calls that are recorded into a file, and recordings that are replayed without the app.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lumos_connector_core::Integration;
use lumos_connector_core::host::HostBuilder;
use lumos_connector_core::recording::{Recorder, Recording, Replay, comparable};
use serde_json::Value;
use tempfile::NamedTempFile;

use crate::failure::Failure;
use crate::request::unquoted;
use crate::{log, output};

/// Differences of an answer that are shown.
const SHOWN: usize = 10;

/// Characters of a value that are shown.
const SHOWN_OF_VALUE: usize = 200;

/// A file that a call is recorded into. Until the call has ended, it is not there.
pub(crate) struct RecordingFile {
    path: PathBuf,
    beside: NamedTempFile,
    recorder: Recorder,
}

impl RecordingFile {
    /// Makes sure that the file can be written before anything is done.
    pub(crate) fn new(path: &str) -> Result<Self, Failure> {
        let path = PathBuf::from(unquoted(path));
        let folder = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let beside = tempfile::Builder::new().prefix(".recording-").tempfile_in(folder);
        let beside = match beside {
            Ok(_) if path.is_dir() => Err(io::Error::other("it is a folder")),
            other => other,
        };
        let beside = beside.map_err(|error| unwritable(&path, &error))?;
        Ok(Self { path, beside, recorder: Recorder::default() })
    }

    /// The host with requests that are kept.
    pub(crate) fn watch(&self, host: HostBuilder) -> Result<HostBuilder, Failure> {
        host.record_http(self.recorder.clone()).map_err(|error| Failure::new(error.to_string()))
    }

    /// Writes the recording of a call, without its secrets. Only its owner can read a new file.
    pub(crate) fn finish(
        mut self,
        integration: &Integration,
        capability: &str,
        request: &str,
        answer: &[u8],
    ) -> Result<(), Failure> {
        let exchanges = self.recorder.take();
        if exchanges.is_empty() {
            return Err(Failure::new(format!("nothing was recorded: {capability} made no HTTP request"))
                .advice("only requests of the SDK's HTTP client and its OAuth can be recorded"));
        }
        let recording = integration.recording(capability, request, exchanges, answer).map_err(|error| {
            Failure::new(format!(
                "nothing was recorded: the request or the answer is not whole JSON: {error}"
            ))
        })?;
        let written = serde_json::to_writer_pretty(&mut self.beside, &recording).map_err(io::Error::from);
        let written = written.and_then(|()| writeln!(self.beside));
        written.map_err(|error| unwritable(&self.path, &error))?;
        self.beside.persist(&self.path).map_err(|error| unwritable(&self.path, &error.error))?;
        Ok(())
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("cannot write the recording {}: {error}", path.display()))
        .advice("--record takes the path of a file in a folder that exists and is writable")
}

/// A sink that keeps what goes through it, when that is wanted.
pub(crate) struct Kept<'a> {
    pub(crate) sink: &'a mut dyn Write,
    pub(crate) kept: Option<&'a mut Vec<u8>>,
}

impl Write for Kept<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.sink.write(bytes)?;
        if let Some(kept) = &mut self.kept {
            kept.extend_from_slice(&bytes[..written]);
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// `dev replay`: answers the request of a recording with the recorded answers of the app, and compares.
pub(crate) fn replay(integration: &Integration, host: HostBuilder, path: &str) -> Result<ExitCode, Failure> {
    let path = unquoted(path);
    let unreadable = |error: &dyn std::fmt::Display| {
        Failure::new(format!("cannot read the recording {path}: {error}"))
            .advice("it takes a file that a call was recorded into with --record")
    };
    let text = fs::read_to_string(path).map_err(|error| unreadable(&error))?;
    let recording: Recording = serde_json::from_str(&text).map_err(|error| unreadable(&error))?;
    if !integration.has_capability(&recording.capability) {
        return Err(Failure::new(format!("there is no capability '{}'", recording.capability))
            .advice("the recording is another connector's, or one of another version"));
    }
    let replay = Replay::new(recording.exchanges);
    let host = host.replay_http(replay.clone()).map_err(|error| Failure::new(error.to_string()))?;
    let _log = log::start(integration, &host)?;
    let runtime = crate::run::runtime()?;
    let host = host.build();
    let request = recording.request.to_string();
    let answer = runtime.block_on(async {
        integration.dispatch(&host, &recording.capability, &request).await.into_bytes().await
    });
    let answer = answer.map_err(|error| Failure::new(format!("the answer cannot be written: {error}")))?;
    output::write(None, |sink| sink.write_all(&answer))?;
    let given: Value = serde_json::from_slice(&answer).unwrap_or_default();
    let mut differences = replay.differences();
    compare(&recording.answer, &comparable(&given), "", &mut differences);
    if differences.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let more = differences.len().saturating_sub(SHOWN);
    differences.truncate(SHOWN);
    if more > 0 {
        differences.push(format!("and {more} more"));
    }
    Err(Failure::new(format!("the call differs from its recording:\n  {}", differences.join("\n  ")))
        .advice("record it again if the change is meant"))
}

/// Each difference with its place in the answer.
fn compare(expected: &Value, given: &Value, place: &str, differences: &mut Vec<String>) {
    match (expected, given) {
        (Value::Object(expected), Value::Object(given)) => {
            for (name, value) in expected {
                compare(
                    value,
                    given.get(name).unwrap_or(&Value::Null),
                    &format!("{place}/{name}"),
                    differences,
                );
            }
            for (name, value) in given.iter().filter(|(name, _)| !expected.contains_key(*name)) {
                compare(&Value::Null, value, &format!("{place}/{name}"), differences);
            }
        }
        (Value::Array(expected), Value::Array(given)) if expected.len() == given.len() => {
            for (index, (expected, given)) in expected.iter().zip(given).enumerate() {
                compare(expected, given, &format!("{place}/{index}"), differences);
            }
        }
        (Value::Array(expected), Value::Array(given)) => {
            differences.push(format!(
                "{place}: {} items were recorded, {} came",
                expected.len(),
                given.len()
            ));
        }
        (expected, given) if expected == given => {}
        (expected, given) => {
            differences.push(format!("{place}: {} was recorded, {} came", shown(expected), shown(given)));
        }
    }
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN_OF_VALUE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
