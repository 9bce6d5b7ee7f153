//! Result files: whole, compressed, or not there.

use std::fs;
use std::io::Read;

use flate2::read::GzDecoder;

use crate::{GOOD, Mock};

#[test]
fn the_answer_goes_to_the_file_and_nothing_to_stdout() {
    let mock = Mock::new();
    let file = mock.file("out.json.gz", "something long that must be replaced");
    let finished = mock.run(&["validate_credentials", "--json", GOOD, "--result-file-path", &file]);
    assert_eq!((finished.status, finished.stdout.as_str()), (Some(0), ""));
    let mut answer = String::new();
    GzDecoder::new(fs::File::open(&file).unwrap()).read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("{\"response\":{\"valid\":true") && answer.ends_with('}'), "{answer}");
    assert_eq!(mock.files(), ["out.json.gz"]);
}

#[test]
fn a_name_without_gz_is_refused_before_anything_runs() {
    let mock = Mock::new();
    for name in ["out.json", "out.json.GZ"] {
        let finished = mock.run(&["validate_credentials", "--json", GOOD, "--result-file-path", name]);
        assert_eq!((finished.status, finished.stdout.as_str()), (Some(1), ""));
    }
    assert!(mock.files().is_empty());
}

#[test]
fn a_place_that_cannot_be_written_leaves_nothing_behind() {
    let mock = Mock::new();
    let plain = mock.file("plain", "a file, not a folder");
    for path in ["no/such/folder/out.gz".to_owned(), format!("{plain}/out.gz")] {
        let finished = mock.run(&["validate_credentials", "--json", GOOD, "--result-file-path", &path]);
        assert_eq!((finished.status, finished.stdout.as_str()), (Some(1), ""));
        assert!(finished.stderr.contains("hint:"), "{}", finished.stderr);
    }
    assert_eq!(mock.files(), ["plain"]);
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_stays_and_its_target_is_replaced() {
    let mock = Mock::new();
    let target = mock.file("target.gz", "old");
    std::os::unix::fs::symlink(&target, mock.path().join("link.gz")).unwrap();
    mock.run(&["validate_credentials", "--json", GOOD, "--result-file-path", "link.gz"]);
    assert!(fs::symlink_metadata(mock.path().join("link.gz")).unwrap().is_symlink());
    assert_ne!(fs::read(&target).unwrap(), b"old");
}
