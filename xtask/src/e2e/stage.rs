//! What a suite is given: binaries, a cache folder, and the numbered list of what it did.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use cargo_metadata::Metadata;

use super::connector::Connector;

/// Which binaries are tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Build {
    Release,
    Debug,
}

/// One run of one suite.
#[derive(Debug)]
pub(super) struct Stage {
    root: PathBuf,
    target: PathBuf,
    build: Build,
    passed: usize,
    failed: usize,
}

impl Stage {
    pub(super) fn new(workspace: &Metadata, build: Build) -> Self {
        Self {
            root: workspace.workspace_root.clone().into(),
            target: workspace.target_directory.clone().into(),
            build,
            passed: 0,
            failed: 0,
        }
    }

    /// The folder of the workspace.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// A folder for what may stay between runs, made when it is missing.
    pub(super) fn cache(&self, name: &str) -> Result<PathBuf> {
        let folder = self.target.join("e2e").join(name);
        std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        Ok(folder)
    }

    /// Builds packages unless their binaries are there and up to date, which cargo knows.
    pub(super) fn build(&self, packages: &[&str]) -> Result<()> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.current_dir(&self.root).args(["build", "--locked"]);
        if self.build == Build::Release {
            command.arg("--release");
        }
        let status = command
            .args(packages.iter().flat_map(|package| ["-p", package]))
            .status()
            .context("starting cargo")?;
        ensure!(status.success(), "{} did not build ({status})", packages.join(", "));
        Ok(())
    }

    /// The path of a binary that was built.
    pub(super) fn binary(&self, name: &str) -> PathBuf {
        let profile = match self.build {
            Build::Release => "release",
            Build::Debug => "debug",
        };
        self.target.join(profile).join(name).with_extension(std::env::consts::EXE_EXTENSION)
    }

    /// The connector with a binary that was built. Its logs go to a folder of the cache.
    pub(super) fn connector(&self, binary: &str) -> Result<Connector> {
        Ok(Connector::new(self.binary(binary), self.cache("logs")?))
    }

    /// Does one thing and says how it went; a failure does not end the suite.
    pub(super) fn check(&mut self, what: impl Display, check: impl FnOnce(&Self) -> Result<()>) {
        match check(self) {
            Ok(()) => self.passed(&what),
            Err(error) => self.failed(&format!("{what}: {error:#}")),
        }
    }

    /// Does one thing that the rest of the suite needs.
    pub(super) fn step<T>(&mut self, what: impl Display, step: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        let done = step(self).with_context(|| what.to_string())?;
        self.passed(&what);
        Ok(done)
    }

    fn passed(&mut self, what: &impl Display) {
        self.passed += 1;
        println!("{:>4}. {what}", self.passed + self.failed);
    }

    /// Writes down something that went wrong.
    pub(super) fn failed(&mut self, problem: &impl Display) {
        self.failed += 1;
        println!("{:>4}. FAILED: {problem}", self.passed + self.failed);
    }

    pub(super) fn summary(&self) -> String {
        format!("{} passed, {} failed", self.passed, self.failed)
    }

    /// Whether something was done, and nothing failed.
    pub(super) fn is_green(&self) -> bool {
        self.passed > 0 && self.failed == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    fn stage() -> Stage {
        Stage { root: PathBuf::new(), target: PathBuf::new(), build: Build::Debug, passed: 0, failed: 0 }
    }

    #[test]
    fn a_failed_check_does_not_end_the_suite_but_counts() {
        let mut stage = stage();
        stage.check("one", |_| Ok(()));
        stage.check("two", |_| bail!("broken"));
        stage.check("three", |_| Ok(()));
        assert_eq!(stage.summary(), "2 passed, 1 failed");
        assert!(!stage.is_green());
    }

    #[test]
    fn a_failed_step_is_an_error_that_names_it() {
        let error = stage().step("start the server", |_| -> Result<()> { bail!("no port") }).unwrap_err();
        assert_eq!(format!("{error:#}"), "start the server: no port");
    }

    #[test]
    fn a_suite_that_did_nothing_is_not_green() {
        assert!(!stage().is_green());
    }
}
