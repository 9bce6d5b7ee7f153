//! Help, version, completions, the man page, and arguments that make no sense.

use std::path::Path;

use crate::{Finished, connector};

fn run(arguments: &[&str]) -> Finished {
    connector(arguments, Path::new("."))
}

#[test]
fn no_command_shows_help_and_succeeds() {
    let shown = run(&[]).succeeded();
    for command in ["scaffold", "add", "spec", "compile-on-prem", "completions", "man-page"] {
        assert!(shown.stdout.contains(command), "{}", shown.stdout);
    }
    assert!(shown.stderr.is_empty(), "{}", shown.stderr);
}

#[test]
fn the_version_is_the_packages() {
    for option in ["--version", "-v", "-V"] {
        assert_eq!(run(&[option]).succeeded().stdout, format!("connector {}\n", env!("CARGO_PKG_VERSION")));
    }
}

#[test]
fn every_command_has_help_with_an_example() {
    for command in ["scaffold", "add", "spec", "compile-on-prem", "completions", "man-page"] {
        let help = run(&[command, "--help"]).succeeded().stdout;
        assert!(help.contains(&format!("Examples:\n  connector {command}")), "{help}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_with_status_2() {
    for arguments in [
        &["frobnicate"][..],
        &["spec", "--format", "toml"],
        &["scaffold", "acme", ""],
        &["completions", "cmd.exe"],
    ] {
        let refused = run(arguments);
        assert_eq!(refused.status, Some(2), "{arguments:?}");
        assert!(refused.stdout.is_empty(), "{arguments:?}");
        assert!(refused.stderr.starts_with("error: "), "{}", refused.stderr);
    }
}

#[test]
fn completions_and_the_man_page_know_every_command() {
    let completions = run(&["completions", "bash"]).succeeded().stdout;
    let page = run(&["man-page"]).succeeded().stdout;
    for command in ["scaffold", "add", "spec", "compile-on-prem", "completions", "man-page"] {
        assert!(completions.contains(command), "{command}");
        assert!(page.contains(&command.replace('-', "\\-")), "{command}");
    }
}
