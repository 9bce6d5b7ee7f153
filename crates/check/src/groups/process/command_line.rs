//! The command line of the program: commands and options, right and wrong ones.

use std::path::Path;

use super::{JSON_ARGUMENT, QUOTED_FILE, USAGE, harmless};
use crate::run::Run;
use crate::subject::Status;

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

pub(super) async fn arguments(run: &Run<'_>, folder: &Path) {
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
