//! `connector add`, in projects as people leave them.

use std::fs;
use std::path::Path;

use crate::{Finished, connector};

/// A connector with everything in one file, its suite in another.
const MANIFEST: &str = "[package]\nname = \"mine\"\n[dependencies]\nsdk = { package = \"lumos-connector\", version = \"0.1\" }\n\
                        serde = \"1\"\nschemars = \"1\"\n[dev-dependencies]\nlumos-connector-testing = \"0.1\"\n";

const SUITE: &str = "use lumos_connector_testing::prelude::*;\nfn main() -> std::process::ExitCode {\n    \
                     Suite::new(mine::integration)\n        .run()\n}\n";

fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (name, content) in [("Cargo.toml", MANIFEST)].iter().chain(files) {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    root
}

fn add(root: &Path, arguments: &[&str]) -> Finished {
    connector(&[&["add"], arguments].concat(), root)
}

fn read(root: &Path, name: &str) -> String {
    fs::read_to_string(root.join(name)).unwrap()
}

/// Adds `delete_account`, and what of each file was there before is there still.
#[track_caller]
fn added(files: &[(&str, &str)]) -> (tempfile::TempDir, String) {
    let root = project(files);
    let printed = add(root.path(), &["delete_account"]).succeeded().stdout;
    for (name, before) in files {
        let after = read(root.path(), name);
        let mut rest = after.as_str();
        // A comma may be put behind the last element of a list.
        for line in before.split_inclusive('\n').filter(|line| !line.contains("no comma")) {
            let kept = line.trim_end_matches(['\n', '\r']);
            let at = rest.find(kept).unwrap_or_else(|| panic!("{name} has lost {kept:?}: {after}"));
            rest = &rest[at + kept.len()..];
        }
    }
    (root, printed)
}

/// What cannot be done leaves every file as it was.
#[track_caller]
fn refused(files: &[(&str, &str)], arguments: &[&str], why: &str) {
    let root = project(files);
    let refused = add(root.path(), arguments);
    assert_eq!(refused.status, Some(1), "{}", refused.stdout);
    assert!(refused.stderr.contains(why), "{}", refused.stderr);
    assert!(refused.stderr.contains("\nhint: "), "{}", refused.stderr);
    for (name, before) in files {
        assert_eq!(read(root.path(), name), *before, "{name}");
    }
}

const PLAIN: &str = "use sdk::prelude::*;\n\
    // Kept   as it is.\n\
    pub fn integration() -> Result<Integration, IntegrationError> {\n\
    \tIntegration::builder(\"mine\", \"1\")\n\
    \t\t.capability( capability::ListAccounts,list ) // the first\n\
    \t\t.build()\n\
    }\n\
    async fn list(_: Call, _: ListAccounts) -> Result<Vec<FoundAccountData>> { Ok(vec![]) }\n\n\
    #[cfg(test)]\nmod tests { use super::*; }\n";

#[test]
fn a_connector_in_one_file_gets_function_registration_and_case() {
    let (root, printed) = added(&[("src/lib.rs", PLAIN), ("tests/cases.rs", SUITE)]);
    let lib = read(root.path(), "src/lib.rs");
    let registered =
        "list ) // the first\n\t\t.capability(capability::DeleteAccount, delete_account)\n\t\t.build()";
    assert!(lib.contains(registered), "{lib}");
    let function = "/// Deletes an account.\npub async fn delete_account(_: Call, _: DeleteAccount) -> Result<DeletedAccount> {\n";
    assert!(lib.contains(function), "{lib}");
    assert!(lib.find("delete_account(").unwrap() < lib.find("#[cfg(test)]").unwrap(), "{lib}");
    let suite = read(root.path(), "tests/cases.rs");
    assert!(
        suite.contains(".cases([case(sdk::prelude::capability::DeleteAccount, \"is not written yet\")"),
        "{suite}"
    );
    assert!(suite.ends_with("\n        .run()\n}\n"), "{suite}");
    for place in [
        "src/lib.rs:11: the function delete_account",
        "src/lib.rs:6: its registration",
        "tests/cases.rs:4: a case",
    ] {
        assert!(printed.contains(place), "{printed}");
    }
}

#[test]
fn line_ends_and_marks_stay() {
    let windows = format!("\u{feff}{}", PLAIN.replace('\n', "\r\n"));
    let (root, _) = added(&[("src/lib.rs", &windows)]);
    let lib = read(root.path(), "src/lib.rs");
    assert_eq!(lib.matches('\n').count(), lib.matches("\r\n").count());
    assert!(lib.starts_with('\u{feff}') && lib.contains("delete_account)\r\n"), "{lib}");
}

#[test]
fn names_that_mean_something_else_are_written_in_full() {
    let lib = PLAIN.replace(
        "use sdk::prelude::*;",
        "use sdk::prelude::*;\ntype DeletedAccount = ();\nmod capability {}",
    );
    let lib =
        lib.replace("( capability::ListAccounts,list )", "(sdk::prelude::capability::ListAccounts, list)");
    let (root, _) = added(&[("src/lib.rs", &lib)]);
    let lib = read(root.path(), "src/lib.rs");
    assert!(lib.contains("-> Result<sdk::prelude::DeletedAccount> {"), "{lib}");
    assert!(lib.contains(".capability(sdk::prelude::capability::DeleteAccount, delete_account)"), "{lib}");
}

#[test]
fn modules_are_followed_and_the_client_is_found() {
    let files = [
        (
            "src/main.rs",
            "mod acme;\n#[path = \"declared/here.rs\"]\nmod declaration;\n#[cfg(windows)]\nmod absent;\nfn main() {}\n",
        ),
        ("src/acme/mod.rs", "pub struct Acme;\nimpl sdk::prelude::FromCall for Acme { }\n"),
        (
            "src/declared/here.rs",
            "use crate::acme::Acme;\nfn f() { let mut b = sdk::prelude::Integration::builder(\"a\", \"1\")\n; b = b; }\n",
        ),
    ];
    let (root, printed) = added(&files);
    let declared = read(root.path(), "src/declared/here.rs");
    assert!(
        declared
            .contains("pub async fn delete_account(\n    _: Acme,\n    _: sdk::prelude::DeleteAccount,\n)"),
        "{declared}"
    );
    assert!(
        declared.contains(".capability(sdk::prelude::capability::DeleteAccount, delete_account)"),
        "{declared}"
    );
    assert!(printed.contains("no case was added"), "{printed}");
}

#[test]
fn a_scaffold_takes_every_capability_and_only_once() {
    let root = tempfile::tempdir().unwrap();
    connector(&["scaffold", "acme", "acme"], root.path()).succeeded();
    let project = root.path().join("acme");
    let all = [
        "get_account",
        "list_expenses",
        "update_account",
        "transfer_data",
        "find_resource_graph",
        "create_account",
    ];
    add(&project, &all).succeeded();
    let integration = read(&project, "src/integration.rs");
    assert!(
        integration
            .contains("CreateAccount::of::<crate::write::NewAccount>(), crate::write::create_account)")
    );
    assert!(read(&project, "src/lib.rs").contains("pub mod settings;\npub mod write;\n"));
    assert_eq!(read(&project, "tests/cases/write.rs").matches("case(").count(), 3);
    let again = add(&project, &["delete_account", "transfer_data"]);
    assert!(
        again.stderr.contains("transfer_data is registered already: src/integration.rs:"),
        "{}",
        again.stderr
    );
    assert_eq!(read(&project, "src/integration.rs"), integration, "nothing of a refused command is done");
}

#[test]
fn a_list_of_cases_is_gone_on_with() {
    let cases = "use sdk::prelude::capability;\nuse lumos_connector_testing::prelude::*;\n\
                 pub fn cases() -> Vec<Case> {\n    vec![\n        one(), // the first\n        two() // no comma\n    ]\n}\n";
    let main = "mod write;\nuse lumos_connector_testing::prelude::*;\nfn main() -> ExitCode { Suite::new(mine::integration).cases(write::cases()).run() }\n";
    let (root, _) =
        added(&[("src/lib.rs", PLAIN), ("tests/all/main.rs", main), ("tests/all/write.rs", cases)]);
    let cases = read(root.path(), "tests/all/write.rs");
    let expected =
        "        two(), // no comma\n        case(capability::DeleteAccount, \"is not written yet\")";
    assert!(cases.contains(expected), "{cases}");
    assert!(cases.contains("UnsupportedOperation)),\n    ]\n}\n"), "{cases}");
}

#[test]
fn what_cannot_be_done_safely_is_refused_and_changes_nothing() {
    let one = [("src/lib.rs", PLAIN)];
    let twice = format!("{PLAIN}fn other() {{ Integration::builder(\"b\", \"1\"); }}\n");
    let taken = format!("{PLAIN}fn delete_account() {{}}\n");
    let by_macro = PLAIN.replace("Integration::builder", "declare!").replace(".capability", "; x");
    let broken = PLAIN.replace("pub fn", "pub fn fn");
    let suites = [one[0], ("tests/a.rs", SUITE), ("tests/b.rs", SUITE)];
    let odd = "fn main() { let s = Suite::new; s(mine::integration); Suite::new(a); Suite::new(b); }";
    refused(&one, &["delete_acount"], "there is no standard capability \"delete_acount\"");
    refused(&one, &["list_accounts"], "list_accounts is registered already: src/lib.rs:5");
    refused(
        &[("src/lib.rs", &twice)],
        &["delete_account"],
        "there are several connectors: src/lib.rs:4, src/lib.rs:",
    );
    refused(
        &[("src/lib.rs", &taken)],
        &["delete_account"],
        "src/lib.rs has something of the name delete_account already",
    );
    refused(&[("src/lib.rs", &by_macro)], &["delete_account"], "there is no `Integration::builder(…)`");
    refused(&[("src/lib.rs", &broken)], &["delete_account"], "src/lib.rs:3:");
    refused(&suites, &["delete_account"], "there are several suites: tests/a.rs, tests/b.rs");
    refused(&[one[0], ("tests/a.rs", odd)], &["delete_account"], "the suite is not one chain");
    refused(
        &[("Cargo.toml", "[package]\nname = 'x'\n"), one[0]],
        &["delete_account"],
        "has no dependency on lumos-connector",
    );
    refused(&[("Cargo.toml", "[package\n"), one[0]], &["delete_account"], "Cargo.toml cannot be read");
    refused(&one, &["delete_account", "--project", "src"], "there is no Cargo.toml");
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_project_is_not_written_through() {
    let outside = tempfile::NamedTempFile::new().unwrap();
    fs::write(outside.path(), PLAIN).unwrap();
    let root = project(&[]);
    fs::create_dir(root.path().join("src")).unwrap();
    std::os::unix::fs::symlink(outside.path(), root.path().join("src/lib.rs")).unwrap();
    let refused = add(root.path(), &["delete_account"]);
    assert!(refused.stderr.contains("a link that leads out of the project"), "{}", refused.stderr);
    assert_eq!(fs::read_to_string(outside.path()).unwrap(), PLAIN);
}
