//! Requests that a fuzzer makes of the OpenAPI document, sent to the server.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::openapi::correct;
use crate::harness::install::{output, python};
use crate::harness::server::{Server, free_port, listens};
use crate::harness::stage::Stage;
use xtask::twin::TWINS;

const SCHEMATHESIS: &str = "schemathesis==4.32.5";

/// Our own checks, as a module beside the document.
const HOOKS: &str = include_str!("schemathesis_hooks.py");

/// Requests for each capability in each phase, in CI and with `--full`.
const EXAMPLES: [&str; 2] = ["15", "400"];

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    let twins: Vec<_> =
        TWINS.iter().filter(|twin| ["mock_connector", "multi_auth_mock"].contains(&twin.name)).collect();
    let packages: Vec<_> = twins.iter().map(|twin| twin.package).collect();
    stage.build(&packages)?;
    let python = stage.step(format!("installed {SCHEMATHESIS}"), |stage| python(stage, &[SCHEMATHESIS]))?;
    let folder = stage.cache("schemathesis")?;
    std::fs::write(folder.join("hooks.py"), HOOKS).context("writing the hooks")?;
    for twin in twins {
        let port = free_port()?;
        let mut command = Command::new(stage.binary(twin.binary));
        command
            .args(["serve", "--port", &port.to_string()])
            .env("LUMOS_LOG_TO_STDOUT", "true")
            .current_dir(&folder);
        let server =
            Server::start(&mut command, &folder.join(format!("{}.log", twin.name)), || listens(port))?;
        let document = folder.join(format!("{}.json", twin.name));
        stage.step(format!("the document of {} says what is on the wire", twin.name), |stage| {
            let mut answer = stage.connector(twin.binary)?.response("app_info", &json!({"request": {}}))?;
            let mut schema = answer["app_schema"].take();
            correct(&mut schema);
            envelopes(&mut schema)?;
            std::fs::write(&document, serde_json::to_vec_pretty(&schema)?).context("writing the document")
        })?;
        stage.check(
            format!("{} answers whatever is sent: no 5xx, answers as described", twin.name),
            |stage| {
                let mut fuzzer = Command::new(&python);
                fuzzer
                    .args(["-m", "schemathesis.cli", "run"])
                    .arg(&document)
                    .args(["--url", &format!("http://127.0.0.1:{port}")])
                    .args([
                        "--checks",
                        "no_server_error,content_type_conformance,response_schema_conformance",
                    ])
                    .args(["--phases", "examples,coverage,fuzzing", "--mode", "all"])
                    .args([
                        "--max-examples",
                        EXAMPLES[usize::from(stage.is_full())],
                        "--seed",
                        "1",
                        "--no-color",
                        "--suppress-health-check",
                        "all",
                    ])
                    .env("SCHEMATHESIS_HOOKS", "hooks")
                    .env("PYTHONPATH", &folder)
                    .current_dir(&folder);
                let report = output(&mut fuzzer)?;
                let report = String::from_utf8_lossy(&report.stdout).into_owned();
                let counts = report
                    .lines()
                    .find(|line| line.contains(" generated"))
                    .context("no count of requests")?;
                println!("      {}", counts.trim());
                Ok(())
            },
        );
        stage.check(format!("{} is still well, and none of its handlers panicked", twin.name), |_| {
            ensure!(listens(port), "it is gone");
            ensure!(!server.output().contains("panicked"), "{}", server.output());
            Ok(())
        });
    }
    Ok(())
}

/// The document describes payloads, as the contract asks for; on the wire they stand in an envelope.
fn envelopes(document: &mut Value) -> Result<()> {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut).context("no paths")?;
    for operation in paths.values_mut() {
        let schema = operation
            .pointer_mut("/post/responses/200/content/application~1json/schema")
            .context("an operation without an answer")?;
        let payload = schema.take();
        let error =
            json!({"type": "object", "required": ["error_code", "message", "app_id", "error_metadata"]});
        *schema = json!({"oneOf": [
            {"type": "object", "required": ["response"], "properties": {"response": payload}},
            {"type": "object", "required": ["is_error", "error"], "properties": {"error": error}}
        ]});
    }
    Ok(())
}
