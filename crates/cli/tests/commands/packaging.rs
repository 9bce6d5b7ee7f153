//! `connector compile-on-prem`, on a small package that answers `info` as a connector does.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use flate2::read::GzDecoder;
use serde_json::Value;

use crate::{Finished, connector};

/// The files of a connector and of three crates that it uses: one linked, one while building, one while testing.
const FILES: &[(&str, &str)] = &[
    (
        "tiny/Cargo.toml",
        "[package]\nname = 'connector-tiny'\nversion = '1.2.3'\nedition = '2024'\n[workspace]\n\
         [dependencies]\nlinked = { path = '../linked' }\n\
         [build-dependencies]\nbuilding = { path = '../building' }\n\
         [dev-dependencies]\ntesting = { path = '../testing' }\n",
    ),
    ("tiny/build.rs", "fn main() { building::nothing(); }"),
    (
        "tiny/src/main.rs",
        "fn main() { std::hint::black_box(linked::PLACE); println!(r#\"{{\"response\":{{\"app_id\":\"{}\",\"version\":\"{}\"}}}}\"#, \
         linked::APP_ID, env!(\"CARGO_PKG_VERSION\")); }",
    ),
    (
        "linked/Cargo.toml",
        "[package]\nname = 'linked'\nversion = '0.1.0'\nedition = '2024'\nlicense = 'MIT/Apache-2.0'\n",
    ),
    ("linked/LICENSE", "Do as you like with Linked.\r\n"),
    ("linked/src/lib.rs", "pub const APP_ID: &str = \"tiny\"; pub const PLACE: &str = file!();"),
    (
        "building/Cargo.toml",
        "[package]\nname = 'building'\nversion = '0.1.0'\nedition = '2024'\nlicense = 'ISC'\n",
    ),
    ("building/src/lib.rs", "pub fn nothing() {}"),
    (
        "testing/Cargo.toml",
        "[package]\nname = 'testing'\nversion = '0.1.0'\nedition = '2024'\nlicense = 'Zlib'\n",
    ),
    ("testing/src/lib.rs", ""),
];

/// A folder with the connector, made once for all tests.
fn root() -> &'static Path {
    static ROOT: OnceLock<tempfile::TempDir> = OnceLock::new();
    ROOT.get_or_init(|| {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), FILES);
        root
    })
    .path()
}

fn write(root: &Path, files: &[(&str, &str)]) {
    for (name, content) in files {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

/// Packages into a folder of the given name.
fn package(output: &str, more: &[&str]) -> Finished {
    let tiny = root().join("tiny");
    let output = root().join(output);
    let mut command = Command::new(env!("CARGO_BIN_EXE_connector"));
    command
        .args(["compile-on-prem", "--connector-root-module-dir"])
        .arg(tiny)
        .arg("--output-directory")
        .arg(output)
        .args(more)
        .env("CARGO_TARGET_DIR", root().join("target"));
    Finished::from(command.output().unwrap())
}

/// The archive that a run says it wrote.
fn archive(finished: &Finished) -> PathBuf {
    let path = finished.stdout.strip_suffix('\n').unwrap();
    assert!(!path.contains('\n'), "more than one line: {path}");
    PathBuf::from(path)
}

/// Name, mode and content of every entry.
fn entries(archive: &Path) -> Vec<(String, u32, Vec<u8>)> {
    let mut tar = tar::Archive::new(GzDecoder::new(fs::File::open(archive).unwrap()));
    let entries = tar.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        let mode = entry.header().mode().unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (name, mode, content)
    });
    entries.collect()
}

#[test]
fn the_archive_has_the_layout_that_the_agent_expects() {
    let packaged = package("layout", &["--app-id", "tiny", "--check"]).succeeded();
    assert!(packaged.stderr.contains("checked: info answered in "), "{}", packaged.stderr);
    let archive = archive(&packaged);
    assert!(archive.ends_with("layout/bundled/tiny-1.2.3.tar.gz"), "{}", archive.display());
    let entries = entries(&archive);
    let layout: Vec<_> = entries.iter().map(|(name, mode, _)| (name.as_str(), *mode)).collect();
    assert_eq!(layout, [("THIRD_PARTY_LICENSES.txt", 0o644), ("main", 0o770), ("metadata.toml", 0o644)]);
    let metadata = String::from_utf8(entries[2].2.clone()).unwrap();
    assert_eq!(metadata, "[connector]\napp_id = \"tiny_on_prem\"\nversion = \"1.2.3\"\n");
}

#[test]
fn licences_are_those_of_what_is_linked() {
    let packaged = package("licences", &["--app-id", "tiny"]).succeeded();
    let text = String::from_utf8(entries(&archive(&packaged))[0].2.clone()).unwrap();
    assert!(text.contains("\nlinked 0.1.0: MIT OR Apache-2.0\n"), "{text}");
    assert!(text.contains("\nlinked 0.1.0\n\nDo as you like with Linked.\n"), "{text}");
    for absent in ["building", "testing", "connector-tiny"] {
        assert!(!text.contains(absent), "{absent} is not linked:\n{text}");
    }
}

#[cfg(unix)]
#[test]
fn a_licence_that_is_a_link_out_of_the_crate_is_not_followed() {
    let outside = root().join("outside.txt");
    fs::write(&outside, "a file of this machine").unwrap();
    std::os::unix::fs::symlink(&outside, root().join("linked/COPYING")).unwrap();
    let packaged = package("links", &["--app-id", "tiny"]).succeeded();
    let text = String::from_utf8(entries(&archive(&packaged))[0].2.clone()).unwrap();
    assert!(!text.contains("a file of this machine"), "{text}");
    assert!(text.contains("Do as you like with Linked."), "{text}");
}

#[test]
fn an_unknown_target_is_named_with_the_nearest() {
    for (target, nearest) in [
        ("x86_64-linux-musl", "x86_64-unknown-linux-musl"),
        ("aarch64-unknown-linux-gun", "aarch64-unknown-linux-gnu"),
    ] {
        let refused = package("target", &["--app-id", "tiny", "--target", target]);
        assert_eq!(refused.status, Some(1));
        assert!(
            refused.stderr.contains(&format!("--target: rustc knows no target {target:?}")),
            "{}",
            refused.stderr
        );
        assert!(refused.stderr.contains(&format!("did you mean {nearest}?")), "{}", refused.stderr);
        assert!(!refused.stderr.contains("manifest"), "{}", refused.stderr);
    }
}

#[test]
fn packaging_twice_gives_the_same_bytes() {
    let [one, two] = ["once", "twice"].map(|folder| {
        let path = archive(&package(folder, &["--app-id", "tiny"]).succeeded());
        let bill = path.with_file_name("tiny-1.2.3.cdx.json");
        (fs::read(path).unwrap(), fs::read(bill).unwrap())
    });
    assert!(one == two);
}

#[test]
fn the_bill_names_what_is_linked_and_what_uses_it() {
    let path = archive(&package("bill", &["--app-id", "tiny_on_prem"]).succeeded());
    let bill = fs::read_to_string(path.with_file_name("tiny_on_prem-1.2.3.cdx.json")).unwrap();
    let bill: Value = serde_json::from_str(&bill).unwrap();
    let purls: Vec<_> = bill["components"].as_array().unwrap().iter().map(|one| &one["purl"]).collect();
    assert_eq!(purls, ["pkg:cargo/linked@0.1.0"]);
    assert_eq!(bill["components"][0]["licenses"][0]["expression"], "MIT OR Apache-2.0");
    assert_eq!(bill["dependencies"][0]["dependsOn"][0], "pkg:cargo/linked@0.1.0");
    assert_eq!(bill["metadata"]["component"]["name"], "tiny");
}

#[test]
fn the_archive_is_named_as_the_connector_names_itself() {
    let packaged = package("named", &["--app-id", "tiny-connector", "--check"]).succeeded();
    assert!(archive(&packaged).ends_with("named/bundled/tiny-1.2.3.tar.gz"), "{}", packaged.stdout);
    let note = "note: the connector's app id is \"tiny\", and so the archive is named; --app-id is \"tiny-connector\"";
    assert!(packaged.stderr.contains(note), "{}", packaged.stderr);
    let other = package("unlike", &["--app-id", "huge"]).succeeded();
    assert!(
        other.stderr.contains("warning: --app-id is \"huge\", but the connector says \"tiny\""),
        "{}",
        other.stderr
    );
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn the_c_library_that_it_needs_is_said() {
    let packaged = package("libc", &["--app-id", "tiny"]).succeeded();
    assert!(packaged.stderr.contains("note: it needs glibc 2."), "{}", packaged.stderr);
    assert!(packaged.stderr.contains("-unknown-linux-musl"), "{}", packaged.stderr);
}

#[test]
fn a_check_that_finds_another_app_fails() {
    let refused = package("other", &["--app-id", "huge", "--check"]);
    assert_eq!(refused.status, Some(1));
    assert!(refused.stdout.is_empty(), "{}", refused.stdout);
    assert!(
        refused.stderr.contains("--app-id is \"huge\", but the connector says \"tiny\""),
        "{}",
        refused.stderr
    );
}

#[test]
fn what_cannot_be_packaged_is_refused_before_anything_is_built() {
    let empty = tempfile::tempdir().unwrap();
    let workspace = tempfile::tempdir().unwrap();
    let files = [
        ("Cargo.toml", "[workspace]\nmembers = ['a']\n"),
        ("a/Cargo.toml", "[package]\nname = 'a'\n"),
        ("a/src/lib.rs", ""),
    ];
    write(workspace.path(), &files);
    let [empty, workspace] = [&empty, &workspace].map(|folder| folder.path().to_str().unwrap().to_owned());
    let cases = [
        ("../tiny", ".", "is not an app id"),
        ("tiny", "/no/such/folder", "cannot find /no/such/folder"),
        ("tiny", empty.as_str(), "is not a cargo package"),
        ("tiny", workspace.as_str(), "is a workspace without a package"),
    ];
    for (app_id, folder, problem) in cases {
        let arguments = ["compile-on-prem", "--app-id", app_id, "--connector-root-dir", folder];
        let refused = connector(&arguments, Path::new(&empty));
        assert_eq!(refused.status, Some(1), "{app_id} {folder}");
        assert!(refused.stderr.contains(problem), "{}", refused.stderr);
        assert!(refused.stderr.contains("\nhint: "), "{}", refused.stderr);
        assert_eq!(fs::read_dir(&empty).unwrap().count(), 0, "something was left behind");
    }
}
