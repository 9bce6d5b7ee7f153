//! The executable of a connector, built from its source by cargo as it is shipped: small, and within two minutes.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::failure::Failure;

/// The profile that executables are shipped with.
const PROFILE: &str = "dist";

/// The feature with what only developing needs. A connector that has one of this name among its default features is
/// built without it.
const DEVELOP: &str = "develop";

/// The profile itself, for projects whose manifest has none of that name: small code, each crate compiled in one piece and
/// by itself. What else was tried stands in `docs/guide/package-and-deploy.md`.
const SETTINGS: &[&str] = &[
    "profile.dist.inherits='release'",
    "profile.dist.opt-level='s'",
    "profile.dist.lto='off'",
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
        }
        if let Some(target) = target {
            command.args(["--target", target]);
        }
        if let Some(flags) = self.flags() {
            command.env("CARGO_ENCODED_RUSTFLAGS", flags);
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

    /// The flags of the environment, and those that keep this machine's folders out of the executable. None where flags
    /// come from a configuration of cargo: those of the environment would take their place.
    fn flags(&self) -> Option<OsString> {
        let home = std::env::home_dir();
        let cargo_home = std::env::var_os("CARGO_HOME")
            .map(PathBuf::from)
            .or_else(|| Some(home.as_deref()?.join(".cargo")));
        let given = given_flags(std::env::var_os("CARGO_ENCODED_RUSTFLAGS"), std::env::var_os("RUSTFLAGS"));
        if given.is_none() {
            let is_configured = std::env::vars_os().any(|(name, _)| {
                let name = name.to_string_lossy();
                name.starts_with("CARGO_") && name.ends_with("_RUSTFLAGS")
            });
            let here = std::env::current_dir().unwrap_or_default();
            let folders = here.ancestors().map(|folder| folder.join(".cargo")).chain(cargo_home.clone());
            if is_configured || folders.into_iter().any(|folder| configures_flags(&folder)) {
                return None;
            }
        }
        let workspace = self.workspace.parent();
        // Of several that fit, rustc takes the last.
        let folders =
            [(home.as_deref(), "/home"), (cargo_home.as_deref(), "/cargo"), (workspace, "/workspace")];
        let folders = folders.into_iter().filter_map(|(folder, name)| Some((folder?, name)));
        Some(remapped(given.unwrap_or_default(), folders))
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

/// The flags for rustc in the environment, in cargo's encoding: a unit separator between each two.
fn given_flags(encoded: Option<OsString>, plain: Option<OsString>) -> Option<OsString> {
    encoded.or_else(|| {
        let plain = plain?;
        Some(plain.to_string_lossy().split_whitespace().collect::<Vec<_>>().join("\u{1f}").into())
    })
}

/// Adds flags that replace folders of this machine in what rustc writes.
fn remapped<'a>(mut flags: OsString, folders: impl Iterator<Item = (&'a Path, &'a str)>) -> OsString {
    for (folder, name) in folders {
        // The root of the file system is in front of everything.
        if !folder.is_absolute() || folder.parent().is_none() {
            continue;
        }
        if !flags.is_empty() {
            flags.push("\u{1f}");
        }
        flags.push("--remap-path-prefix=");
        flags.push(folder);
        flags.push(OsStr::new("="));
        flags.push(name);
    }
    flags
}

/// Whether a folder of cargo's configuration sets flags for rustc.
fn configures_flags(folder: &Path) -> bool {
    ["config.toml", "config"]
        .iter()
        .any(|name| std::fs::read_to_string(folder.join(name)).is_ok_and(|text| text.contains("rustflags")))
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

    #[test]
    fn folders_are_replaced_beside_the_flags_that_are_given() {
        let given = given_flags(None, Some("-C  target-cpu=native".into()));
        assert_eq!(given.as_deref(), Some(OsStr::new("-C\u{1f}target-cpu=native")));
        let encoded = given_flags(Some("--cfg=a b".into()), Some("-g".into()));
        assert_eq!(encoded.as_deref(), Some(OsStr::new("--cfg=a b")));
        let folders = [(Path::new("/home/me"), "/home"), (Path::new("/"), "/workspace")];
        let flags = remapped("-g".into(), folders.into_iter());
        assert_eq!(flags, OsStr::new("-g\u{1f}--remap-path-prefix=/home/me=/home"));
        assert_eq!(given_flags(None, None), None);
    }

    #[test]
    fn flags_of_a_configuration_are_seen() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!configures_flags(folder.path()));
        std::fs::write(folder.path().join("config.toml"), "[build]\nrustflags = '-g'\n").unwrap();
        assert!(configures_flags(folder.path()));
    }
}
