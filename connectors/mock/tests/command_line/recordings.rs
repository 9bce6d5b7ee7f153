//! Recordings: what is said when there is nothing to record or to replay. That they work is shown where a connector talks
//! to an app.

use crate::{GOOD, Mock};

#[test]
fn a_call_without_a_request_to_the_app_is_answered_and_leaves_no_file() {
    let mock = Mock::new();
    let finished = mock.run(&["validate_credentials", "--json", GOOD, "--record", "call.json"]);
    assert_eq!(finished.status, Some(1));
    assert!(finished.json()["response"]["valid"] == true);
    assert!(finished.stderr.contains("validate_credentials made no HTTP request"), "{}", finished.stderr);
    assert!(mock.files().is_empty());
}

#[test]
fn a_place_that_cannot_be_written_is_refused_before_anything_runs() {
    let mock = Mock::new();
    std::fs::create_dir(mock.path().join("folder")).unwrap();
    for path in ["no/such/folder/call.json", "folder"] {
        let finished = mock.run(&["validate_credentials", "--json", GOOD, "--record", path]);
        assert_eq!((finished.status, finished.stdout.as_str()), (Some(1), ""));
        assert!(finished.stderr.contains("cannot write the recording"), "{}", finished.stderr);
    }
    assert_eq!(mock.files(), ["folder"]);
}

#[test]
fn what_is_not_a_recording_of_this_connector_is_not_replayed() {
    let mock = Mock::new();
    let other = r#"{"capability":"fly","request":{},"exchanges":[],"answer":{}}"#;
    for (content, said) in [("{}", "cannot read the recording"), (other, "there is no capability 'fly'")] {
        let file = mock.file("call.json", content);
        let finished = mock.run(&["dev", "replay", &file]);
        assert_eq!((finished.status, finished.stdout.as_str()), (Some(1), ""));
        assert!(finished.stderr.contains(said), "{}", finished.stderr);
    }
    let missing = mock.run(&["dev", "replay", "none.json"]);
    assert!(missing.stderr.contains("cannot read the recording none.json"), "{}", missing.stderr);
}
