//! Faults of the program itself.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::Value;

use super::{inner, option, pass_on};
use crate::fault::is;

/// The variable that says that a signal is ignored already.
const TRAPPED: &str = "FAULT_TRAPPED";

/// What a fault does before the command line is looked at.
pub(super) fn before(words: &[String]) -> Option<ExitCode> {
    let dev = words.first().is_some_and(|word| word == "dev");
    let ignored = is("termination-ignored") && !dev || is("server-ignores-termination") && dev;
    if ignored && std::env::var_os(TRAPPED).is_none() {
        return Some(trapped());
    }
    let is_info = words.first().is_some_and(|word| word == "info");
    if is("slow-start") && is_info {
        std::thread::sleep(Duration::from_millis(2500));
    }
    if is("environment-needed") && std::env::var_os("PATH").is_none() {
        eprintln("PATH is not set");
        return Some(ExitCode::from(1));
    }
    if is("folder-needed") && !dev && File::create("faulty-connector.tmp").is_err() {
        eprintln("cannot write the working folder");
        return Some(ExitCode::from(1));
    }
    if is("folder-needed") {
        // It was only to be seen whether it can be made.
        let _ = std::fs::remove_file("faulty-connector.tmp");
    }
    if is("log-level-ignored") && std::env::var("LUMOS_LOG_LEVEL").is_ok_and(|level| level == "LOUD") {
        let _ = inner_with_level(words);
        return Some(ExitCode::SUCCESS);
    }
    if is("memory-hungry") && words.first().is_some_and(|word| word == "list_accounts") {
        let held = vec![1_u8; 400 << 20];
        // Memory is looked at every few milliseconds, on a busy machine less often.
        std::thread::sleep(Duration::from_millis(500));
        // So that it is not left out.
        std::hint::black_box(&held);
    }
    if is("usage-status") && words.len() > 1 {
        let known = inner(words, Some(""));
        if known.is_ok_and(|output| output.status.code() == Some(2)) {
            return Some(ExitCode::from(1));
        }
    }
    let file = option(words, "--json-file").unwrap_or_default();
    if is("quotes-kept") && (file.starts_with('"') || file.starts_with('\'')) {
        eprintln("there is no such file");
        return Some(ExitCode::from(1));
    }
    let result = option(words, "--result-file-path").unwrap_or_default();
    if is("result-name-taken") && result.ends_with(".txt") {
        return Some(ExitCode::SUCCESS);
    }
    if is("calls-alone") && words.first().is_some_and(|word| word == "validate_credentials") {
        return alone(words);
    }
    None
}

/// The answer that another log level would have given.
fn inner_with_level(words: &[String]) -> io::Result<()> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(words).env(super::INNER, "1").env("LUMOS_LOG_LEVEL", "ERROR").status().map(drop)
}

/// This program again, with the signal ignored: what is ignored stays so.
fn trapped() -> ExitCode {
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt as _;
        let Ok(program) = std::env::current_exe() else { return ExitCode::FAILURE };
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "trap '' TERM; exec \"$0\" \"$@\""]).arg(program);
        command.args(std::env::args_os().skip(1)).env(TRAPPED, "1");
        // It returns only when it cannot start.
        let _ = command.exec();
    }
    ExitCode::FAILURE
}

/// Fails when another call runs.
fn alone(words: &[String]) -> Option<ExitCode> {
    let lock = PathBuf::from(std::env::var_os("FAULT_STATE")?);
    if OpenOptions::new().write(true).create_new(true).open(&lock).is_err() {
        print(format!("{}\n", super::answers::error("internal_error", "another call runs")).as_bytes());
        return Some(ExitCode::SUCCESS);
    }
    std::thread::sleep(Duration::from_millis(150));
    let status = pass_on(words);
    // Left behind, it would keep all others out.
    let _ = std::fs::remove_file(lock);
    Some(status)
}

/// Writes to standard output.
pub(super) fn print(bytes: &[u8]) {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
    if written.is_err() && is("closed-pipe-waits") {
        std::thread::sleep(Duration::from_secs(60));
    }
}

fn eprintln(text: &str) {
    // When it cannot be written there is nobody to read it.
    let _ = writeln!(io::stderr(), "{text}");
}

/// What is said in front of an answer.
pub(super) fn greet(capability: &str) {
    if is("greeting") && capability == "list_accounts" {
        print(b"Loading the plugins...\n");
    }
    let level = std::env::var("LUMOS_LOG_LEVEL").unwrap_or_default();
    let to_stdout = std::env::var("LUMOS_LOG_TO_STDOUT").unwrap_or_default();
    if is("log-on-stdout") && level == "DEBUG" && to_stdout == "true" {
        print(b"12:00:00,1 faulty DEBUG called\n");
    }
}

/// Writes a request where it must not be.
pub(super) fn echo(body: &str) {
    if is("secret-in-stderr") && body.contains("\"password\"") {
        eprintln(body);
    }
    let Some(folder) = std::env::var_os("LUMOS_LOG_DIRECTORY").map(PathBuf::from) else { return };
    if is("secret-in-log") && std::fs::create_dir_all(&folder).is_ok() {
        let day = "2026-01-01";
        append(
            &folder.join(format!("faulty-connector_{day}.log")),
            &format!("12:00:00,1 faulty DEBUG called with {body}\n"),
        );
    }
    if is("log-file-renamed") && std::fs::create_dir_all(&folder).is_ok() {
        append(&folder.join("debug.log"), "12:00:00,1 faulty DEBUG called\n");
    }
}

fn append(path: &Path, text: &str) {
    let file = OpenOptions::new().create(true).append(true).open(path);
    // A log that cannot be written is not this fault.
    let _ = file.and_then(|mut file| file.write_all(text.as_bytes()));
}

/// Changes the answer in a result file; one that is not there, or is no gzip, stays as it is.
pub(super) fn change_result(path: &str, change: impl FnOnce(Value, String) -> String) {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| GzDecoder::new(file).read_to_string(&mut text));
    let Ok(answer) = read.map_err(io::Error::other).and_then(|_| Ok(serde_json::from_str(&text)?)) else {
        return;
    };
    let changed = change(answer, text.clone());
    if changed != text
        && let Ok(file) = File::create(path)
    {
        let mut file = GzEncoder::new(file, Compression::fast());
        // A file that cannot be written is not this fault.
        let _ = file.write_all(changed.trim_end().as_bytes()).and_then(|()| file.finish().map(drop));
    }
}

/// Writes the request into the result file, beside the answer.
pub(super) fn result_file(path: Option<&str>, body: &str) {
    let Some(path) = path.filter(|path| is("secret-in-result-file") && path.ends_with(".gz")) else { return };
    if !body.contains("\"password\"") {
        return;
    }
    if let Ok(file) = File::create(path) {
        let mut file = GzEncoder::new(file, Compression::fast());
        // A file that cannot be written is not this fault.
        let _ = file.write_all(body.as_bytes()).and_then(|()| file.finish().map(drop));
    }
}
