//! `connector scaffold`: the files of a new project, and what becomes of odd names and folders.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::{Finished, connector};

/// What every project has; several credentials and OAuth add `src/auth.rs`.
const FILES: [&str; 14] = [
    ".github/workflows/ci.yml",
    ".gitignore",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "rustfmt.toml",
    "src/client.rs",
    "src/integration.rs",
    "src/lib.rs",
    "src/main.rs",
    "src/read.rs",
    "src/settings.rs",
    "tests/cases/main.rs",
    "tests/cases/read.rs",
];

/// Every file below a folder, by its path from there.
fn files(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(current) = waiting.pop() {
        for entry in fs::read_dir(current).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found
}

fn scaffold(folder: &Path, arguments: &[&str]) -> Finished {
    connector(&[&["scaffold"], arguments].concat(), folder)
}

#[test]
fn a_project_has_every_file() {
    let cases: [(&[&str], bool); 6] = [
        (&[], true),
        (&["--single-auth"], false),
        (&["--auth", "token"], false),
        (&["--auth", "basic"], false),
        (&["--auth", "oauth"], true),
        (&["--auth", "oauth-client-credentials"], true),
    ];
    for (options, has_auth) in cases {
        let root = tempfile::tempdir().unwrap();
        let printed = scaffold(root.path(), &[&["Acme CRM", "acme"], options].concat()).succeeded().stdout;
        let mut expected: BTreeSet<String> = FILES.iter().map(ToString::to_string).collect();
        if has_auth {
            expected.insert("src/auth.rs".to_owned());
        }
        assert_eq!(files(&root.path().join("acme")), expected, "{options:?}");
        assert!(printed.starts_with("Wrote acme-crm-connector to acme: "), "{printed}");
        assert!(printed.contains("\nThe SDK comes from "), "{printed}");
    }
}

#[test]
fn only_what_was_asked_for_is_there() {
    let root = tempfile::tempdir().unwrap();
    let read = |project: &str, name: &str| fs::read_to_string(root.path().join(project).join(name)).unwrap();
    let options = ["acme", "six", "--capabilities", "create_account, list_resources,create_account"];
    scaffold(root.path(), &options).succeeded();
    let text =
        ["src/integration.rs", "src/read.rs", "src/write.rs", "tests/cases/read.rs", "tests/cases/write.rs"]
            .map(|name| read("six", name))
            .concat();
    for (name, times) in [
        (".capability(", 3),
        ("pub async fn ", 3),
        ("is not written yet\")", 4),
        ("list_accounts", 0),
        ("ListAccounts", 0),
        ("// .capability", 0),
        ("unfinished", 0),
        ("api.example.com", 0),
    ] {
        assert_eq!(text.matches(name).count(), times, "{name}: {text}");
    }
    assert!(text.contains("capability::CreateAccount::of::<crate::write::NewAccount>()"), "{text}");
    assert!(!read("six", "src/settings.rs").contains("default"));
    scaffold(root.path(), &["acme", "first"]).succeeded();
    assert!(!root.path().join("first/src/write.rs").exists());
    assert_eq!(read("first", "src/integration.rs").matches(".capability(").count(), 2);
}

#[test]
fn a_capability_that_no_author_writes_is_refused() {
    let root = tempfile::tempdir().unwrap();
    for (name, advice) in [
        ("list_acounts", "did you mean list_accounts?"),
        ("app_info", "every connector on this SDK answers it already"),
        ("refresh_access_token", "when OAuth is declared"),
    ] {
        let refused = scaffold(root.path(), &["acme", "acme", "--capabilities", name]);
        assert_eq!(refused.status, Some(1));
        assert!(refused.stderr.contains(advice), "{}", refused.stderr);
        assert!(!root.path().join("acme").exists());
    }
}

#[test]
fn the_manifest_and_the_licence_name_the_author() {
    let root = tempfile::tempdir().unwrap();
    let author = ["--author-name", "Ada \"the first\" L.", "--author-email", "ada@example.com"];
    scaffold(root.path(), &[&["acme", "acme"], &author[..]].concat()).succeeded();
    let read = |name: &str| fs::read_to_string(root.path().join("acme").join(name)).unwrap();
    assert!(read("Cargo.toml").contains(r#"authors = ["Ada \"the first\" L. <ada@example.com>"]"#));
    assert!(read("LICENSE").contains("Copyright (c) Ada \"the first\" L.\n"));
}

#[test]
fn the_sdk_is_taken_from_where_it_is_said_to_be() {
    let root = tempfile::tempdir().unwrap();
    let sdk = root.path().join("elsewhere");
    fs::create_dir_all(sdk.join("crates/sdk")).unwrap();
    fs::write(sdk.join("crates/sdk/Cargo.toml"), "").unwrap();
    scaffold(root.path(), &["acme", "acme", "--sdk-path", "elsewhere"]).succeeded();
    let manifest = fs::read_to_string(root.path().join("acme/Cargo.toml")).unwrap();
    let path = sdk.canonicalize().unwrap().join("crates/sdk");
    assert!(manifest.contains(&format!("lumos-connector = {{ path = {path:?}, ")), "{manifest}");

    let refused = scaffold(root.path(), &["other", "other", "--sdk-path", "acme"]);
    assert!(refused.stderr.contains("acme is not a checkout of the SDK"), "{}", refused.stderr);
}

#[test]
fn tests_alone_go_into_a_project_that_is_there() {
    let root = tempfile::tempdir().unwrap();
    scaffold(root.path(), &["acme", "acme"]).succeeded();
    let project = root.path().join("acme");
    fs::write(project.join("src/read.rs"), "// mine\n").unwrap();
    fs::write(project.join("tests/cases/read.rs"), "// old\n").unwrap();
    let before = files(&project);
    scaffold(root.path(), &["acme", "acme", "-t", "-f"]).succeeded();
    assert_eq!(files(&project), before);
    assert_eq!(fs::read_to_string(project.join("src/read.rs")).unwrap(), "// mine\n");
    assert_ne!(fs::read_to_string(project.join("tests/cases/read.rs")).unwrap(), "// old\n");
}

/// The outcome of hostile input: the package of a good result, or a part of the refusal.
enum Outcome {
    Made(&'static str),
    Refused(&'static str),
}

use Outcome::{Made, Refused};

/// Name, folder, outcome. `full`, `file` and `here` exist; the last is empty.
const HOSTILE: [(&str, &str, Outcome); 18] = [
    ("acme-crm", "new", Made("acme-crm-connector")),
    ("acme crm", "new", Made("acme-crm-connector")),
    ("acme_crm", "new", Made("acme-crm-connector")),
    ("7shifts", "new", Made("connector-7shifts")),
    ("type", "new", Made("type-connector")),
    ("connector", "new", Made("connector-connector")),
    ("acme", "deep/er/still", Made("acme-connector")),
    ("acme", "here", Made("acme-connector")),
    ("acme", "here/../new", Made("acme-connector")),
    ("ünïcode", "new", Refused("it contains 'ü'")),
    ("../x", "new", Refused("it contains '.'")),
    ("a\"; rm -rf /", "new", Refused("it contains '\"'")),
    ("", "new", Refused("it has no letters")),
    ("- _", "new", Refused("it has no letters")),
    ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "new", Refused("longer than 40 characters")),
    ("acme", "full", Refused("full is not empty")),
    ("acme", "file", Refused("file cannot be the project's folder")),
    ("acme", "new/../../x", Refused("goes through a folder that does not exist")),
];

#[test]
fn hostile_names_and_folders_end_well_or_leave_nothing_behind() {
    for (name, folder, outcome) in HOSTILE {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("here")).unwrap();
        fs::create_dir(root.path().join("full")).unwrap();
        fs::write(root.path().join("full/notes"), "mine").unwrap();
        fs::write(root.path().join("file"), "mine").unwrap();
        let before = files(root.path());
        let done = scaffold(root.path(), &["--", name, folder]);
        match outcome {
            Made(package) => {
                let done = done.succeeded();
                let manifest = fs::read_to_string(root.path().join(folder).join("Cargo.toml")).unwrap();
                assert!(manifest.contains(&format!("name = \"{package}\"")), "{name:?}: {manifest}");
                assert!(done.stderr.is_empty(), "{}", done.stderr);
            }
            Refused(why) => {
                assert_eq!(done.status, Some(1), "{name:?} {folder:?}: {}", done.stderr);
                assert!(done.stderr.contains(why), "{name:?} {folder:?}: {}", done.stderr);
                assert!(done.stderr.contains("\nhint: "), "{}", done.stderr);
                assert_eq!(files(root.path()), before, "{name:?} {folder:?} left something behind");
                assert!(!root.path().join("new").exists(), "{name:?} {folder:?} left a folder behind");
            }
        }
    }
}

/// Root may write where nobody may, so this is a folder in which not even root can make files.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_is_refused() {
    let root = tempfile::tempdir().unwrap();
    for folder in ["/proc/connector-acme", "/proc/self/connector-acme"] {
        let refused = scaffold(root.path(), &["acme", folder]);
        assert_eq!(refused.status, Some(1));
        assert!(refused.stderr.contains("nothing is left of it"), "{}", refused.stderr);
    }
}

#[test]
fn a_dead_link_is_no_folder() {
    let root = tempfile::tempdir().unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", root.path().join("link")).unwrap();
        let refused = scaffold(root.path(), &["acme", "link"]);
        assert_eq!(refused.status, Some(1));
        assert!(!root.path().join("nowhere").exists());
    }
}

#[test]
fn the_ci_file_is_yaml_and_checks_the_connector() {
    let root = tempfile::tempdir().unwrap();
    scaffold(root.path(), &["Acme CRM", "acme"]).succeeded();
    let text = fs::read_to_string(root.path().join("acme/.github/workflows/ci.yml")).unwrap();
    let file: serde_json::Value = yaml_serde::from_str(&text).unwrap();
    let steps = file["jobs"]["check"]["steps"].as_array().unwrap();
    let commands: Vec<_> = steps.iter().filter_map(|step| step["run"].as_str()).collect();
    let (check, before) = commands.split_last().unwrap();
    let arguments: Vec<_> = check.strip_prefix("connector ").unwrap().split(' ').collect();
    assert_eq!(arguments[..2], ["check", "check.toml"]);
    let written = before.last().unwrap();
    let connection = written.strip_prefix("printf '").unwrap().strip_suffix("' > check.toml").unwrap();
    fs::write(root.path().join("check.toml"), connection.replace("\\n", "\n")).unwrap();
    // The command line and the connection file are right: only the program is not built here.
    let checked = connector(&arguments, root.path());
    assert_eq!(checked.status, Some(5), "{}", checked.stderr);
    let missing = "cannot start target/debug/acme-crm-connector";
    assert!(checked.stdout.contains(missing), "{}", checked.stdout);
}
