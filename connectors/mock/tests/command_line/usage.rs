//! Usage: what the arguments may be, and what wrong ones are told.

use crate::{GOOD, Mock};

#[test]
fn wrong_arguments_end_with_status_2_and_nothing_on_stdout() {
    let mock = Mock::new();
    for arguments in [
        &["validate_credential"][..],
        &["list_applications", "--json", "{}"],
        &["validate_credentials"],
        &["validate_credentials", "--json", GOOD, "--json-file", "x"],
        &["validate_credentials", "--json", GOOD, "--frobnicate"],
        &["--json", GOOD, "validate_credentials"],
        &["info", "--json", "{}"],
    ] {
        let finished = mock.run(arguments);
        assert_eq!((finished.status, finished.stdout.as_str()), (Some(2), ""), "{arguments:?}");
    }
}

#[test]
fn a_typo_is_told_the_nearest_capability() {
    let mock = Mock::new();
    for typo in ["validate-credentials", "validate_credential", "validatecredentials"] {
        assert!(mock.run(&[typo]).stderr.contains("did you mean 'validate_credentials'?"), "{typo}");
    }
    assert!(mock.run(&["list-accounts"]).stderr.contains("did you mean 'list_accounts'?"));
}

#[test]
fn a_request_without_its_option_is_not_repeated() {
    let request = r#"{"auth":{"token":{"token":"hunter2"}}}"#;
    for (arguments, advice) in [(&["validate_credentials", request][..], "--json"), (&[request], "--help")] {
        let finished = Mock::new().run(arguments);
        assert_eq!(finished.status, Some(2));
        assert!(!finished.stderr.contains("hunter2"), "{}", finished.stderr);
        assert!(finished.stderr.contains(advice), "{}", finished.stderr);
    }
}

#[test]
fn long_options_may_be_abbreviated_and_the_last_of_repeated_ones_counts() {
    let mock = Mock::new();
    let file = mock.file("in.json", GOOD);
    assert_eq!(mock.run(&["validate_credentials", "--json-f", &file]).json()["response"]["valid"], true);
    let twice = mock.run(&["validate_credentials", "--json", "nonsense", "--json", GOOD]);
    assert_eq!(twice.json()["response"]["valid"], true);
}

#[test]
fn no_command_prints_help_and_ends_with_status_1() {
    let mock = Mock::new();
    for arguments in [&[][..], &["dev"]] {
        let finished = mock.run(arguments);
        assert_eq!((finished.status, finished.stdout.as_str()), (Some(1), ""));
        assert!(finished.stderr.contains("Usage"), "{}", finished.stderr);
    }
}

#[test]
fn help_lists_every_capability_with_its_description() {
    let finished = Mock::new().run(&["--help"]);
    assert_eq!(finished.status, Some(0));
    for expected in
        ["list_accounts", "Checks the login.", "Grants an entitlement to an account.", "Issues fresh badges."]
    {
        assert!(finished.stdout.contains(expected), "{expected}");
    }
}

#[test]
fn completions_and_man_page_come_from_the_same_definition() {
    let mock = Mock::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(mock.run(&["dev", "completions", shell]).stdout.contains("assign_entitlement"), "{shell}");
    }
    let page = mock.run(&["hacking", "man-page"]);
    assert!(page.stdout.contains(".TH") && page.stdout.contains("assign_entitlement"), "{}", page.stdout);
}

#[test]
fn proxy_mode_is_an_option_of_every_command_and_is_refused_by_connectors_built_without_it() {
    let mock = Mock::new();
    for option in ["--use-proxy", "--sip"] {
        let finished = mock.run(&["validate_credentials", option, "--json", GOOD]);
        match finished.status {
            Some(0) => assert_eq!(finished.json()["response"]["valid"], true),
            Some(1) => assert!(finished.stderr.contains("built without proxy mode"), "{}", finished.stderr),
            status => panic!("{status:?}: {}", finished.stderr),
        }
        assert_eq!(mock.run(&["info", option]).status, Some(0), "info sends no requests");
    }
}
