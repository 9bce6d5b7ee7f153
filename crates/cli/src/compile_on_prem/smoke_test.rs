//! The archive, unpacked and started as the agent does: in a clean folder, with nothing in the environment.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use lumos_connector_runtime::failure::Failure;
use serde_json::Value;

use super::archive::{self, Format};
use super::metadata::{self, Metadata};

/// The app id that an executable says it has; `None` when it does not answer as a connector does.
pub(super) fn app_id(executable: &Path) -> Option<String> {
    let folder = tempfile::tempdir().ok()?;
    let output = info(executable, folder.path()).ok()?;
    let info: Value = serde_json::from_slice(&output.stdout).ok()?;
    info["response"]["app_id"].as_str().map(str::to_owned)
}

/// Runs `info` in a folder, with nothing in the environment.
fn info(executable: &Path, folder: &Path) -> std::io::Result<Output> {
    Command::new(executable).arg("info").env_clear().current_dir(folder).stdin(Stdio::null()).output()
}

/// Runs `info` from the archive and compares it with the metadata; how long `info` took.
pub(super) fn perform(path: &Path, format: Format, expected: &Metadata) -> Result<Duration, Failure> {
    let folder = tempfile::tempdir()
        .map_err(|error| Failure::new(format!("cannot make a temporary folder: {error}")))?;
    archive::unpack(path, format, folder.path())?;
    let text = std::fs::read_to_string(folder.path().join(metadata::FILE)).unwrap_or_default();
    if text != expected.text() {
        return Err(failed(path, &format!("{} is not what was packed", metadata::FILE)));
    }
    let start = Instant::now();
    let output = info(&folder.path().join(format.executable()), folder.path())
        .map_err(|error| failed(path, &format!("its executable does not start: {error}")))?;
    let took = start.elapsed();
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(failed(path, &format!("info ended with {}: {}", output.status, said.trim())));
    }
    let info: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| failed(path, &format!("info printed no JSON: {error}")))?;
    compare(&info["response"], expected).map_err(|difference| failed(path, &difference))?;
    Ok(took)
}

fn compare(info: &Value, expected: &Metadata) -> Result<(), String> {
    let app_id = info["app_id"].as_str().unwrap_or_default();
    if metadata::bare(app_id) != expected.app_id {
        return Err(format!("--app-id is {:?}, but the connector says {app_id:?}", expected.app_id));
    }
    let version = info["version"].as_str().unwrap_or_default();
    if version != expected.version {
        return Err(format!(
            "the package has version {:?}, but the connector says {version:?}",
            expected.version
        ));
    }
    Ok(())
}

fn failed(path: &Path, difference: &str) -> Failure {
    Failure::new(format!("the check of {} failed: {difference}", path.display()))
        .advice("the agent would refuse or misname this connector; correct it and package again")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_mark_of_the_agent_makes_no_difference() {
        let expected = Metadata::new("acme_on_prem", "1.0.0");
        for app_id in ["acme", "acme_on_prem"] {
            assert_eq!(compare(&json!({"app_id": app_id, "version": "1.0.0"}), &expected), Ok(()));
        }
    }

    #[test]
    fn another_app_or_version_is_a_difference() {
        let expected = Metadata::new("acme", "1.0.0");
        for info in [
            json!({"app_id": "other", "version": "1.0.0"}),
            json!({"app_id": "acme", "version": "1.0.1"}),
            json!({}),
        ] {
            assert!(compare(&info, &expected).is_err(), "{info}");
        }
    }
}
