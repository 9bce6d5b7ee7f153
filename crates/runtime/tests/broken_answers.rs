//! Answers that break off while they are written: a command that fails, and nothing that could be taken for an answer.
//!
//! This program is the connector too: called with arguments it runs as one, without it tests itself.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io;
use std::process::{Command, ExitCode, Output};

use lumos_connector_core::error::ConnectorError;
use lumos_connector_core::integration::IntegrationError;
use lumos_connector_core::page::PageRequest;
use lumos_connector_core::{Integration, Reply};
use lumos_connector_types::capability::marker as capability;
use lumos_connector_types::payload::{FoundAccountData, ListAccounts};

/// Rows that fill many chunks.
const MANY: usize = 5_000;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("list_accounts") {
        return lumos_connector_runtime::run(connector(), lumos_connector_core::host::Host::builder());
    }
    whole_answers_are_written();
    on_stdout_the_command_fails_and_what_was_written_does_not_parse();
    a_result_file_does_not_appear();
    an_older_result_file_stays();
    ExitCode::SUCCESS
}

/// It streams as many rows as the page asks for, and breaks off when that is more than `MANY`.
fn connector() -> Result<Integration, IntegrationError> {
    let list = async |page: PageRequest, _: ListAccounts| {
        let rows = (0..page.size_or(1, usize::MAX)).map(|number| match number {
            MANY => Err(ConnectorError::not_found("no such row")),
            _ => Ok(FoundAccountData::new(format!("{number:0>20}"))),
        });
        Ok(Reply::iter(rows))
    };
    Integration::builder("broken", "1.0.0")
        .requires_authentication(false)
        .capability(capability::ListAccounts, list)
        .build()
}

fn list(rows: usize, folder: &tempfile::TempDir, arguments: &[&str]) -> Output {
    let request = format!(r#"{{"request":{{}},"page":{{"size":{rows}}}}}"#);
    let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
    command.args(["list_accounts", "--json", &request]).args(arguments).current_dir(folder);
    command.output().expect("this program starts")
}

fn whole_answers_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let output = list(MANY, &folder, &[]);
    assert!(output.status.success());
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["response"].as_array().unwrap().len(), MANY);
    assert!(output.stdout.ends_with(b"}\n"));
}

fn on_stdout_the_command_fails_and_what_was_written_does_not_parse() {
    let folder = tempfile::tempdir().unwrap();
    let output = list(MANY + 1, &folder, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(serde_json::from_slice::<serde_json::Value>(&output.stdout).is_err());
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("no such row"), "{message}");
}

fn a_result_file_does_not_appear() {
    let folder = tempfile::tempdir().unwrap();
    let output = list(MANY + 1, &folder, &["--result-file-path", "out.gz"]);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b""[..]));
    assert_eq!(files(&folder).unwrap(), ["logs"]);
}

fn an_older_result_file_stays() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("out.gz"), "older").unwrap();
    list(MANY + 1, &folder, &["--result-file-path", "out.gz"]);
    assert_eq!(std::fs::read(folder.path().join("out.gz")).unwrap(), b"older");
    assert_eq!(files(&folder).unwrap(), ["logs", "out.gz"]);
}

fn files(folder: &tempfile::TempDir) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}
