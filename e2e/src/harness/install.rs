//! Packages of pip, npm and apt, in pinned versions, installed once into the cache folder.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};

use super::stage::Stage;

/// A file that says what was installed beside it.
const INSTALLED: &str = "installed.txt";

/// Installs packages of `PyPI`, each as `name==version`, into a virtual environment; its interpreter.
pub(crate) fn python(stage: &Stage, packages: &[&str]) -> Result<PathBuf> {
    let folder = stage.cache(&format!("python-{}", folder_name(packages)))?;
    let interpreter = folder.join("bin/python");
    once(&folder, packages, || {
        succeed(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        let mut pip = Command::new(&interpreter);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(packages);
        succeed(&mut pip)
    })?;
    Ok(interpreter)
}

/// Installs packages of npm, each as `name@version`; the folder that holds `node_modules`.
pub(crate) fn npm(stage: &Stage, packages: &[&str]) -> Result<PathBuf> {
    let folder = stage.cache(&format!("npm-{}", folder_name(packages)))?;
    once(&folder, packages, || {
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"]).arg(&folder);
        succeed(npm.args(packages))
    })?;
    Ok(folder)
}

/// Installs packages of Debian that are not there yet; needs root.
pub(crate) fn apt(packages: &[&str]) -> Result<()> {
    let missing: Vec<_> = packages.iter().filter(|package| !is_there(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    succeed(Command::new("apt-get").args(["update", "-qq"]))?;
    let mut install = Command::new("apt-get");
    install.env("DEBIAN_FRONTEND", "noninteractive");
    succeed(install.args(["install", "-y", "-qq", "--no-install-recommends"]).args(missing))
}

fn is_there(package: &str) -> bool {
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat=${db:Status-Status}", package]);
    query.output().is_ok_and(|output| output.status.success() && output.stdout == b"installed")
}

/// A folder for one set of packages, so that suites with other sets do not undo each other's work.
fn folder_name(packages: &[&str]) -> String {
    packages.join("-").replace(|letter: char| !letter.is_ascii_alphanumeric() && letter != '.', "-")
}

/// Installs unless the same was installed here before, whole.
fn once(folder: &Path, packages: &[&str], install: impl FnOnce() -> Result<()>) -> Result<()> {
    let note = folder.join(INSTALLED);
    let wanted = packages.join("\n");
    if std::fs::read_to_string(&note).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    install().with_context(|| format!("installing {}", packages.join(", ")))?;
    std::fs::write(&note, wanted).with_context(|| format!("writing {}", note.display()))
}

/// Runs a command to its end; its output is shown only when it fails.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    output(command).map(drop)
}

/// Runs a command to its end and gives what it wrote.
pub(crate) fn output(command: &mut Command) -> Result<Output> {
    let program = command.get_program().display().to_string();
    let output = command.output().with_context(|| format!("starting {program}"))?;
    ensure!(
        output.status.success(),
        "{program} ended with {}:\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    #[test]
    fn the_same_packages_are_installed_once() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let mut times = 0;
        for packages in [["a==1"], ["a==1"], ["a==2"]] {
            once(folder.path(), &packages, || {
                times += 1;
                Ok(())
            })?;
        }
        assert_eq!(times, 2);
        Ok(())
    }

    #[test]
    fn what_failed_is_tried_again() -> Result<()> {
        let folder = tempfile::tempdir()?;
        assert!(once(folder.path(), &["a==1"], || bail!("offline")).is_err());
        let mut tried = false;
        once(folder.path(), &["a==1"], || {
            tried = true;
            Ok(())
        })?;
        assert!(tried);
        Ok(())
    }
}
