//! How its program behaves.
//!
//! | file | what is checked |
//! | --- | --- |
//! | [`command_line`] | commands and options, right and wrong ones |
//! | [`files`] | result files and log files |
//! | [`surroundings`] | environment, folder, signals, pipes, large requests |
//! | [`load`] | calls at the same time, and memory |

mod command_line;
mod files;
mod load;
mod surroundings;

use lumos_connection::exchange::ProgramRun;
use serde_json::{Value, json};

use crate::groups::errors;
use crate::rule::rules;
use crate::run::Run;
use crate::subject::{Call, Request, Status, bare};

rules! { Process, "process";
    ONE_DOCUMENT = "one-document", Error, "s8-output",
        "Standard output is not exactly one JSON document and a line feed.",
        "Write everything else to standard error: libraries that greet on standard output, too.";
    EXIT_STATUS = "exit-status", Error, "s8-exit",
        "An answer does not end with status 0.",
        "End with 0 whenever there is an answer, error envelopes included.";
    USAGE = "usage", Error, "s8-exit",
        "A wrong command line does not end with the contract's status, or writes to standard output.",
        "End with 1 without a command and where a file cannot be read, and with 2 on wrong arguments; say why on standard error.";
    JSON_ARGUMENT = "json-argument", Error, "s8-commands",
        "`--json` gives another answer than `--json-file`.",
        "Take the request from either, with the same result.";
    QUOTED_FILE = "quoted-file", Warning, "s8-commands",
        "Quotes around a file name are not taken off.",
        "Take off a pair of `\"` and then of `'`: agents on Windows quote twice.";
    RESULT_FILE = "result-file", Error, "s8-output",
        "`--result-file-path` does not write the answer as gzip, or still writes to standard output.",
        "Write the answer without the line feed as gzip, and nothing to standard output.";
    RESULT_FILE_NAME = "result-file-name", Warning, "s8-output",
        "A result file whose name does not end in `.gz` is not refused.",
        "End with status 1 before the capability runs.";
    CLOSED_PIPE = "closed-pipe", Error, "s8-exit",
        "The program does not end when nobody reads its output.",
        "End when writing fails.";
    BIG_INPUT = "big-input", Error, "s2-text",
        "A request of 8 MiB is not answered.",
        "Read the whole request; its size has no limit in the contract.";
    TERMINATION = "termination", Error, "s8-exit",
        "The program does not end soon after `SIGTERM`.",
        "Leave the signal its default effect, or end within a few seconds.";
    EMPTY_ENVIRONMENT = "empty-environment", Error, "s9-environment",
        "The program does not work without environment variables.",
        "Have a default for each variable; `HOME` and `PATH` may be missing under a service manager.";
    UNWRITABLE_FOLDER = "unwritable-folder", Warning, "s9-file",
        "The program does not answer where its working folder cannot be written.",
        "Go on without a log file; containers have read-only folders.";
    PARALLEL = "parallel", Error, "s8",
        "Calls at the same time give another answer than one alone.",
        "Share no files between processes without a lock.";
    START_UP = "start-up", Warning, "s8",
        "The program takes long to say what it is.",
        "Load what is heavy only when a call needs it: the program starts for every call.";
    MEMORY = "memory", Warning, "s8",
        "The program holds much memory for one page.",
        "Write rows while they are read.";
    LOG_LEVEL = "log-level", Note, "s9-environment",
        "An unknown `LUMOS_LOG_LEVEL` does not end the program at its start.",
        "Refuse it, so that nobody believes to have debug logs.";
    LOG_FILE = "log-file", Warning, "s9-file",
        "The log file is not where or what the contract says.",
        "Write lines `HH:MM:SS,ms logger LEVEL message` to `{app_id}_{date}.log` in `LUMOS_LOG_DIRECTORY`.";
    LOG_TO_STDERR = "log-to-stderr", Error, "s9-file",
        "With `LUMOS_LOG_TO_STDOUT=true` log lines are mixed into the answer.",
        "Write them to standard error, whatever the variable's name says.";
}

/// Judges how a program's answer came, whatever it says.
pub(crate) fn judge(run: &Run<'_>, call: &Call) {
    let Status::Exit(Some(code), how) = &call.status else { return };
    if call.answer.is_err() {
        return;
    }
    run.expect(EXIT_STATUS, *code == 0, call.name.as_str(), || how.clone(), &[call]);
    let text = call.text.strip_suffix('\n').unwrap_or(&call.text);
    let kept =
        call.text.ends_with('\n') && !text.contains('\n') && serde_json::from_str::<Value>(text).is_ok();
    run.expect(
        ONE_DOCUMENT,
        kept,
        call.name.as_str(),
        || "there is more or less on standard output than one document and one line feed".to_owned(),
        &[call],
    );
}

pub(crate) async fn check(run: &Run<'_>) {
    if !run.subject.connection.has_program() {
        for rule in RULES {
            run.skip(rule, "the connection has no program");
        }
        return;
    }
    let folder = match tempfile::tempdir() {
        Ok(folder) => folder,
        Err(error) => {
            for rule in RULES {
                run.skip(rule, format!("no temporary folder: {error}"));
            }
            return;
        }
    };
    load::parallel(run).await;
    let folder = folder.path();
    tokio::join!(
        command_line::arguments(run, folder),
        files::result_files(run, folder),
        files::logs(run, folder),
        surroundings::surroundings(run, folder),
        surroundings::signals(run),
        load::memory(run),
    );
}

/// What the rules about secrets need of this group: result files and logs.
pub(crate) async fn check_secrets(run: &Run<'_>) {
    let folder = tempfile::tempdir();
    match folder {
        Ok(folder) if run.subject.connection.has_program() => {
            tokio::join!(files::result_files(run, folder.path()), files::logs(run, folder.path()));
        }
        _ => {
            for rule in [errors::SECRETS_IN_LOG, errors::SECRETS_IN_RESULT_FILE] {
                run.skip(rule, "the connection has no program, or there is no temporary folder");
            }
        }
    }
}

/// A request that needs nothing: that for `app_info`.
fn harmless() -> String {
    bare(json!({})).to_string()
}

/// The capability that calls are made of where any will do: one that needs as little as possible.
pub(crate) fn target(run: &Run<'_>) -> String {
    let known = ["validate_credentials", "list_accounts"].into_iter().find(|name| run.known.works(name));
    known.unwrap_or("app_info").to_owned()
}

fn right_request(run: &Run<'_>) -> Request {
    Request::new(&target(run), json!({}))
}

/// A run of the program that is set up by the caller.
async fn special(run: &Run<'_>, name: &str, program: ProgramRun) -> Call {
    let output = run.program(program).await;
    let call = Call::of_run(name, String::new().into(), &[name], output);
    run.made(&call);
    call
}
