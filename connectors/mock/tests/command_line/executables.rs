//! `dev build-executable`: a connector builds an executable from source, as it is shipped.

use std::fs;

use crate::Mock;

#[test]
fn the_path_of_the_executable_is_all_that_is_printed() {
    let mock = Mock::new();
    mock.file("Cargo.toml", "[package]\nname = 'tiny'\nedition = '2024'\n[workspace]\n");
    fs::create_dir(mock.path().join("src")).unwrap();
    let source = mock.file("src/main.rs", "fn main() {}");
    let mut command = mock.command();
    command.args(["dev", "build-executable", &source]).env("CARGO_TARGET_DIR", mock.path().join("target"));
    let built = crate::Finished::from(command.output().unwrap());
    assert_eq!(built.status, Some(0), "{}", built.stderr);
    let path = built.stdout.trim_end();
    assert!(path.ends_with("target/dist/tiny"), "{path}");
    assert!(std::process::Command::new(path).status().unwrap().success());
}

#[test]
fn what_only_developing_needs_is_left_out_of_the_executable() {
    let mock = Mock::new();
    mock.file(
        "Cargo.toml",
        "[package]\nname = 'tiny'\nedition = '2024'\n[features]\ndefault = ['develop', 'kept']\ndevelop = []\nkept = []\n[workspace]\n",
    );
    fs::create_dir(mock.path().join("src")).unwrap();
    let source = mock.file(
        "src/main.rs",
        r#"fn main() { std::process::exit(if cfg!(feature = "kept") && !cfg!(feature = "develop") { 0 } else { 1 }) }"#,
    );
    let mut command = mock.command();
    command.args(["dev", "build-executable", &source]).env("CARGO_TARGET_DIR", mock.path().join("target"));
    let built = crate::Finished::from(command.output().unwrap());
    assert_eq!(built.status, Some(0), "{}", built.stderr);
    assert!(std::process::Command::new(built.stdout.trim_end()).status().unwrap().success());
}

#[test]
fn a_folder_without_a_package_is_refused() {
    let mock = Mock::new();
    let refused = mock.run(&["dev", "build-executable", mock.path().to_str().unwrap()]);
    assert_eq!(refused.status, Some(1));
    assert!(refused.stdout.is_empty());
    assert!(refused.stderr.contains("is not a cargo package"), "{}", refused.stderr);
}
