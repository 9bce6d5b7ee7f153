//! The `connector` tool, run as a process.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod add;
mod notation;
mod packaging;
mod scaffold;
mod spec;
mod usage;

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The tool, with nobody at the terminal.
fn connector(arguments: &[&str], folder: &Path) -> Finished {
    let mut command = Command::new(env!("CARGO_BIN_EXE_connector"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    Finished::from(command.output().unwrap())
}

/// What a run of the tool left.
#[derive(Debug)]
struct Finished {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Finished {
    #[track_caller]
    fn succeeded(self) -> Self {
        assert_eq!(self.status, Some(0), "{}", self.stderr);
        self
    }
}

impl From<Output> for Finished {
    fn from(output: Output) -> Self {
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!stderr.contains("panicked"), "{stderr}");
        Self { status: output.status.code(), stdout: String::from_utf8(output.stdout).unwrap(), stderr }
    }
}
