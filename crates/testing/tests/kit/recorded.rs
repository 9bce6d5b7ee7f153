//! Calls that are recorded become cases, and are replayed without the app.

use std::path::PathBuf;

use lumos_connector::core::recording::{Recorder, Recording, Replay, comparable};
use lumos_connector::prelude::capability;
use lumos_connector::types::capability::Capability;
use lumos_connector_testing::prelude::*;
use tempfile::TempDir;

use crate::acme::{integration, suite};

const PASSWORD: &str = "correct horse/ü";

fn request(url: &str, payload: Value) -> Value {
    json!({
        "auth": {"basic": {"username": "ada", "password": PASSWORD}}, "request": payload,
        "settings": {"base_url": format!("{url}/v1")}, "page": {"size": 2},
        "rate_limit": {"caller_override_mode": "bypass"},
    })
}

/// The recording of a call to an app.
async fn record<C: Capability>(_: C, payload: Value, exchanges: Vec<Exchange>) -> Recording {
    let app = Upstream::start(exchanges).await.unwrap();
    let recorder = Recorder::default();
    let host = lumos_connector_client::host().record_http(recorder.clone()).unwrap().build();
    let connector = integration().unwrap();
    let request = request(app.url(), payload).to_string();
    let answer = connector.dispatch(&host, C::NAME, &request).await.into_bytes().await.unwrap();
    app.finish().unwrap();
    connector.recording(C::NAME, &request, recorder.take(), &answer).unwrap()
}

async fn page() -> Recording {
    let users = json!([
        {"id": "7", "email": "grace@acme.test", "token": "a-token-of-hers", "note": "grace@acme.test is her address"},
        {"id": "grace@acme.test", "email": null},
    ]);
    let answer = answer(200).header("set-cookie", "session=of-this-call").header("x-kept", "yes").json(users);
    record(capability::ListAccounts, json!({}), vec![get("/v1/users?limit=2&offset=0").answers(answer)]).await
}

/// A folder with a recording in it, changed as a text.
fn file(recording: &Recording, change: impl Fn(String) -> String) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("first page.json");
    std::fs::write(&path, change(serde_json::to_string_pretty(recording).unwrap())).unwrap();
    (folder, path)
}

#[tokio::test]
async fn a_recording_holds_no_secret_and_what_belongs_together_still_does() {
    let recording = page().await;
    let text = serde_json::to_string(&recording).unwrap();
    for secret in ["correct", "horse", "grace@", "a-token", "of-this-call", "YWRhOm"] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    assert_eq!(
        recording.request["auth"]["basic"],
        json!({"username": "ada", "password": "recorded-1-secret"})
    );
    let exchange = serde_json::to_value(&recording.exchanges[0]).unwrap();
    assert_eq!(exchange["request"]["path"], "/v1/users");
    assert_eq!(exchange["request"]["headers"], json!({"authorization": {"scheme": "Basic"}}));
    let body = &exchange["answer"]["body"]["json"];
    assert_eq!(body[0]["email"], body[1]["id"], "{body}");
    assert_eq!(body[0]["note"], format!("{} is her address", body[0]["email"].as_str().unwrap()));
    assert_eq!(recording.answer["response"][0]["email"], body[0]["email"]);
}

#[tokio::test]
async fn a_recording_is_replayed_without_the_app() {
    let mut recording = page().await;
    let replayed = async |recording: &Recording| {
        let replay = Replay::new(recording.exchanges.clone());
        let host = lumos_connector_client::host().replay_http(replay.clone()).unwrap().build();
        let answer =
            integration().unwrap().dispatch(&host, "list_accounts", &recording.request.to_string()).await;
        let answer: Value = serde_json::from_slice(&answer.into_bytes().await.unwrap()).unwrap();
        (comparable(&answer), replay.differences())
    };
    assert_eq!(replayed(&recording).await, (recording.answer.clone(), Vec::new()));
    recording.request["page"]["size"] = json!(3);
    let (answer, differences) = replayed(&recording).await;
    assert_eq!(answer["error"]["message"], "The recording has no answer to GET /v1/users?limit&offset");
    assert_eq!(
        differences,
        [
            "GET /v1/users?limit&offset was not recorded",
            "GET /v1/users?limit&offset was recorded, but not sent"
        ]
    );
}

#[test]
fn a_recording_is_a_case_in_which_a_planted_change_is_seen() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let recording = runtime.block_on(page());
    let verdict = |from: &str, to: &str| {
        let (folder, path) = file(&recording, |text| {
            assert!(text.contains(from), "{from} is not in {text}");
            text.replacen(from, to, 1)
        });
        assert!(path.exists());
        suite(recordings(folder.path()))
            .check()
            .err()
            .map(|failures| failures.to_string())
            .unwrap_or_default()
    };
    assert_eq!(verdict("ada", "ada"), "");
    for (from, to, problem) in [
        (
            "\"scheme\": \"Basic\"",
            "\"scheme\": \"Bearer\"",
            "expected the scheme Bearer, got the scheme Basic",
        ),
        ("\"path\": \"/v1/users\"", "\"path\": \"/v2/users\"", "expected /v2/users, got /v1/users"),
        ("\"size\": 2", "\"size\": 1", "query limit: expected \"2\", got \"1\""),
        ("\"status\": 200", "\"status\": 403", "answer"),
        (
            "\"integration_specific_id\": \"7\"",
            "\"integration_specific_id\": \"8\"",
            "expected \"8\", got \"7\"",
        ),
    ] {
        let verdict = verdict(from, to);
        assert!(verdict.contains("list_accounts::first_page") && verdict.contains(problem), "{verdict}");
    }
}

#[test]
fn a_failure_that_was_recorded_happens_again() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let recording = runtime.block_on(record(
        capability::GetAccount,
        json!({"account_id": "7"}),
        vec![get("/v1/users/7").any_times().answers(Fault::Truncated)],
    ));
    assert_eq!(recording.answer["error"]["error_code"], "connection_closed", "{recording:?}");
    let (_folder, path) = file(&recording, |text| text);
    let failures =
        suite([recorded(&path)]).check().err().map(|failures| failures.to_string()).unwrap_or_default();
    assert_eq!(failures, "");
}

#[test]
fn a_file_that_is_not_a_recording_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd.json");
    std::fs::write(&path, "{}").unwrap();
    for case in [recorded(&path), recorded(folder.path().join("none.json"))] {
        let failures = suite([case]).check().unwrap_err().to_string();
        assert!(failures.contains("cannot be read"), "{failures}");
    }
}
