//! `connector sync` against connectors as programs and servers: healthy ones, one with every fault there is, and a sync
//! that is killed again and again.

mod faults;
mod kill;
mod whole;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::harness::stage::Stage;

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    stage.build(&["lumos-connector-cli", "lumos-mock-connector", "lumos-conformance-faulty-connector"])?;
    whole::run(stage)?;
    faults::run(stage)?;
    kill::run(stage)
}

/// A connection file in a folder of its own, and the tool that works with it.
struct Connection {
    folder: tempfile::TempDir,
    tool: PathBuf,
}

/// What a run of `connector sync --json` said at its end.
struct Ended {
    status: Option<i32>,
    last: Value,
    stderr: String,
}

impl Connection {
    fn new(stage: &Stage, file: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("tenant.toml"), file)?;
        Ok(Self { folder, tool: stage.binary("connector") })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.tool);
        command.args(arguments).current_dir(self.folder.path()).env("TENANT_PASSWORD", "e2e-password");
        command
    }

    fn output(&self, arguments: &[&str]) -> Result<Output> {
        self.command(arguments).output().with_context(|| format!("running connector {}", arguments.join(" ")))
    }

    fn sync(&self, more: &[&str]) -> Result<Ended> {
        let arguments = [&["sync", "tenant.toml", "--json"], more].concat();
        let output = self.output(&arguments)?;
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let last = stdout.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        Ok(Ended { status: output.status.code(), last, stderr })
    }

    /// Every row of the latest sync, in the order of the text.
    fn rows(&self, store: &str) -> Result<Vec<String>> {
        let folder = self.path("rows");
        self.output(&["export", store, "rows"])?;
        let mut rows = Vec::new();
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            rows.extend(fs::read_to_string(&path)?.lines().map(|line| format!("{name} {line}")));
        }
        fs::remove_dir_all(&folder)?;
        rows.sort();
        Ok(rows)
    }
}

impl Ended {
    fn of<'a>(&'a self, listing: &str, field: &str) -> &'a Value {
        let listings = self.last["listings"].as_array().map(Vec::as_slice).unwrap_or_default();
        let found = listings.iter().find(|it| it["listing"] == listing);
        found.map_or(&Value::Null, |listing| &listing[field])
    }
}

/// The mock connector's tenant of so many accounts.
fn mock(binary: &Path, mode: &str, accounts: usize) -> String {
    format!(
        "[connector]\ncommand = [{binary:?}]\nmode = \"{mode}\"\n\n\
         [auth.basic]\nusername = \"e2e\"\npassword = {{ env = \"TENANT_PASSWORD\" }}\n\n\
         [settings]\nhost = \"acme.test\"\naccount_count = {accounts}\n"
    )
}
