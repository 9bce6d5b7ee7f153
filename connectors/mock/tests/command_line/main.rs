//! The command line of a connector, run as a process: answers, usage, hostile input, result files.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod answers;
mod executables;
mod hostile_input;
mod recordings;
mod result_files;
mod usage;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A request that the mock connector answers.
const GOOD: &str =
    r#"{"auth":{"basic":{"username":"foo","password":"bar"}},"request":{},"settings":{"host":"google.com"}}"#;

/// The connector in a folder of its own, where it may leave logs.
struct Mock {
    folder: tempfile::TempDir,
}

impl Mock {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mock-connector"));
        command.current_dir(self.path()).env_remove("LUMOS_LOG_LEVEL").stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        Finished::from(self.command().args(arguments).output().unwrap())
    }

    /// Runs it with a text on its standard input.
    fn run_with_input(&self, arguments: &[&str], input: &str) -> Finished {
        let mut command = self.command();
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        process.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        Finished::from(process.wait_with_output().unwrap())
    }

    /// Writes a file into the folder and gives its path.
    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The names of all files in the folder, logs left out.
    fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| name != "logs");
        names.sort();
        names
    }
}

/// What a run of the connector left.
struct Finished {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Finished {
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in {:?}", self.stdout))
    }

    /// The code of the error envelope on stdout.
    fn error_code(&self) -> String {
        assert_eq!(self.status, Some(0), "{}", self.stderr);
        self.json()["error"]["error_code"]
            .as_str()
            .unwrap_or_else(|| panic!("no error in {}", self.stdout))
            .to_owned()
    }
}

impl From<Output> for Finished {
    fn from(output: Output) -> Self {
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!stderr.contains("panicked"), "{stderr}");
        Self { status: output.status.code(), stdout: String::from_utf8(output.stdout).unwrap(), stderr }
    }
}
