//! A tenant read whole by `connector sync`: its verdict, and the rows of each listing.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

use super::connection::Connection;
use super::install::succeed;
use super::stage::Stage;

/// The two ways in which the tool starts a connector: once for each call, and as a server of its own.
pub(crate) const MODES: [&str; 2] = ["program", "server"];

/// The rows of a sync whose every listing is complete.
#[derive(Debug)]
pub(crate) struct SyncedTenant {
    folder: TempDir,
    listings: Vec<Value>,
}

impl SyncedTenant {
    /// Reads the tenant of a connection whole, in pages of a size. The binary of `connector` must have been built.
    pub(crate) fn of(stage: &Stage, lumos: &Connection, mode: &str, page_size: usize) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("tenant.toml"), lumos.file(mode, page_size)?)?;
        let tool = stage.binary("connector");
        let mut sync = Command::new(&tool);
        sync.current_dir(folder.path()).args(["sync", "tenant.toml", "--allow-literal-secrets", "--json"]);
        let output = sync.output().context("starting connector sync")?;
        let stdout = String::from_utf8(output.stdout)?;
        let last: Value = stdout.lines().last().map(serde_json::from_str).transpose()?.unwrap_or_default();
        let stderr = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "connector sync ended with {}: {last} {stderr}", output.status);
        let mut export = Command::new(&tool);
        succeed(export.current_dir(folder.path()).args(["export", "tenant.db", "rows"]))?;
        let listings = last["listings"].as_array().cloned().context("no listings")?;
        Ok(Self { folder, listings })
    }

    /// The rows of a listing, by the name of its capability.
    pub(crate) fn list(&self, capability: &str) -> Result<Vec<Value>> {
        let listing = self.listings.iter().find(|listing| listing["capability"] == capability);
        let label = listing.and_then(|listing| listing["listing"].as_str());
        let label = label.with_context(|| format!("{capability} was not read"))?;
        let path = self.folder.path().join("rows").join(format!("{label}.ndjson"));
        let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        text.lines().map(|line| serde_json::from_str(line).context("a row")).collect()
    }
}
