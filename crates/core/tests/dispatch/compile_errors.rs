//! The compile errors that authors are promised. Each file of `tests/ui` is one mistake; the text beside it is what
//! the compiler says about it, reviewed as prose.
//!
//! The texts are those of one compiler, which CI has. `TRYBUILD=overwrite cargo test -p lumos-connector-core compile`
//! writes them anew; read them before keeping them.

use std::process::Command;

/// The compiler whose words were reviewed.
const REVIEWED: &str = "rustc 1.95.";

#[test]
fn mistakes_of_authors_are_explained_by_the_compiler() {
    let version = Command::new("rustc").arg("--version").output().expect("rustc runs");
    let version = String::from_utf8_lossy(&version.stdout);
    if !version.starts_with(REVIEWED) && std::env::var_os("CI").is_none() {
        eprintln!("not compared: the texts are those of {REVIEWED}*, and this is {version}");
        return;
    }
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
