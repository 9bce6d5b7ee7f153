//! `cargo xtask e2e`: the suites of the crate `lumos-e2e`, which is built when it is asked for.

use std::ffi::OsString;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use cargo_metadata::MetadataCommand;
use clap::Args;

/// Run binaries end to end against programs that are not ours
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Arguments {
    /// Handed to the suites as they are; `--help` explains them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    arguments: Vec<OsString>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let workspace = MetadataCommand::new().no_deps().exec()?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["run", "--quiet", "--locked", "--package", "lumos-e2e", "--manifest-path"])
        .arg(workspace.workspace_root.join("Cargo.toml"))
        .arg("--")
        .args(&arguments.arguments)
        .status()
        .context("starting cargo")?;
    ensure!(status.success(), "the suites ended with {status}");
    Ok(())
}
