//! Command lines of a connector and what they answer.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::install::output;

/// A connector's binary.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    binary: PathBuf,
    logs: PathBuf,
}

/// What one command line left behind.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// What one call of a capability left behind.
#[derive(Debug)]
pub(crate) struct Call {
    /// The answer's envelope.
    pub(crate) envelope: Value,
    /// All that was logged.
    pub(crate) log: String,
}

impl Connector {
    pub(crate) fn new(binary: PathBuf, logs: PathBuf) -> Self {
        Self { binary, logs }
    }

    pub(crate) fn binary(&self) -> &Path {
        &self.binary
    }

    /// What the connector says about itself.
    pub(crate) fn info(&self) -> Result<Value> {
        let output = output(Command::new(&self.binary).env("LUMOS_LOG_DIRECTORY", &self.logs).arg("info"))?;
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Everything is logged, to stderr.
    pub(crate) fn environment(&self) -> [(&'static str, OsString); 3] {
        [
            ("LUMOS_LOG_LEVEL", "DEBUG".into()),
            ("LUMOS_LOG_TO_STDOUT", "true".into()),
            ("LUMOS_LOG_DIRECTORY", self.logs.clone().into()),
        ]
    }

    /// Runs a command line to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Result<Run> {
        let output = Command::new(&self.binary)
            .envs(self.environment())
            .args(arguments)
            .output()
            .with_context(|| format!("starting {}", self.binary.display()))?;
        Ok(Run {
            status: output.status,
            stdout: String::from_utf8(output.stdout).context("stdout is not UTF-8")?,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// Calls a capability; an error envelope is an answer like any other.
    pub(crate) fn call(&self, capability: &str, request: &Value) -> Result<Call> {
        let Run { status, stdout, stderr: log } = self.run(&[capability, "--json", &request.to_string()])?;
        ensure!(status.success(), "{capability} ended with {status}:\n{stdout}{log}");
        let envelope = serde_json::from_str(&stdout)
            .with_context(|| format!("{capability} answered something that is not JSON:\n{stdout}"))?;
        Ok(Call { envelope, log })
    }

    /// Calls a capability and takes the response out of its envelope.
    pub(crate) fn response(&self, capability: &str, request: &Value) -> Result<Value> {
        let mut envelope = self.call(capability, request)?.envelope;
        let response = envelope.get_mut("response").map(Value::take);
        response.with_context(|| format!("{capability} answered an error: {envelope}"))
    }
}
