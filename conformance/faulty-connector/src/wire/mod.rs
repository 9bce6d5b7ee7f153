//! Faults between a healthy connector and its caller: this program runs itself once more, without the fault, and changes
//! what goes in and what comes out.
//!
//! | file | what it does |
//! | --- | --- |
//! | this one | the command line: which capability, and where the request comes from |
//! | [`requests`] | faults in how a request is taken |
//! | [`answers`] | faults in what is answered |
//! | [`process`] | faults of the program itself |
//! | [`server`] | a server of our own, with faults |

mod answers;
mod process;
mod requests;
mod server;

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::process::{Command, ExitCode, Output, Stdio};

use serde_json::Value;

use crate::fault::is;

/// The variable that says that a program is the healthy one inside.
pub(crate) const INNER: &str = "FAULT_INNER";

/// Runs the command line with the fault.
pub(crate) fn run() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let words: Vec<String> = arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    if let Some(status) = process::before(&words) {
        return status;
    }
    match words.first().map(String::as_str) {
        Some("dev") => server::run(&words),
        Some("info") => info(),
        Some(capability) => call(capability, &words),
        None => pass_on(&words),
    }
}

/// The healthy program, with its output in our hands.
fn inner(arguments: &[String], stdin: Option<&str>) -> io::Result<Output> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(arguments).env(INNER, "1").stdout(Stdio::piped());
    command.stdin(if stdin.is_some() { Stdio::piped() } else { Stdio::inherit() });
    let mut child = command.stderr(Stdio::inherit()).spawn()?;
    let pipe = child.stdin.take();
    let text = stdin.map(str::to_owned);
    // What it does not read it does not need.
    let writing =
        std::thread::spawn(move || pipe.zip(text).map(|(mut pipe, text)| pipe.write_all(text.as_bytes())));
    let output = child.wait_with_output();
    let _ = writing.join();
    output
}

/// What the healthy connector answers in this process, as a server of its own would.
fn dispatched(capability: &str, body: &str) -> String {
    let host = lumos_connector::client::host().build();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let answer = runtime.map(|runtime| {
        runtime.block_on(async {
            let integration = crate::integration().map_err(io::Error::other)?;
            integration.dispatch(&host, capability, body).await.into_bytes().await
        })
    });
    let bytes = answer.and_then(|answer| answer).unwrap_or_default();
    if bytes.is_empty() { String::new() } else { format!("{}\n", String::from_utf8_lossy(&bytes)) }
}

fn status(output: &Output) -> ExitCode {
    output.status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}

/// Runs the healthy program as it is.
fn pass_on(words: &[String]) -> ExitCode {
    let Ok(output) = inner(words, None) else { return ExitCode::FAILURE };
    process::print(&output.stdout);
    status(&output)
}

fn info() -> ExitCode {
    let Ok(output) = inner(&["info".to_owned()], None) else { return ExitCode::FAILURE };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    process::print(answers::info(&text).as_bytes());
    status(&output)
}

/// The value of an option.
fn option<'a>(words: &'a [String], name: &str) -> Option<&'a str> {
    words.iter().position(|word| word == name).and_then(|at| words.get(at + 1)).map(String::as_str)
}

fn call(capability: &str, words: &[String]) -> ExitCode {
    let body = match (option(words, "--json"), option(words, "--json-file")) {
        (Some(_), None) if is("json-argument-differs") => "{}".to_owned(),
        (Some(text), None) => text.to_owned(),
        (None, Some("/dev/stdin")) => {
            let mut bytes = Vec::new();
            if io::stdin().read_to_end(&mut bytes).is_err() {
                return ExitCode::FAILURE;
            }
            String::from_utf8_lossy(&bytes).into_owned()
        }
        // What the description has wrong, it has wrong in a request from any file.
        (None, Some(path)) if capability == "app_info" => match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(_) => return pass_on(words),
        },
        _ => return pass_on(words),
    };
    let mut rest: Vec<String> = words.to_vec();
    for name in ["--json", "--json-file"] {
        if let Some(at) = rest.iter().position(|word| word == name) {
            rest.drain(at..(at + 2).min(rest.len()));
        }
    }
    rest.extend(["--json-file".to_owned(), "/dev/stdin".to_owned()]);
    let result_file = option(words, "--result-file-path");
    let (text, status) = answered(capability, &body, &rest, false);
    process::result_file(result_file, &body);
    if let Some(path) = result_file.filter(|_| capability == "app_info") {
        process::change_result(path, |answer, text| answers::answer(capability, &body, answer, text, false));
    }
    if is("result-on-stdout") && result_file.is_some_and(|path| path.ends_with(".gz")) {
        process::print(b"{}\n");
    }
    if !text.is_empty() {
        process::greet(capability);
        process::print(text.as_bytes());
    }
    let is_error = text.starts_with("{\"is_error\"");
    if is("status-of-errors") && is_error { ExitCode::from(3) } else { status }
}

/// The answer of a capability to a body, and the status of the healthy program.
fn answered(capability: &str, body: &str, words: &[String], served: bool) -> (String, ExitCode) {
    process::echo(body);
    let mut body = body.to_owned();
    match requests::take(capability, &mut body) {
        requests::Taken::On => {}
        requests::Taken::Answered(text) => return (format!("{text}\n"), ExitCode::SUCCESS),
        requests::Taken::Crash => {
            if served {
                return (String::new(), ExitCode::FAILURE);
            }
            std::process::exit(101);
        }
    }
    let (text, status) = if served {
        (dispatched(capability, &body), ExitCode::SUCCESS)
    } else {
        let Ok(output) = inner(words, Some(&body)) else { return (String::new(), ExitCode::FAILURE) };
        (String::from_utf8_lossy(&output.stdout).into_owned(), status(&output))
    };
    let Ok(answer) = serde_json::from_str::<Value>(&text) else { return (text, status) };
    (answers::answer(capability, &body, answer, text, served), status)
}
