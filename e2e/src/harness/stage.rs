//! What a suite is given: binaries, a cache folder, and the numbered list of what it did.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cargo_metadata::Metadata;

use super::connector::Connector;
use xtask::binaries::Binaries;

/// One run of one suite.
#[derive(Debug)]
pub(crate) struct Stage {
    root: PathBuf,
    target: PathBuf,
    binaries: Binaries,
    full: bool,
    passed: usize,
    failed: usize,
}

impl Stage {
    pub(crate) fn new(workspace: &Metadata, binaries: Binaries, full: bool) -> Self {
        Self {
            root: workspace.workspace_root.clone().into(),
            target: workspace.target_directory.clone().into(),
            binaries,
            full,
            passed: 0,
            failed: 0,
        }
    }

    /// The folder of the workspace.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of all that is built.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// Whether tenants of the full size are wanted, not those that CI has the time for.
    pub(crate) fn is_full(&self) -> bool {
        self.full
    }

    /// A folder for what may stay between runs, made when it is missing.
    pub(crate) fn cache(&self, name: &str) -> Result<PathBuf> {
        let folder = self.target.join("e2e").join(name);
        std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        Ok(folder)
    }

    /// Builds packages unless their binaries are there and up to date.
    pub(crate) fn build(&self, packages: &[&str]) -> Result<()> {
        self.binaries.build(packages.iter().copied())
    }

    /// The path of a binary that was built.
    pub(crate) fn binary(&self, name: &str) -> PathBuf {
        self.binaries.path(name)
    }

    /// The connector with a binary that was built. Its logs go to a folder of the cache.
    pub(crate) fn connector(&self, binary: &str) -> Result<Connector> {
        Ok(Connector::new(self.binary(binary), self.cache("logs")?))
    }

    /// Does one thing and says how it went; a failure does not end the suite.
    pub(crate) fn check(&mut self, what: impl Display, check: impl FnOnce(&Self) -> Result<()>) {
        match check(self) {
            Ok(()) => self.passed(&what),
            Err(error) => self.failed(&format!("{what}: {error:#}")),
        }
    }

    /// Does one thing that the rest of the suite needs.
    pub(crate) fn step<T>(&mut self, what: impl Display, step: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        let done = step(self).with_context(|| what.to_string())?;
        self.passed(&what);
        Ok(done)
    }

    fn passed(&mut self, what: &impl Display) {
        self.passed += 1;
        println!("{:>4}. {what}", self.passed + self.failed);
    }

    /// Writes down something that went wrong.
    pub(crate) fn failed(&mut self, problem: &impl Display) {
        self.failed += 1;
        println!("{:>4}. FAILED: {problem}", self.passed + self.failed);
    }

    pub(crate) fn summary(&self) -> String {
        format!("{} passed, {} failed", self.passed, self.failed)
    }

    /// Whether something was done, and nothing failed.
    pub(crate) fn is_green(&self) -> bool {
        self.passed > 0 && self.failed == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;
    use cargo_metadata::MetadataCommand;
    use xtask::binaries::Choice;

    fn stage() -> Stage {
        let workspace = MetadataCommand::new().no_deps().exec().unwrap();
        Stage::new(&workspace, Binaries::new(Choice::default(), &workspace), false)
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
