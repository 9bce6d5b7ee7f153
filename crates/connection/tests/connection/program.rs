//! A connector as a program per call, and everything that may go wrong with it.

use std::time::Duration;

use crate::folder::{Folder, SECRET};
use lumos_connection::exchange::{HttpExchange, ProgramRun};
use lumos_connection::rows::CollectedRows;
use lumos_connection::{CallError, CallRequest, RowBatch, RowSink, SinkError};
use lumos_connector_types::capability::marker;
use lumos_connector_types::error::ConnectorErrorCode;
use lumos_connector_types::json::Json;
use lumos_connector_types::payload;
use serde_json::{Value, json};

async fn failure_in(folder: &Folder, capability: &str) -> CallError {
    let connection = folder.open().await;
    let mut rows = CollectedRows::default();
    let failure = connection.call_rows(capability, CallRequest::empty(), &mut rows).await.unwrap_err();
    let said = format!("{failure} {failure:?}");
    assert!(!said.contains(SECRET), "{said}");
    failure
}

async fn failure(capability: &str) -> CallError {
    failure_in(&Folder::program(), capability).await
}

/// A call that has a second.
async fn late_failure(folder: &Folder, capability: &str) -> CallError {
    let connection = folder.open().await;
    let request = CallRequest::empty().timeout(Duration::from_secs(1));
    connection.call(capability, request).await.unwrap_err()
}

fn stderr(error: &CallError) -> String {
    match error {
        CallError::Died { stderr, .. }
        | CallError::Garbage { stderr, .. }
        | CallError::TimedOut { stderr, .. } => stderr.join("\n"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn rows_are_handed_out_and_the_page_ends_with_its_token() {
    let folder = Folder::program();
    let mut rows = CollectedRows::default();
    let end = folder.open().await.call_rows("list_accounts", CallRequest::empty(), &mut rows).await.unwrap();
    assert_eq!(rows.rows, [r#"{"id":"a"}"#, r#"{"id":"b"}"#]);
    assert_eq!((end.next_token(), end.rows), (Some("next"), 2));
    assert!(folder.is_gone("number").await);
}

#[tokio::test]
async fn lists_inside_a_payload_are_rows_by_member() {
    #[derive(Default)]
    struct ByMember(Vec<(String, usize)>);
    impl RowSink for ByMember {
        async fn rows(&mut self, batch: RowBatch) -> Result<(), SinkError> {
            self.0.push((batch.member().unwrap_or_default().to_owned(), batch.len()));
            Ok(())
        }
    }
    let mut rows = ByMember::default();
    let connection = Folder::program();
    let connection = connection.open().await;
    let end = connection.call_rows("find_resource_graph", CallRequest::empty(), &mut rows).await.unwrap();
    assert_eq!(rows.0, [("resources".to_owned(), 2), ("relationships".to_owned(), 1)]);
    assert_eq!(end.members.text(), r#"{"cursor":"c"}"#);
}

#[tokio::test]
async fn the_request_carries_credentials_settings_page_and_limits() {
    let folder = Folder::new("program", "");
    let path = folder.path().join("connection.toml");
    let more = "[settings]\nhost = \"https://a\"\n[limits]\npage_sizes.echo = 7\ncall_timeout = 600\n";
    std::fs::write(&path, std::fs::read_to_string(&path).unwrap() + more).unwrap();
    let connection = folder.open().await;
    let request = CallRequest::new(json!({"a": 1}).into()).page_token("t".to_owned()).include_raw_data();
    let sent: Value = connection.call("echo", request).await.unwrap().response.read().unwrap();
    assert_eq!(
        sent,
        json!({
            "request": {"a": 1},
            "auth": {"basic": {"username": "ada", "password": SECRET}},
            "settings": {"host": "https://a"},
            "page": {"token": "t", "size": 7},
            "include_raw_data": true,
            "rate_limit": {
                "caller_retry_attempt": null, "last_known_state": null, "caller_override_mode": null,
                "max_execution_time": 600
            },
        })
    );
    let bare = CallRequest::empty().without_credentials().without_settings().page_size(3);
    let sent: Value = connection.call("echo", bare).await.unwrap().response.read().unwrap();
    assert_eq!(sent["settings"], Value::Null);
    assert_eq!(sent["page"], json!({"token": null, "size": 3}));
    assert!(sent.get("auth").is_none());
    let whole = CallRequest::empty().whole_body(Json::from(json!({"anything": []})));
    assert_eq!(connection.call("echo", whole).await.unwrap().response.text(), r#"{"anything":[]}"#);
}

#[tokio::test]
async fn a_variable_that_holds_a_secret_is_not_inherited() {
    let folder = Folder::new("program", "environment = { PROXY = \"p\" }");
    let path = folder.path().join("connection.toml");
    let text = std::fs::read_to_string(&path).unwrap().replace("{ file = \"secret\" }", "{ env = \"PATH\" }");
    std::fs::write(&path, text).unwrap();
    let names: Vec<String> =
        folder.open().await.call("environment", CallRequest::empty()).await.unwrap().response.read().unwrap();
    assert!(!names.contains(&"PATH".to_owned()), "{names:?}");
    assert!(names.contains(&"PROXY".to_owned()) && names.contains(&"LUMOS_LOG_TO_STDOUT".to_owned()));
}

#[tokio::test]
async fn a_program_that_cannot_be_started_is_named() {
    let folder = Folder::program();
    let mut file = folder.file();
    file.connector.command = vec!["./no-such-program".to_owned()];
    let connection = folder.try_open(file).await.unwrap();
    let error = connection.call("list_accounts", CallRequest::empty()).await.unwrap_err();
    assert!(matches!(&error, CallError::Start { program, .. } if program == "./no-such-program"), "{error}");
}

#[tokio::test]
async fn garbage_and_noise_around_the_answer_are_errors_with_their_beginning() {
    let garbage = failure("garbage").await;
    assert_eq!(stderr(&garbage), "about to go wrong with [REDACTED]");
    let CallError::Garbage { problem, first, .. } = garbage else { panic!() };
    assert_eq!(problem, "expected a JSON object");
    assert!(first.starts_with("Traceback") && first.contains("[REDACTED]"), "{first}");
    for capability in ["noise_before", "noise_after", "not_an_answer", "large_row"] {
        let error = failure(capability).await;
        assert_eq!(error.kind(), if capability == "large_row" { "too_large" } else { "garbage" }, "{error}");
    }
}

#[tokio::test]
async fn a_program_that_dies_leaves_its_status_and_last_words() {
    let died = failure("dies").await;
    assert_eq!(stderr(&died), "first words\nModuleNotFoundError: No module named 'x', token=[REDACTED]");
    assert!(died.to_string().contains("exit status: 1"), "{died}");
    assert!(died.to_string().contains("ModuleNotFoundError"), "{died}");
    let aborted = failure("dies_midway").await;
    assert!(aborted.to_string().contains("SIGABRT"), "{aborted}");
    for capability in ["ends_midway", "silent", "fails_after_the_answer"] {
        assert_eq!(failure(capability).await.kind(), "died", "{capability}");
    }
}

#[tokio::test]
async fn an_unknown_capability_is_said_to_be_so_when_info_is_known() {
    let folder = Folder::program();
    let connection = folder.open().await;
    let before = connection.call("fly", CallRequest::empty()).await.unwrap_err();
    assert_eq!(before.kind(), "died");
    assert!(connection.info().await.unwrap().has("list_accounts"));
    let after = connection.call("fly", CallRequest::empty()).await.unwrap_err();
    assert!(matches!(after, CallError::NoCapability { .. }), "{after}");
    for name in ["--help", "../x", "", "List"] {
        assert_eq!(connection.call(name, CallRequest::empty()).await.unwrap_err().kind(), "request");
    }
}

#[tokio::test]
async fn a_program_that_hangs_is_killed_with_everything_it_started() {
    let folder = Folder::program();
    let error = late_failure(&folder, "hangs").await;
    assert_eq!(stderr(&error), "waiting for the app");
    assert!(matches!(error, CallError::TimedOut { after, .. } if after == Duration::from_secs(1)));
    assert!(folder.is_gone("number").await && folder.has_ended("other").await);
    assert_eq!(late_failure(&Folder::program(), "hangs_midway").await.kind(), "timed_out");
}

#[tokio::test]
async fn a_program_that_ignores_the_signal_to_end_is_killed() {
    let folder = Folder::program();
    assert_eq!(late_failure(&folder, "ignores_termination").await.kind(), "timed_out");
    assert!(folder.has_ended("number").await);
}

#[tokio::test]
async fn a_call_that_is_dropped_kills_its_program() {
    let folder = Folder::program();
    let connection = folder.open().await;
    let call = connection.call("hangs", CallRequest::empty());
    let started = async {
        while !folder.path().join("other").exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // The number is written in one piece, but after the file is made.
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    tokio::select! {
        answer = call => panic!("{answer:?}"),
        () = started => {}
    }
    assert!(folder.is_gone("number").await && folder.has_ended("other").await);
}

#[tokio::test]
async fn much_on_stderr_and_a_request_that_nobody_reads_do_no_harm() {
    let connection = Folder::program();
    let connection = connection.open().await;
    connection.call("floods_stderr", CallRequest::empty()).await.unwrap();
    let large = CallRequest::new(json!({"text": "x".repeat(5 << 20)}).into());
    connection.call("does_not_read", large).await.unwrap();
}

#[tokio::test]
async fn an_error_envelope_is_an_error_of_the_connector_whatever_the_exit_status() {
    for capability in ["answers_an_error", "answers_an_error_and_fails"] {
        let error = failure(capability).await;
        assert_eq!(error.code(), Some(ConnectorErrorCode::Unauthorized), "{capability}");
        assert_eq!(error.to_string(), "unauthorized: the password [REDACTED] is wrong");
        assert!(error.is_retryable());
        assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    }
}

#[tokio::test]
async fn an_answer_counts_although_something_else_holds_stdout() {
    let folder = Folder::program();
    folder.open().await.call("leaves_another", CallRequest::empty()).await.unwrap();
    assert!(folder.has_ended("other").await);
}

#[tokio::test]
async fn an_answer_of_500_megabytes_streams_through_and_is_too_large_to_be_held() {
    struct Largest(usize, u64);
    impl RowSink for Largest {
        async fn rows(&mut self, batch: RowBatch) -> Result<(), SinkError> {
            self.0 = self.0.max(batch.iter().map(str::len).sum());
            self.1 += batch.len() as u64;
            Ok(())
        }
    }
    let folder = Folder::program();
    let connection = folder.open().await;
    let mut largest = Largest(0, 0);
    let end = connection.call_rows("large", CallRequest::empty(), &mut largest).await.unwrap();
    assert_eq!((end.rows, largest.1), (500_000, 500_000));
    assert!(end.bytes > 500_000_000);
    assert!(largest.0 < 1 << 20, "a batch of {} bytes", largest.0);
    assert_eq!(connection.call("large", CallRequest::empty()).await.unwrap_err().kind(), "too_large");
    assert!(folder.is_gone("number").await);
}

#[tokio::test]
async fn a_sink_that_refuses_ends_the_call() {
    struct Full;
    impl RowSink for Full {
        async fn rows(&mut self, _: RowBatch) -> Result<(), SinkError> {
            Err("the disk is full".into())
        }
    }
    let folder = Folder::program();
    let connection = folder.open().await;
    let error = connection.call_rows("large", CallRequest::empty(), &mut Full).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot take the rows: the disk is full");
    assert!(folder.is_gone("number").await);
}

#[tokio::test]
async fn a_secret_of_the_request_itself_is_redacted_too() {
    let folder = Folder::program();
    let connection = folder.open().await;
    let request = CallRequest::new(json!({"client_id": "c", "client_secret": "open-sesame"}).into());
    assert!(!format!("{request:?}").contains("open-sesame"));
    let error = connection.call("repeats_its_input", request).await.unwrap_err();
    assert!(error.to_string().contains("[REDACTED]"), "{error}");
    assert!(!format!("{error:?}").contains("open-sesame"), "{error:?}");
}

#[tokio::test]
async fn calls_can_be_spawned() {
    fn is_send<T: Send>(_: &T) {}
    let folder = Folder::program();
    let connection = folder.open().await;
    let mut rows = CollectedRows::default();
    is_send(&connection.call("echo", CallRequest::empty()));
    is_send(&connection.call_typed::<marker::ListAccounts>(&payload::ListAccounts::default()));
    is_send(&connection.call_rows("echo", CallRequest::empty(), &mut rows));
    is_send(&connection.info());
    assert_eq!(connection.call("info", CallRequest::empty()).await.unwrap_err().kind(), "request");
}

#[tokio::test]
async fn typed_calls_read_the_type_of_the_capability() {
    let folder = Folder::program();
    let connection = folder.open().await;
    let error =
        connection.call_typed::<marker::ListAccounts>(&payload::ListAccounts::default()).await.unwrap_err();
    assert!(
        error.to_string().contains("response[0].integration_specific_id: required, but not given"),
        "{error}"
    );
}

#[tokio::test]
async fn a_closed_connection_makes_no_calls() {
    let folder = Folder::program();
    let connection = folder.open().await;
    connection.close().await;
    assert!(matches!(connection.call("echo", CallRequest::empty()).await, Err(CallError::Closed)));
}

#[tokio::test]
async fn a_call_is_recorded_and_one_that_made_no_http_request_counts_all_the_same() {
    // A connection in server mode, whose program runs for a recorded call alone.
    for folder in [Folder::program(), Folder::server()] {
        let connection = folder.open().await;
        assert!(connection.can_record().await);
        let file = folder.path().join("recording.json");
        let request = CallRequest::empty().record(file.clone());
        let answer = connection.call("list_accounts", request.clone()).await.unwrap();
        assert_eq!(answer.response.text(), r#"[{"id":"a"},{"id":"b"}]"#);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), r#"{"exchanges":[]}"#);
        std::fs::remove_file(&file).unwrap();
        connection.call("echo", request).await.unwrap();
        assert!(!file.exists() && !folder.path().join("server").exists());
    }
}

#[tokio::test]
async fn raw_output_is_printed_without_what_is_in_it() {
    let folder = Folder::program();
    let connection = folder.open().await;
    let body = connection.envelope("echo", CallRequest::empty());
    assert!(body.expose().contains(SECRET));
    let run = ProgramRun::call("echo", body.clone()).variable("ACME_PASSWORD", SECRET);
    assert!(!format!("{run:?}").contains(SECRET));
    let output = connection.run_program(run).await.unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains(SECRET));
    assert!(!format!("{output:?} {output:#?}").contains(SECRET));

    let folder = Folder::server();
    let connection = folder.open().await;
    let request = HttpExchange::call("echo", &body);
    assert!(!format!("{request:?}").contains(SECRET));
    let output = connection.send_http(request).await.unwrap();
    assert!(String::from_utf8_lossy(&output.body).contains(SECRET));
    assert!(!format!("{output:?} {output:#?}").contains(SECRET));
    connection.close().await;
}
