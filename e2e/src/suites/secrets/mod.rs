//! A recognisable secret in every field of every credential and of OAuth: it appears in no log, error or usage message
//! of any twin, however malformed the request around it is.

mod echo_provider;
mod planted;

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use ureq::Agent;

use crate::harness::connector::Connector;
use crate::harness::server::{Server, free_port, listens};
use crate::harness::stage::Stage;
use echo_provider::EchoProvider;
use planted::{SECRET, requests};
use xtask::twin::{TWINS, Twin};

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    let packages: Vec<_> = TWINS.iter().map(|twin| twin.package).collect();
    stage.build(&packages)?;
    let provider =
        stage.step("started a provider that repeats what it is sent", |_| EchoProvider::start())?;

    stage.check("the search finds a secret that a twin gives away as it should", |stage| {
        let request = json!({
            "request": {"account_id": "a"},
            "credentials": [{"id": "oauth_main", "oauth": {"access_token": SECRET}}],
            "settings": {"workspace": "acme", "api_secret": "s"},
        });
        let answer = stage.connector("multi-auth-mock")?.response("get_account", &request)?;
        ensure!(shows(&answer.to_string()), "the access token is not in {answer}");
        Ok(())
    });
    for twin in TWINS {
        let mut calls = 0;
        let searched = search(stage, twin, &provider, &mut calls);
        stage.check(format!("{}: {calls} calls, and the secret is nowhere", twin.name), |_| searched);
    }
    Ok(())
}

/// Calls every capability of a twin in every way that was thought of, on the command line and over HTTP.
fn search(stage: &Stage, twin: &Twin, provider: &EchoProvider, calls: &mut usize) -> Result<()> {
    let connector = stage.connector(twin.binary)?;
    let info = connector.info()?["response"].take();
    let port = free_port()?;
    let mut command = Command::new(stage.binary(twin.binary));
    command.args(["dev", "http-server", "--port", &port.to_string()]).envs(connector.environment());
    let log = stage.cache("logs")?.join(format!("{}.log", twin.binary));
    let server = Server::start(&mut command, &log, || listens(port))?;
    let agent = agent();

    for capability in info["capabilities"].as_array().context("no capabilities in info")? {
        let capability = capability.as_str().unwrap_or_default();
        for request in requests(capability, &info, &provider.address()) {
            on_the_command_line(&connector, capability, &request)?;
            let mut answer = agent.post(format!("http://127.0.0.1:{port}/{capability}")).send(&request)?;
            check_answer(capability, &request, &answer.body_mut().read_to_string()?)?;
            *calls += 2;
        }
        let request = json!({"auth": {"token": {"token": SECRET}}}).to_string();
        for arguments in [vec![&request[..]], vec![capability, &request], vec![capability, "--jsn", &request]]
        {
            let output = connector.run(&arguments)?;
            ensure!(!shows(&output.stdout) && !shows(&output.stderr), "usage: {}", output.stderr);
            *calls += 1;
        }
    }
    ensure!(!shows(&server.output()), "in the server's log:\n{}", line_of(&server.output()));
    Ok(())
}

fn on_the_command_line(connector: &Connector, capability: &str, request: &str) -> Result<()> {
    let output = connector.run(&[capability, "--json", request])?;
    ensure!(!shows(&output.stderr), "in the log of {capability} for {request}:\n{}", line_of(&output.stderr));
    check_answer(capability, request, &output.stdout)
}

/// A success may hold what was asked for; an error holds nothing that was sent.
fn check_answer(capability: &str, request: &str, answer: &str) -> Result<()> {
    let is_success =
        serde_json::from_str::<Value>(answer).is_ok_and(|answer| answer.get("response").is_some());
    ensure!(is_success || !shows(answer), "in the answer of {capability} to {request}:\n{answer}");
    Ok(())
}

/// Whether the secret is in a text, as it is or encoded.
fn shows(text: &str) -> bool {
    planted::FORMS.iter().any(|form| text.contains(form))
}

/// The line of a log that holds the secret.
fn line_of(log: &str) -> &str {
    log.lines().find(|line| shows(line)).unwrap_or_default()
}

/// An agent for which every status is an answer.
fn agent() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(60)))
        .build()
        .into()
}
