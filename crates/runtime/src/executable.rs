//! The executable of a connector, built from its source by cargo: smallest and fastest.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::failure::Failure;

/// The profile that executables are shipped with.
const PROFILE: &str = "dist";

/// Packages that every connector has and that no request spends time in: the smallest code is the best.
const COLD: &[&str] = &[
    "clap_builder",
    "clap_complete",
    "clap_mangen",
    "h2",
    "hyper-util",
    "idna",
    "jiff",
    "reqwest",
    "rustls",
    "rustls-webpki",
    "schemars",
    "url",
];

/// The feature with what only developing needs. A connector that has one of this name among its default features is
/// built without it.
const DEVELOP: &str = "develop";

/// The profile itself, for projects whose manifest has none of that name.
const SETTINGS: &[&str] = &[
    "profile.dist.inherits='release'",
    "profile.dist.lto='fat'",
    "profile.dist.codegen-units=1",
    "profile.dist.strip=true",
];

/// What is built: the binary of the package that a folder belongs to.
///
/// ```no_run
/// use lumos_connector_runtime::executable::Source;
/// # fn main() -> Result<(), lumos_connector_runtime::failure::Failure> {
/// let built = Source::of(std::path::Path::new("connectors/acme"))?.build(None)?;
/// println!("{}", built.path.display());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Source {
    manifest: PathBuf,
    workspace: PathBuf,
}

/// What was built.
#[derive(Debug)]
#[non_exhaustive]
pub struct Executable {
    /// Where cargo put it.
    pub path: PathBuf,
    /// The packages that were compiled for it, by cargo's ids; those that only ran while building among them.
    pub packages: BTreeSet<String>,
}

impl Source {
    /// The package that a folder or a file belongs to: its `Cargo.toml` is in the folder or in one above.
    ///
    /// # Errors
    /// When there is no such folder, or no package around it.
    pub fn of(folder: &Path) -> Result<Self, Failure> {
        let shown = folder.display();
        let mut folder = folder.canonicalize().map_err(|error| {
            Failure::new(format!("cannot find {shown}: {error}"))
                .advice("give the folder of the connector's package, the one with its Cargo.toml")
        })?;
        if folder.is_file() {
            folder.pop();
        }
        Ok(Self { manifest: located(&folder, &[])?, workspace: located(&folder, &["--workspace"])? })
    }

    /// The manifest of the package.
    #[must_use]
    pub fn manifest(&self) -> &Path {
        &self.manifest
    }

    /// What keeps cargo to the lock file, when there is one.
    #[must_use]
    pub fn locked(&self) -> Option<&'static str> {
        self.workspace.with_file_name("Cargo.lock").exists().then_some("--locked")
    }

    /// Builds the binary, for another target than this machine if one is given. Progress goes to stderr.
    ///
    /// # Errors
    /// When cargo cannot be started or fails, and when the package has no binary or several.
    pub fn build(&self, target: Option<&str>) -> Result<Executable, Failure> {
        let mut command = cargo();
        command.args(["build", "--bins", "--profile", PROFILE, "--message-format=json-render-diagnostics"]);
        command.arg("--manifest-path").arg(&self.manifest).args(self.locked());
        if let Some(features) = without_develop(&self.features()?) {
            command.args(["--no-default-features", "--features", &features]);
        }
        if !self.has_profile() {
            command.args(SETTINGS.iter().flat_map(|setting| ["--config", setting]));
            for package in COLD {
                command.arg("--config").arg(format!("profile.dist.package.{package}.opt-level='s'"));
            }
        }
        if let Some(target) = target {
            command.args(["--target", target]);
        }
        let mut running = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| not_started(&error))?;
        let mut packages = BTreeSet::new();
        let mut executables = Vec::new();
        for line in running.stdout.take().into_iter().flat_map(|stdout| BufReader::new(stdout).lines()) {
            let line = line.map_err(|error| Failure::new(format!("cannot follow cargo: {error}")))?;
            let Ok(message) = serde_json::from_str::<Value>(&line) else { continue };
            if message["reason"] == "compiler-artifact" {
                packages.extend(message["package_id"].as_str().map(str::to_owned));
                executables.extend(message["executable"].as_str().map(PathBuf::from));
            }
        }
        let status = running.wait().map_err(|error| Failure::new(format!("cannot follow cargo: {error}")))?;
        if !status.success() {
            return Err(Failure::new(format!("{} did not build", self.manifest.display()))
                .advice("cargo says above what is wrong"));
        }
        match <[PathBuf; 1]>::try_from(executables) {
            Ok([path]) => Ok(Executable { path, packages }),
            Err(none_or_several) => Err(Failure::new(format!(
                "{} has {} binaries",
                self.manifest.display(),
                none_or_several.len()
            ))
            .advice("a connector is a package with one binary: src/main.rs, or one [[bin]]")),
        }
    }

    /// The features of the package, as cargo reads them.
    fn features(&self) -> Result<Value, Failure> {
        let mut command = cargo();
        command
            .args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"])
            .arg(&self.manifest);
        let output = command.output().map_err(|error| not_started(&error))?;
        let metadata: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let packages = metadata["packages"].as_array().into_iter().flatten();
        let mut ours = packages
            .filter(|package| package["manifest_path"].as_str().map(Path::new) == Some(&*self.manifest));
        Ok(ours.next().map(|package| package["features"].clone()).unwrap_or_default())
    }

    /// Whether the manifest has a profile of its own for this.
    fn has_profile(&self) -> bool {
        let manifest = std::fs::read_to_string(&self.workspace).unwrap_or_default();
        manifest.lines().any(|line| line.trim_start().starts_with("[profile.dist]"))
    }
}

/// The default features but `develop`, with commas between them, when that is one of them.
fn without_develop(features: &Value) -> Option<String> {
    let default: Vec<&str> = features["default"].as_array()?.iter().filter_map(Value::as_str).collect();
    let kept: Vec<&str> = default.iter().copied().filter(|feature| *feature != DEVELOP).collect();
    (kept.len() < default.len()).then(|| kept.join(","))
}

/// The cargo that runs us, or the one on the path.
fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
}

fn not_started(error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot start cargo: {error}"))
        .advice("building takes a Rust toolchain; https://rustup.rs installs one")
}

/// The manifest that cargo finds from a folder on.
fn located(folder: &Path, options: &[&str]) -> Result<PathBuf, Failure> {
    let mut command = cargo();
    command.current_dir(folder).args(["locate-project", "--message-format", "plain"]).args(options);
    let output = command.output().map_err(|error| not_started(&error))?;
    let found = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() || found.trim().is_empty() {
        let reason = String::from_utf8_lossy(&output.stderr);
        let reason = reason.trim().trim_start_matches("error: ").lines().next().unwrap_or_default();
        return Err(Failure::new(format!("{} is not a cargo package: {reason}", folder.display()))
            .advice("give the folder of the connector's package, the one with its Cargo.toml"));
    }
    Ok(PathBuf::from(found.trim()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_develop_is_left_out_of_what_is_shipped() {
        let features =
            json!({"default": ["develop", "swagger", "fast"], "develop": [], "swagger": [], "fast": []});
        assert_eq!(without_develop(&features).as_deref(), Some("swagger,fast"));
        assert_eq!(without_develop(&json!({"default": ["develop"]})).as_deref(), Some(""));
        assert_eq!(without_develop(&json!({"default": ["swagger"]})), None);
        assert_eq!(without_develop(&json!({})), None);
    }
}
