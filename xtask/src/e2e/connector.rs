//! One command line of a connector and its answer.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::install::output;

/// A connector's binary.
#[derive(Debug, Clone)]
pub(super) struct Connector {
    binary: PathBuf,
    logs: PathBuf,
}

/// What one call left behind.
#[derive(Debug)]
pub(super) struct Call {
    /// The answer's envelope.
    pub(super) envelope: Value,
    /// All that was logged.
    pub(super) log: String,
}

impl Connector {
    pub(super) fn new(binary: PathBuf, logs: PathBuf) -> Self {
        Self { binary, logs }
    }

    /// What the connector says about itself.
    pub(super) fn info(&self) -> Result<Value> {
        let output = output(Command::new(&self.binary).env("LUMOS_LOG_DIRECTORY", &self.logs).arg("info"))?;
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Calls a capability, with everything logged to stderr; an error envelope is an answer like any other.
    pub(super) fn call(&self, capability: &str, request: &Value) -> Result<Call> {
        let output = Command::new(&self.binary)
            .env("LUMOS_LOG_LEVEL", "DEBUG")
            .env("LUMOS_LOG_TO_STDOUT", "true")
            .env("LUMOS_LOG_DIRECTORY", &self.logs)
            .args([capability, "--json", &request.to_string()])
            .output()
            .with_context(|| format!("starting {}", self.binary.display()))?;
        let stdout = String::from_utf8(output.stdout).context("the answer is not UTF-8")?;
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success(), "{capability} ended with {}:\n{stdout}{log}", output.status);
        let envelope = serde_json::from_str(&stdout)
            .with_context(|| format!("{capability} answered something that is not JSON:\n{stdout}"))?;
        Ok(Call { envelope, log })
    }

    /// Calls a capability and takes the response out of its envelope.
    pub(super) fn response(&self, capability: &str, request: &Value) -> Result<Value> {
        let mut envelope = self.call(capability, request)?.envelope;
        let response = envelope.get_mut("response").map(Value::take);
        response.with_context(|| format!("{capability} answered an error: {envelope}"))
    }
}
