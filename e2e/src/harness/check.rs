//! `connector check` on a connection, with the findings that are accepted for it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::stage::Stage;

/// The secret that connection files refer to as `{ env = "E2E_SECRET" }`.
pub(crate) const SECRET: &str = "e2e-d41d8cd98f00b204";

/// What a check took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Checked {
    pub(crate) calls: u64,
    pub(crate) seconds: f64,
}

/// The findings that are accepted for a connector, each with its reason.
pub(crate) fn accepted(stage: &Stage, connector: &str) -> PathBuf {
    stage.root().join("conformance/check").join(format!("{connector}.toml"))
}

/// Checks a connection without changing anything. Whatever is found and not accepted is an error.
pub(crate) fn check(stage: &Stage, name: &str, file: &str, baseline: Option<&Path>) -> Result<Checked> {
    let folder = stage.cache("check")?;
    std::fs::write(folder.join(format!("{name}.toml")), file)?;
    let mut command = Command::new(stage.binary("connector"));
    command
        .args(["check", &format!("{name}.toml"), "--format", "json", "--fail-on", "note"])
        .current_dir(&folder);
    if let Some(baseline) = baseline {
        command.arg("--accept").arg(baseline);
    }
    let output = command.env("E2E_SECRET", SECRET).output().context("starting connector")?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    for written in [&output.stdout, &output.stderr] {
        ensure!(!String::from_utf8_lossy(written).contains(SECRET), "the check wrote a secret");
    }
    let report: Value =
        serde_json::from_slice(&output.stdout).with_context(|| format!("no report: {stderr}"))?;
    let found: Vec<String> = report["rules"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|rule| rule["findings"].as_array().into_iter().flatten())
        .filter(|finding| finding["accepted"].is_null())
        .map(|finding| {
            format!(
                "{}: {}: {}",
                text(&finding["rule"]),
                text(&finding["subject"]),
                text(&finding["message"])
            )
        })
        .collect();
    ensure!(found.is_empty(), "{} findings: {}", found.len(), found.join(" | "));
    ensure!(output.status.success(), "{stderr}");
    let milliseconds = report["milliseconds"].as_u64().unwrap_or_default();
    Ok(Checked {
        calls: report["calls"].as_u64().unwrap_or_default(),
        seconds: std::time::Duration::from_millis(milliseconds).as_secs_f64(),
    })
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
