//! How its program behaves.

use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use futures_util::future::join_all;
use lumos_connection::exchange::ProgramRun;
use serde_json::{Value, json};

use crate::groups::errors;
use crate::groups::errors::wrong_credentials;
use crate::rule::rules;
use crate::run::Run;
use crate::subject::{Call, Request, Status, bare, with};

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

/// How long a program may take to end after a signal.
const END: Duration = Duration::from_secs(5);

/// How long a whole call may take whose answer nobody reads.
const UNREAD: Duration = Duration::from_secs(10);

/// How many calls are made at the same time.
const AT_ONCE: usize = 6;

/// How large a large request is.
const BIG: usize = 8 << 20;

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
    arguments(run, folder.path()).await;
    result_files(run, folder.path()).await;
    surroundings(run, folder.path()).await;
    logs(run, folder.path()).await;
    load(run).await;
}

/// What the rules about secrets need of this group: result files and logs.
pub(crate) async fn check_secrets(run: &Run<'_>) {
    let folder = tempfile::tempdir();
    match folder {
        Ok(folder) if run.subject.connection.has_program() => {
            result_files(run, folder.path()).await;
            logs(run, folder.path()).await;
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

async fn usage(run: &Run<'_>, what: &str, arguments: &[&str], status: i32) {
    let Some(call) = run.run("a wrong command line", arguments, None).await else { return };
    let kept =
        matches!(call.status, Status::Exit(Some(code), _) if code == status) && call.text.trim().is_empty();
    run.expect(
        USAGE,
        kept,
        what,
        || {
            format!(
                "{}, with {} bytes on standard output; expected status {status} and nothing",
                call.status,
                call.text.len()
            )
        },
        &[&call],
    );
}

async fn arguments(run: &Run<'_>, folder: &Path) {
    let text = harmless();
    usage(run, "no command", &[], 1).await;
    usage(run, "an unknown command", &["check_no_such_capability", "--json", &text], 2).await;
    usage(run, "an unknown option", &["app_info", "--json", &text, "--check-no-such-option"], 2).await;
    usage(run, "neither --json nor --json-file", &["app_info"], 2).await;
    usage(run, "both --json and --json-file", &["app_info", "--json", &text, "--json-file", "/dev/null"], 2)
        .await;
    usage(run, "a file that does not exist", &["app_info", "--json-file", "/check/no/such/file"], 1).await;

    let file = folder.join("request.json");
    if std::fs::write(&file, &text).is_err() {
        return;
    }
    let name = file.display().to_string();
    let by_file = run.run("app_info", &["app_info", "--json-file", &name], None).await;
    let by_argument = run.run("app_info", &["app_info", "--json", &text], None).await;
    if let (Some(by_file), Some(by_argument)) = (by_file, by_argument)
        && by_file.is_success()
    {
        run.expect(
            JSON_ARGUMENT,
            by_file.text == by_argument.text,
            "app_info",
            || by_argument.summary(),
            &[&by_argument, &by_file],
        );
        for quoted in [format!("\"{name}\""), format!("'{name}'"), format!("\"'{name}'\"")] {
            if let Some(call) = run.run("app_info", &["app_info", "--json-file", &quoted], None).await {
                run.expect(QUOTED_FILE, call.is_success(), "--json-file", || call.summary(), &[&call]);
            }
        }
    }
}

async fn result_files(run: &Run<'_>, folder: &Path) {
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

/// The capability that calls are made of, which needs as little as possible.
fn target(run: &Run<'_>) -> String {
    let known = ["validate_credentials", "list_accounts"].into_iter().find(|name| run.known.works(name));
    known.unwrap_or("app_info").to_owned()
}

fn right_request(run: &Run<'_>) -> Request {
    Request::new(&target(run), json!({}))
}

/// An envelope with canaries that is refused: wrong credentials, and a payload that cannot be read.
fn wrong_envelope(run: &Run<'_>) -> Option<Value> {
    let envelope = run.subject.envelope(&right_request(run));
    let has_credentials = envelope["auth"].is_object() || envelope["credentials"].is_array();
    let wrong = wrong_credentials(run, &envelope);
    has_credentials.then(|| with(wrong, &[("page", json!([run.canaries.text()]))]))
}

/// A run of the program that is set up by the caller.
async fn special(run: &Run<'_>, name: &str, program: ProgramRun) -> Call {
    let output = run.subject.connection.run_program(program).await;
    let call = Call::of_run(name, String::new().into(), &[name], output);
    run.made(&call);
    call
}

async fn surroundings(run: &Run<'_>, folder: &Path) {
    let app_info = || ProgramRun::call("app_info", harmless().into()).timeout(run.options.call_timeout);
    let call = special(run, "app_info", app_info().clear_environment()).await;
    run.expect(EMPTY_ENVIRONMENT, call.is_success(), "app_info", || call.summary(), &[&call]);

    if command_is_relative(run) {
        run.skip(UNWRITABLE_FOLDER, "the command has arguments that are relative to its folder");
    } else if let Some(unwritable) = unwritable(folder) {
        let program = app_info()
            .directory(unwritable)
            .without_variable("LUMOS_LOG_TO_STDOUT")
            .without_variable("LUMOS_LOG_DIRECTORY");
        let call = special(run, "app_info", program).await;
        run.expect(UNWRITABLE_FOLDER, call.is_success(), "app_info", || call.summary(), &[&call]);
    } else {
        run.skip(UNWRITABLE_FOLDER, "there is no folder that cannot be written");
    }

    let program = app_info().variable("LUMOS_LOG_LEVEL", "LOUD");
    let call = special(run, "app_info", program).await;
    run.expect(
        LOG_LEVEL,
        !call.is_success(),
        "LUMOS_LOG_LEVEL",
        || "it answers all the same".to_owned(),
        &[&call],
    );

    let connection = &run.subject.connection;
    let program = app_info().close_stdout().timeout(UNREAD);
    let output = connection.run_program(program).await;
    let ended = output.as_ref().is_ok_and(|output| output.status.is_some());
    run.expect(CLOSED_PIPE, ended, "app_info", || format!("it still ran after {} s", UNREAD.as_secs()), &[]);

    // It waits for its request, which does not come.
    let waiting = ProgramRun::new(["app_info", "--json-file", "/dev/stdin"]).open_stdin().timeout(END);
    if let Ok(mut program) = connection.start_program(waiting) {
        // Long enough for an interpreter to have started.
        for _ in 0..4 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            if program.has_ended() {
                break;
            }
        }
        if program.has_ended() {
            run.skip(TERMINATION, "the program ended without its request");
        } else {
            program.terminate();
            let output = program.output().await;
            run.expect(
                TERMINATION,
                output.status.is_some(),
                "SIGTERM",
                || format!("it still ran {} s after the signal", END.as_secs()),
                &[],
            );
        }
    }

    let big = with(bare(json!({})), &[("check_unknown_key", json!("x".repeat(BIG)))]);
    let call = run.send_big("app_info", &big).await;
    run.expect(BIG_INPUT, call.is_success(), "app_info", || call.summary(), &[]);
}

/// Whether an argument of the command names a file beside the connection file.
fn command_is_relative(run: &Run<'_>) -> bool {
    let connector = &run.subject.connection.file().connector;
    connector
        .command
        .iter()
        .skip(1)
        .any(|word| !word.starts_with('-') && !word.starts_with('/') && word.contains('.'))
}

/// A folder in which nobody can write, not even root.
fn unwritable(folder: &Path) -> Option<std::path::PathBuf> {
    let proc = Path::new("/proc");
    if proc.join("self").exists() {
        return Some(proc.to_owned());
    }
    let other = folder.join("unwritable");
    std::fs::create_dir(&other).ok()?;
    let mut permissions = std::fs::metadata(&other).ok()?.permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&other, permissions).ok()?;
    std::fs::write(other.join("x"), "").is_err().then_some(other)
}

async fn logs(run: &Run<'_>, folder: &Path) {
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

async fn load(run: &Run<'_>) {
    let request = right_request(run);
    let alone = run.subject.run_call(&request).await;
    if alone.is_success() {
        let together = join_all((0..AT_ONCE).map(|_| run.subject.run_call(&request))).await;
        for call in &together {
            run.made(call);
        }
        let odd = together.iter().find(|call| call.response() != alone.response());
        run.expect(
            PARALLEL,
            odd.is_none(),
            request.capability.as_str(),
            || odd.map(Call::summary).unwrap_or_default(),
            &odd.into_iter().collect::<Vec<_>>(),
        );
    }
    let listing = ["list_accounts"].into_iter().find(|name| run.known.works(name));
    let request = listing.map_or(request, |name| Request::new(name, json!({})));
    let body = run.subject.envelope(&request).to_string();
    let program = ProgramRun::call(&request.capability, body.into()).timeout(run.options.call_timeout);
    match run.subject.connection.run_program(program).await.ok().and_then(|output| output.peak_memory) {
        Some(peak) => run.expect(
            MEMORY,
            peak <= run.options.memory,
            request.capability.as_str(),
            || format!("{} MiB; more than {} MiB are much", peak >> 20, run.options.memory >> 20),
            &[],
        ),
        None => run.skip(MEMORY, "the program ended before its memory could be seen"),
    }
}
