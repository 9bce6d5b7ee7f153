//! Answers on stdout.

use crate::{GOOD, Mock};

#[test]
fn the_answer_is_one_compact_line() {
    let finished = Mock::new().run(&["validate_credentials", "--json", GOOD]);
    assert_eq!(
        finished.stdout,
        "{\"response\":{\"valid\":true,\"unique_tenant_id\":\"mock-connector-tenant-id\"},\"raw_data\":null,\
         \"page\":null,\"rate_limit\":null,\"execution_summary\":null}\n"
    );
    assert_eq!((finished.status, finished.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_request_may_come_from_a_file_with_quotes_around_its_name() {
    let mock = Mock::new();
    let file = mock.file("in.json", GOOD);
    for path in [file.clone(), format!("'{file}'"), format!("\"{file}\"")] {
        let finished = mock.run(&["validate_credentials", "--json-file", &path]);
        assert_eq!(finished.json()["response"]["valid"], true);
    }
}

#[test]
fn info_is_json_with_sorted_keys_and_ascii_only() {
    let finished = Mock::new().run(&["info"]);
    assert!(finished.stdout.is_ascii());
    assert!(finished.stdout.starts_with("{\"execution_summary\": null, \"page\": null, "));
    assert_eq!(finished.json()["response"]["app_id"], "mock-connector");
}

#[test]
fn an_error_is_an_answer_unless_the_exit_status_is_asked_for() {
    let mock = Mock::new();
    let bad = "{\"request\":{}}";
    assert_eq!(mock.run(&["validate_credentials", "--json", bad]).error_code(), "bad_request");
    let finished = mock.run(&["validate_credentials", "--json", bad, "--exit-code"]);
    assert_eq!(finished.status, Some(3));
    assert_eq!(finished.json()["is_error"], true);
    assert_eq!(mock.run(&["validate_credentials", "--json", GOOD, "--exit-code"]).status, Some(0));
}

#[test]
fn nothing_is_logged_when_there_is_nothing_to_log() {
    let mock = Mock::new();
    mock.run(&["validate_credentials", "--json", GOOD]);
    assert!(!mock.path().join("logs").exists());
}

#[test]
fn arguments_are_logged_without_their_secrets() {
    let mock = Mock::new();
    let request =
        GOOD.replace("\"bar\"", "\"hunter2\"").replace("\"host\"", "\"api_key\":\"hunter2\",\"host\"");
    let run = mock
        .command()
        .env("LUMOS_LOG_LEVEL", "INFO")
        .env("LUMOS_LOG_TO_STDOUT", "true")
        .args(["validate_credentials", "--json", &request])
        .output()
        .unwrap();
    let stderr = String::from_utf8(run.stderr).unwrap();
    assert!(
        stderr.contains("INFO") && stderr.contains("google.com") && stderr.contains("REDACTED"),
        "{stderr}"
    );
    assert!(!stderr.contains("hunter2"), "{stderr}");
}

#[test]
fn errors_go_to_a_log_file_of_the_day() {
    let mock = Mock::new();
    let request = GOOD.replace("\"host\"", "\"fail_with\":\"ValueError\",\"host\"");
    let run = mock
        .command()
        .env("LUMOS_LOG_DIRECTORY", mock.path().join("a/b"))
        .args(["validate_credentials", "--json", &request])
        .output()
        .unwrap();
    assert!(run.stderr.is_empty());
    let logs: Vec<_> =
        std::fs::read_dir(mock.path().join("a/b")).unwrap().map(|entry| entry.unwrap()).collect();
    let [log] = logs.as_slice() else { panic!("{logs:?}") };
    assert!(log.file_name().to_str().unwrap().starts_with("mock-connector_20"));
    assert!(std::fs::read_to_string(log.path()).unwrap().contains(" ERROR "));
}

#[test]
fn an_unknown_log_level_stops_the_program_before_it_answers() {
    let run = Mock::new()
        .command()
        .env("LUMOS_LOG_LEVEL", "info")
        .args(["validate_credentials", "--json", GOOD])
        .output()
        .unwrap();
    assert_eq!((run.status.code(), run.stdout.len()), (Some(1), 0));
    assert!(String::from_utf8(run.stderr).unwrap().contains("LUMOS_LOG_LEVEL"));
}

#[test]
fn a_request_is_read_from_standard_input_where_no_list_of_processes_shows_it() {
    let answer = Mock::new().run_with_input(&["validate_credentials", "--json-file", "-"], GOOD);
    assert_eq!(answer.json()["response"]["valid"], true, "{}", answer.stderr);
}
