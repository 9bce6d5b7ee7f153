//! `/docs` in Chromium without a network: a capability is called by hand, and its answer is read.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::harness::install::{apt, output, python};
use crate::harness::server::{Server, free_port, listens};
use crate::harness::stage::Stage;

const PLAYWRIGHT: &str = "playwright==1.65.2";
const SCRIPT: &str = include_str!("docs.py");
const REQUEST: &str =
    r#"{"auth":{"basic":{"username":"foo","password":"bar"}},"request":{},"settings":{"host":"acme.test"}}"#;

/// What the browser saw.
#[derive(Deserialize)]
struct Seen {
    /// Everything that it asked for.
    requests: Vec<String>,
    /// What it wrote on its console: broken scripts, and what the policy of the page forbids.
    complaints: Vec<String>,
    answer: String,
    title: String,
}

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    stage.build(&["lumos-mock-connector"])?;
    let python = stage.step(format!("installed {PLAYWRIGHT} and chromium"), |stage| {
        apt(&["chromium"])?;
        python(stage, &[PLAYWRIGHT])
    })?;
    let folder = stage.cache("docs")?;
    let port = free_port()?;
    let mut command = Command::new(stage.binary("mock-connector"));
    command.args(["serve", "--port", &port.to_string()]).current_dir(&folder);
    let _server = Server::start(&mut command, &folder.join("server.log"), || listens(port))?;

    let base = format!("http://127.0.0.1:{port}");
    let screenshot = folder.join("docs.png");
    let seen: Seen = stage.step("opened /docs and called validate_credentials", |_| {
        let mut browser = Command::new(&python);
        browser.args(["-c", SCRIPT, &base, "validate_credentials", REQUEST]).arg(&screenshot);
        serde_json::from_slice(&output(&mut browser)?.stdout).context("the browser said nothing that is JSON")
    })?;
    stage.check("the answer is on the page", |_| {
        ensure!(seen.answer.contains("mock-connector-tenant-id"), "it shows {}", seen.answer);
        Ok(())
    });
    stage.check("the page has the connector's name", |_| {
        ensure!(seen.title.starts_with("Mock Connector"), "it is {:?}", seen.title);
        Ok(())
    });
    stage.check("nothing was asked of another host", |_| {
        let other = seen.requests.iter().find(|url| !url.starts_with(&base) && !url.starts_with("data:"));
        ensure!(other.is_none(), "{other:?}");
        Ok(())
    });
    stage.check("the browser has no complaint, the content security policy included", |_| {
        ensure!(seen.complaints.is_empty(), "{:#?}", seen.complaints);
        Ok(())
    });
    stage.check(format!("a screenshot is in {}", screenshot.display()), |_| {
        ensure!(std::fs::metadata(&screenshot)?.len() > 10_000, "it is too small to show anything");
        Ok(())
    });
    Ok(())
}
