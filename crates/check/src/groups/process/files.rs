//! The files that the program writes: results and logs.

use std::io::Read as _;
use std::path::Path;

use lumos_connection::exchange::ProgramRun;
use serde_json::{Value, json};

use super::{
    LOG_FILE, LOG_TO_STDERR, RESULT_FILE, RESULT_FILE_NAME, harmless, right_request, special, target,
};
use crate::groups::errors;
use crate::groups::errors::wrong_credentials;
use crate::run::Run;
use crate::subject::{Status, with};

pub(super) async fn result_files(run: &Run<'_>, folder: &Path) {
    let text = harmless();
    let file = folder.join("result.gz");
    let name = file.display().to_string();
    let plain = run.run("app_info", &["app_info", "--json", &text], None).await;
    let call = run.run("app_info", &["app_info", "--json", &text, "--result-file-path", &name], None).await;
    if let (Some(plain), Some(call)) = (plain, call)
        && plain.is_success()
    {
        let content = unpacked(&file);
        let kept = call.text.is_empty() && content.as_deref() == Ok(plain.text.trim_end_matches('\n'));
        run.expect(
            RESULT_FILE,
            kept,
            "app_info",
            || match &content {
                Err(problem) => problem.clone(),
                Ok(_) if call.text.is_empty() => {
                    "it holds something else than standard output would".to_owned()
                }
                Ok(_) => "standard output is not empty".to_owned(),
            },
            &[&call],
        );
    }
    let wrong = folder.join("result.txt").display().to_string();
    if let Some(call) =
        run.run("app_info", &["app_info", "--json", &text, "--result-file-path", &wrong], None).await
    {
        run.expect(
            RESULT_FILE_NAME,
            matches!(call.status, Status::Exit(Some(1), _)) && call.text.is_empty(),
            "app_info",
            || call.status.to_string(),
            &[&call],
        );
    }
    // A wrong request whose answer goes into a file.
    if let Some(envelope) = wrong_envelope(run) {
        let file = folder.join("wrong.gz");
        let name = file.display().to_string();
        let arguments = [&*target(run), "--json-file", "/dev/stdin", "--result-file-path", &name];
        if let Some(call) = run.run(arguments[0], &arguments, Some(envelope.to_string().into())).await
            && let Ok(content) = unpacked(&file)
        {
            run.expect(
                errors::SECRETS_IN_RESULT_FILE,
                !run.has_secret(&content),
                arguments[0],
                || "the file has a secret of the request".to_owned(),
                &[&call],
            );
        }
    }
}

/// The content of a gzip file.
fn unpacked(file: &Path) -> Result<String, String> {
    let packed = std::fs::read(file).map_err(|error| format!("the file is not there: {error}"))?;
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed.as_slice())
        .read_to_string(&mut text)
        .map_err(|error| format!("the file is not gzip: {error}"))?;
    Ok(text)
}

/// An envelope with canaries that is refused: wrong credentials, and a payload that cannot be read.
fn wrong_envelope(run: &Run<'_>) -> Option<Value> {
    let envelope = run.subject.envelope(&right_request(run));
    let has_credentials = envelope["auth"].is_object() || envelope["credentials"].is_array();
    let wrong = wrong_credentials(run, &envelope);
    has_credentials.then(|| with(wrong, &[("page", json!([run.canaries.text()]))]))
}

pub(super) async fn logs(run: &Run<'_>, folder: &Path) {
    let target = target(run);
    let right = run.subject.envelope(&right_request(run));
    let log = folder.join("log");
    let mut bodies = vec![right.to_string()];
    bodies.extend(wrong_envelope(run).map(|envelope| envelope.to_string()));
    let mut calls = Vec::new();
    for body in &bodies {
        let program = ProgramRun::call(&target, body.clone().into())
            .timeout(run.options.call_timeout)
            .without_variable("LUMOS_LOG_TO_STDOUT")
            .variable("LUMOS_LOG_DIRECTORY", log.as_os_str())
            .variable("LUMOS_LOG_LEVEL", "DEBUG");
        calls.push(special(run, &target, program).await);
        let program = ProgramRun::call(&target, body.clone().into())
            .timeout(run.options.call_timeout)
            .without_variable("LUMOS_LOG_DIRECTORY")
            .variable("LUMOS_LOG_TO_STDOUT", "true")
            .variable("LUMOS_LOG_LEVEL", "DEBUG");
        let call = special(run, &target, program).await;
        let text = call.text.strip_suffix('\n').unwrap_or(&call.text);
        run.expect(
            LOG_TO_STDERR,
            call.answer.is_err() || serde_json::from_str::<Value>(text).is_ok(),
            "LUMOS_LOG_TO_STDOUT",
            || "standard output has more than the answer".to_owned(),
            &[&call],
        );
    }
    let app_id = run.known.info.as_ref().map(|info| info.info.app_id.clone()).unwrap_or_default();
    let files: Vec<_> =
        std::fs::read_dir(&log).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    if files.is_empty() {
        run.find(LOG_FILE, "LUMOS_LOG_DIRECTORY", "at the level DEBUG nothing was written", &[]);
    }
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let date = name.strip_prefix(&format!("{app_id}_")).and_then(|rest| rest.strip_suffix(".log"));
        let content = String::from_utf8_lossy(&std::fs::read(&file).unwrap_or_default()).into_owned();
        let is_named = date.is_some_and(|date| date.parse::<jiff::civil::Date>().is_ok());
        let line = content.lines().next().unwrap_or_default();
        run.expect(
            LOG_FILE,
            is_named && (content.is_empty() || is_log_line(line)),
            "LUMOS_LOG_DIRECTORY",
            || {
                if is_named {
                    "its first line is not of the contract's form".to_owned()
                } else {
                    format!("the file is called `{name}`")
                }
            },
            &[],
        );
        run.expect(
            errors::SECRETS_IN_LOG,
            !run.has_secret(&content),
            target.as_str(),
            || "the log file has a secret of the request".to_owned(),
            &calls.iter().collect::<Vec<_>>(),
        );
    }
}

/// Whether a line is `HH:MM:SS,ms logger LEVEL message`.
fn is_log_line(line: &str) -> bool {
    let mut words = line.split(' ');
    let time = words.next().and_then(|time| time.split_once(','));
    let is_time = time.is_some_and(|(time, fraction)| {
        time.len() == 8 && fraction.bytes().all(|byte| byte.is_ascii_digit()) && !fraction.is_empty()
    });
    let _logger = words.next();
    is_time
        && words
            .next()
            .is_some_and(|level| ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"].contains(&level))
}
