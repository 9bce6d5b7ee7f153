//! A connector that does what connectors must not: each capability is a fault. The tests of this crate run it.
#![expect(clippy::print_stdout, clippy::unwrap_used, clippy::panic, reason = "it is a part of tests")]

mod caller;
mod server;

use std::io::{BufWriter, Read as _, Write as _};
use std::process::{Command, ExitCode, Stdio, exit};
use std::thread::sleep;
use std::time::Duration;

const INFO: &str = include_str!("info.json");
const PAGE: &str = r#"{"response":[{"id":"a"},{"id":"b"}],"raw_data":null,"page":{"token":"next","size":2},"rate_limit":null,"execution_summary":null}"#;
const ERROR: &str = r#"{"is_error":true,"error":{"message":"the password hunter22 is wrong","status_code":401,"app_error_code":null,"error_code":"unauthorized","app_id":"faulty","raised_by":null,"raised_in":null,"error_metadata":{"fault":"upstream","category":"authentication","hint":null,"retryable":true,"throttled":false,"refreshable":true,"retry_after_seconds":7}},"raw_data":null,"page":null}"#;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["info"] => println!("{INFO}"),
        ["caller", folder] => caller::run(folder.as_ref()),
        ["dev", "http-server", "--port", port] => server::run(port.parse().unwrap()),
        ["dev", "replay", "--help"] => println!("FILE  A file that a call was recorded into with --record"),
        // Its calls make no HTTP request but this one, and whoever records the others is told so.
        ["list_accounts", "--json-file", file, "--record", recording] => {
            std::fs::write(recording, r#"{"exchanges":[]}"#).unwrap();
            return call("list_accounts", file);
        }
        [capability, "--json-file", file, "--record", _] => {
            call(capability, file);
            eprint(b"error: nothing was recorded\n");
            return ExitCode::FAILURE;
        }
        [capability, "--json-file", file] => return call(capability, file),
        _ => {
            eprint(b"usage: faulty-program CAPABILITY --json-file FILE\n");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

fn request(file: &str) -> String {
    std::fs::read_to_string(file).unwrap()
}

fn eprint(text: &[u8]) {
    std::io::stderr().write_all(text).unwrap();
}

fn print(text: &str) {
    let mut stdout = std::io::stdout();
    stdout.write_all(text.as_bytes()).unwrap();
    stdout.flush().unwrap();
}

fn forever() -> ! {
    loop {
        sleep(Duration::from_secs(3600));
    }
}

/// Leaves its number where the test looks for it.
fn leave_number(name: &str, number: u32) {
    std::fs::write(name, number.to_string()).unwrap();
}

/// A process that outlives this one unless it is killed, and holds its stdout.
#[expect(clippy::zombie_processes, reason = "it is to be left behind")]
fn start_another() {
    let child = Command::new("sleep").arg("3600").stdin(Stdio::null()).spawn().unwrap();
    leave_number("other", child.id());
}

fn call(capability: &str, file: &str) -> ExitCode {
    leave_number("number", std::process::id());
    match capability {
        "list_accounts" => {
            request(file);
            println!("{PAGE}");
        }
        "echo" => println!(r#"{{"response":{},"raw_data":null,"page":null}}"#, request(file)),
        "environment" => {
            request(file);
            let names: Vec<String> = std::env::vars().map(|(name, _)| name).collect();
            println!(r#"{{"response":{}}}"#, serde_json::to_string(&names).unwrap());
        }
        "garbage" => {
            request(file);
            eprint(b"about to go wrong with hunter22\n");
            println!("Traceback (most recent call last): hunter22");
        }
        "noise_before" => println!("debug: connecting\n{PAGE}"),
        "noise_after" => println!("{PAGE}\ndebug: done"),
        "not_an_answer" => println!("{{}}"),
        "silent" => {}
        "dies" => {
            request(file);
            eprint(b"first words\nModuleNotFoundError: No module named 'x', token=hunter22\n");
            return ExitCode::from(1);
        }
        "dies_midway" => {
            print(&PAGE[..30]);
            eprint(b"out of memory\n");
            std::process::abort();
        }
        "ends_midway" => print(&PAGE[..30]),
        "fails_after_the_answer" => {
            println!("{PAGE}");
            return ExitCode::from(3);
        }
        "hangs" => {
            eprint(b"waiting for the app\n");
            start_another();
            forever();
        }
        "hangs_midway" => {
            print(&PAGE[..30]);
            forever();
        }
        "ignores_termination" => {
            // A shell is told to ignore the signal; what it becomes goes on ignoring it.
            let script = r#"trap '' TERM; echo $$ > number; while :; do sleep 3600; done"#;
            let mut shell = Command::new("sh").args(["-c", script]).spawn().unwrap();
            shell.wait().unwrap();
        }
        "floods_stderr" => {
            let line = [b"x".repeat(199), b"\n".to_vec()].concat();
            let mut stderr = BufWriter::with_capacity(1 << 20, std::io::stderr());
            for _ in 0..1_000_000 {
                stderr.write_all(&line).unwrap();
            }
            stderr.flush().unwrap();
            request(file);
            println!("{PAGE}");
        }
        "does_not_read" => println!("{PAGE}"),
        "large" => large(),
        "large_row" => println!(r#"{{"response":[{{"id":"{}"}}]}}"#, "x".repeat(20 << 20)),
        "answers_an_error" => {
            request(file);
            println!("{ERROR}");
        }
        "repeats_its_input" => {
            let input = request(file);
            let message = serde_json::to_string(&format!("Invalid request: {input}")).unwrap();
            println!("{}", ERROR.replace("\"the password hunter22 is wrong\"", &message));
        }
        "answers_an_error_and_fails" => {
            request(file);
            println!("{ERROR}");
            return ExitCode::from(1);
        }
        "leaves_another" => {
            request(file);
            start_another();
            println!("{PAGE}");
        }
        "find_resource_graph" => println!(
            r#"{{"response":{{"resources":[{{"id":1}},{{"id":2}}],"cursor":"c","relationships":[{{"id":3}}]}}}}"#
        ),
        _ => {
            eprint(b"invalid choice\n");
            exit(2);
        }
    }
    ExitCode::SUCCESS
}

/// An answer of 500 MB in rows of 1 kB.
fn large() {
    let row = format!(r#"{{"id":"{}"}}"#, "x".repeat(990));
    let mut stdout = BufWriter::with_capacity(1 << 20, std::io::stdout());
    stdout.write_all(br#"{"response":["#).unwrap();
    for number in 0..500_000 {
        if number > 0 {
            stdout.write_all(b",").unwrap();
        }
        stdout.write_all(row.as_bytes()).unwrap();
    }
    stdout.write_all(br#"],"page":null}"#).unwrap();
    stdout.flush().unwrap();
}

/// Reads everything up to the end of a request's body.
fn read_http(stream: &mut std::net::TcpStream) -> Option<(String, String)> {
    let mut text = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let read = stream.read(&mut piece).ok()?;
        text.extend_from_slice(&piece[..read]);
        let so_far = String::from_utf8_lossy(&text).into_owned();
        if let Some((head, body)) = so_far.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some((head.to_owned(), body.to_owned()));
            }
        }
        if read == 0 {
            return None;
        }
    }
}
