//! Input that is broken, huge or strange: a clear answer or message, a clean exit, nothing left behind.

use std::process::Stdio;
use std::{fs, io::Read};

use crate::{Finished, GOOD, Mock};

/// The message of the error envelope that a request file gets.
fn refused(content: impl AsRef<[u8]>) -> String {
    let mock = Mock::new();
    let file = mock.file("in.json", content);
    let finished = mock.run(&["list_accounts", "--json-file", &file]);
    assert_eq!(finished.error_code(), "bad_request");
    finished.json()["error"]["message"].as_str().unwrap().to_owned()
}

fn with_page(page: &str) -> String {
    format!("{},\"page\":{page}}}", GOOD.strip_suffix('}').unwrap())
}

#[test]
fn truncated_json_is_refused_with_its_position() {
    assert!(refused(&GOOD[..GOOD.len() - 1]).contains("line 1 column"));
}

#[test]
fn fifty_megabytes_of_brackets_are_refused() {
    assert!(refused("[".repeat(50 * 1024 * 1024)).contains("not valid JSON"));
}

#[test]
fn nesting_is_accepted_to_100_levels_and_refused_at_1000() {
    let nested = |levels: usize| {
        GOOD.replace("\"host\"", &format!("\"deep\":{}{},\"host\"", "[".repeat(levels), "]".repeat(levels)))
    };
    let mock = Mock::new();
    assert_eq!(mock.run(&["validate_credentials", "--json", &nested(100)]).json()["response"]["valid"], true);
    refused(nested(1000));
}

#[test]
fn lone_surrogates_and_bytes_of_zero_are_refused() {
    refused(GOOD.replace("google.com", "\\ud83d"));
    refused(format!("{GOOD}\0"));
    refused(GOOD.replace("google.com", "a\0b"));
}

#[test]
fn a_wrong_type_deep_inside_is_named_by_its_path() {
    assert!(refused(with_page(r#"{"size":{"a":[1]}}"#)).contains("page.size"));
    assert!(refused(GOOD.replace("\"bar\"", "[1]")).contains("auth.basic.password"));
    assert!(
        refused(GOOD.replace("{}", r#"{"custom_attributes":["a",5]}"#))
            .contains("request.custom_attributes[1]")
    );
}

#[test]
fn a_huge_string_where_a_number_belongs_is_not_repeated() {
    let message = refused(with_page(&format!(r#"{{"size":"{}"}}"#, "9".repeat(300 * 1024))));
    assert!(message.len() < 200 && message.contains("page.size"), "{} characters", message.len());
}

#[test]
fn secrets_are_not_repeated_by_errors() {
    assert!(!refused(GOOD.replace("\"foo\"", "5").replace("bar", "hunter2")).contains("hunter2"));
    assert!(!refused(GOOD.replace("\"bar\"", "{\"x\":\"hunter2\"}")).contains("hunter2"));
}

#[test]
fn the_last_of_duplicate_keys_counts() {
    let request = GOOD.replace("\"request\":{}", "\"request\":null,\"request\":{}");
    assert_eq!(
        Mock::new().run(&["validate_credentials", "--json", &request]).json()["response"]["valid"],
        true
    );
    refused(GOOD.replace("\"request\":{}", "\"request\":{},\"request\":null"));
}

#[test]
fn a_missing_or_unreadable_request_file_ends_with_status_1() {
    let mock = Mock::new();
    let latin = mock.file("latin.json", b"{\"request\": \"\xff\"}");
    for file in ["none.json", ".", &latin] {
        let finished = mock.run(&["list_accounts", "--json-file", file]);
        assert_eq!((finished.status, finished.stdout.as_str()), (Some(1), ""), "{file}");
        assert!(finished.stderr.contains("hint:") && finished.stderr.contains(file), "{}", finished.stderr);
    }
    assert_eq!(mock.run(&["list_accounts", "--json", ""]).status, Some(1));
}

#[test]
fn whoever_stops_reading_is_no_error() {
    let request = format!("{},\"page\":{{\"size\":50000}}}}", GOOD.strip_suffix('}').unwrap());
    let request = request.replace("\"host\"", "\"account_count\":50000,\"host\"");
    let mock = Mock::new();
    let mut child = mock
        .command()
        .args(["list_accounts", "--json", &request])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 10]).unwrap();
    drop(stdout);
    let finished = Finished::from(child.wait_with_output().unwrap());
    assert_eq!((finished.status, finished.stderr.as_str()), (Some(0), ""));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_stdout_ends_with_status_1() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mock = Mock::new();
    let output = mock.command().args(["validate_credentials", "--json", GOOD]).stdout(full).output().unwrap();
    let finished = Finished::from(output);
    assert_eq!(finished.status, Some(1));
    assert!(finished.stderr.contains("stdout"), "{}", finished.stderr);
}
