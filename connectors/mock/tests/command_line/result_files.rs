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

#[test]
fn an_empty_name_counts_as_none() {
    let mock = Mock::new();
    for command in [&["validate_credentials", "--json", GOOD][..], &["info"]] {
        let finished = mock.run(&[command, &["--result-file-path", ""]].concat());
        assert_eq!(finished.status, Some(0));
        assert!(finished.stdout.contains("response"), "{}", finished.stdout);
    }
    assert!(mock.files().is_empty());
}

#[cfg(unix)]
mod on_unix {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;

    use super::*;

    fn mode(path: impl AsRef<Path>) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn only_its_owner_can_read_a_new_file_and_an_old_one_keeps_its_mode() {
        let mock = Mock::new();
        mock.run(&["validate_credentials", "--json", GOOD, "--result-file-path", "new.gz"]);
        assert_eq!(mode(mock.path().join("new.gz")), 0o600);
        let old = mock.file("old.gz", "old");
        fs::set_permissions(&old, Permissions::from_mode(0o640)).unwrap();
        mock.run(&["validate_credentials", "--json", GOOD, "--result-file-path", &old]);
        assert_eq!(mode(&old), 0o640);
        assert_ne!(fs::read(&old).unwrap(), b"old");
    }

    #[test]
    fn links_and_pipes_are_refused_and_nothing_waits() {
        let mock = Mock::new();
        let target = mock.file("target.gz", "old");
        symlink(&target, mock.path().join("link.gz")).unwrap();
        let made = std::process::Command::new("mkfifo").arg(mock.path().join("pipe.gz")).status().unwrap();
        assert!(made.success());
        for name in ["link.gz", "pipe.gz"] {
            let finished = mock.run(&["validate_credentials", "--json", GOOD, "--result-file-path", name]);
            assert_eq!((finished.status, finished.stdout.as_str()), (Some(1), ""), "{name}");
            assert!(finished.stderr.contains("not a regular file"), "{}", finished.stderr);
        }
        assert_eq!(fs::read(&target).unwrap(), b"old");
    }
}
