//! Where the program runs: its environment and folder, signals, pipes, and large requests.

use std::path::Path;
use std::time::Duration;

use lumos_connection::exchange::ProgramRun;
use serde_json::json;

use super::{
    BIG_INPUT, CLOSED_PIPE, EMPTY_ENVIRONMENT, LOG_LEVEL, TERMINATION, UNWRITABLE_FOLDER, harmless, special,
};
use crate::run::Run;
use crate::subject::{bare, with};

/// How long a program may take to end after a signal.
const END: Duration = Duration::from_secs(5);

/// How long a whole call may take whose answer nobody reads: an interpreter on a busy machine starts slowly.
const UNREAD: Duration = Duration::from_secs(30);

/// How large a large request is.
const BIG: usize = 8 << 20;

pub(super) async fn surroundings(run: &Run<'_>, folder: &Path) {
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

    let program = app_info().close_stdout().timeout(UNREAD);
    let output = run.program(program).await;
    let ended = output.as_ref().is_ok_and(|output| output.status.is_some());
    run.expect(CLOSED_PIPE, ended, "app_info", || format!("it still ran after {} s", UNREAD.as_secs()), &[]);

    let big = with(bare(json!({})), &[("check_unknown_key", json!("x".repeat(BIG)))]);
    let call = run.send_big("app_info", &big).await;
    run.expect(BIG_INPUT, call.is_success(), "app_info", || call.summary(), &[]);
}

/// The signal with which service managers end a program.
pub(super) async fn signals(run: &Run<'_>) {
    // It waits for its request, which does not come.
    let waiting = ProgramRun::new(["app_info", "--json-file", "/dev/stdin"]).open_stdin().timeout(END);
    if let Ok(mut program) = run.subject.connection.start_program(waiting) {
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
