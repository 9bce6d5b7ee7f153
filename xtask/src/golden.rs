//! `cargo xtask golden`: the recorded calls of the reference against the twins of this workspace.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use cargo_metadata::MetadataCommand;
use clap::Args;
use clap::builder::PossibleValuesParser;
use serde_json::{Map, Value};

use xtask::binaries::{Binaries, Choice};
use xtask::twin::{TWINS, Twin};

/// Replay the recorded calls of the reference against the twins
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only this twin; may be given more than once
    #[arg(long = "twin", value_name = "NAME", value_parser = PossibleValuesParser::new(TWINS.iter().map(|twin| twin.name)))]
    names: Vec<String>,
    #[command(flatten)]
    binaries: Choice,
    /// Handed to compare.py as they are, such as `--only happy`
    #[arg(last = true, value_name = "COMPARE ARGUMENTS")]
    comparison: Vec<OsString>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let twins: Vec<&Twin> = TWINS.iter().filter(|twin| is_chosen(twin, &arguments.names)).collect();
    let workspace = MetadataCommand::new().no_deps().exec()?;
    let binaries = Binaries::new(arguments.binaries, &workspace);
    binaries.build(twins.iter().map(|twin| twin.package))?;

    let folder = tempfile::tempdir().context("making a temporary folder")?;
    let targets = folder.path().join("targets.json");
    write_targets(&twins, &binaries, &targets)?;

    let status = Command::new("python3")
        .arg(workspace.workspace_root.join("conformance/golden/compare.py"))
        .arg(&targets)
        .args(&arguments.comparison)
        .status()
        .context("starting python3")?;
    ensure!(status.success(), "the comparison with the reference failed ({status})");
    Ok(())
}

fn is_chosen(twin: &Twin, names: &[String]) -> bool {
    names.is_empty() || names.iter().any(|name| name == twin.name)
}

fn write_targets(twins: &[&Twin], binaries: &Binaries, path: &Path) -> Result<()> {
    let targets: Map<String, Value> =
        twins.iter().map(|twin| (twin.name.to_owned(), twin.target(binaries))).collect();
    std::fs::write(path, serde_json::to_vec(&targets)?).context("writing the targets file")
}
