//! The binaries of this workspace that other commands run.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use cargo_metadata::Metadata;
use clap::Args;

/// Which binaries are run, and whether they are built first.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Choice {
    /// Take debug binaries, which are built faster
    #[arg(long)]
    debug: bool,
    /// Take the binaries that are there, without building anything
    #[arg(long)]
    built: bool,
}

/// The binaries of one profile.
#[derive(Debug, Clone)]
pub struct Binaries {
    choice: Choice,
    root: PathBuf,
    target: PathBuf,
}

impl Binaries {
    /// The binaries of a workspace.
    pub fn new(choice: Choice, workspace: &Metadata) -> Self {
        Self {
            choice,
            root: workspace.workspace_root.clone().into(),
            target: workspace.target_directory.clone().into(),
        }
    }

    /// Builds packages unless their binaries are up to date, which cargo knows, or are taken as they are.
    pub fn build<'a>(&self, packages: impl IntoIterator<Item = &'a str>) -> Result<()> {
        if self.choice.built {
            return Ok(());
        }
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.current_dir(&self.root).args(["build", "--locked"]);
        if !self.choice.debug {
            command.arg("--release");
        }
        command.args(packages.into_iter().flat_map(|package| ["-p", package]));
        let status = command.status().context("starting cargo")?;
        ensure!(status.success(), "the binaries did not build ({status})");
        Ok(())
    }

    /// The folder that they are in.
    pub fn folder(&self) -> PathBuf {
        self.target.join(if self.choice.debug { "debug" } else { "release" })
    }

    /// The path of a binary.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name).with_extension(std::env::consts::EXE_EXTENSION)
    }
}
