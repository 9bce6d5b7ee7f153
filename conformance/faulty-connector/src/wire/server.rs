//! A server of our own, with faults; the healthy connector answers in this process.

use std::collections::HashSet;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::{answered, inner, option};
use crate::fault::is;

/// How much of a head is read.
const HEAD: u64 = 64 << 10;

/// A request of the server.
struct Request {
    method: String,
    path: String,
    body: Vec<u8>,
}

pub(super) fn run(words: &[String]) -> ExitCode {
    if is("server-dead") {
        return ExitCode::from(1);
    }
    let port = option(words, "--port").and_then(|port| port.parse::<u16>().ok()).unwrap_or(8000);
    let capabilities = Arc::new(capabilities());
    let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) else { return ExitCode::FAILURE };
    let running = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming().flatten() {
        let (capabilities, running) = (Arc::clone(&capabilities), Arc::clone(&running));
        std::thread::spawn(move || {
            // A client that hangs up has no answer.
            let _ = serve(stream, &capabilities, &running);
        });
    }
    ExitCode::SUCCESS
}

fn capabilities() -> HashSet<String> {
    let output = inner(&["info".to_owned()], None);
    let document: Value =
        output.ok().and_then(|output| serde_json::from_slice(&output.stdout).ok()).unwrap_or_default();
    let names = document["response"]["capabilities"].as_array();
    names.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn serve(mut stream: TcpStream, capabilities: &HashSet<String>, running: &AtomicUsize) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let Some(request) = read(&stream)? else {
        if is("server-dies-of-garbage") {
            std::process::exit(1);
        }
        return write(&mut stream, 400, "text/plain", "not HTTP");
    };
    let at_once = running.fetch_add(1, Ordering::SeqCst);
    let (status, kind, text) = respond(&request, capabilities, at_once);
    running.fetch_sub(1, Ordering::SeqCst);
    write(&mut stream, status, kind, &text)
}

/// A request; none when it is not HTTP.
fn read(stream: &TcpStream) -> io::Result<Option<Request>> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    if (&mut reader).take(HEAD).read_line(&mut line).is_err() {
        return Ok(None);
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    let [method, path, version] = words[..] else { return Ok(None) };
    if !version.starts_with("HTTP/1") {
        return Ok(None);
    }
    let (method, path) = (method.to_owned(), path.trim_start_matches('/').to_owned());
    let mut length = 0;
    let mut heads = (&mut reader).take(HEAD);
    loop {
        let mut line = String::new();
        if heads.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(Request { method, path, body }))
}

fn write(stream: &mut TcpStream, status: u16, kind: &str, text: &str) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status} Status\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        text.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(text.as_bytes())?;
    stream.flush()
}

fn respond(request: &Request, capabilities: &HashSet<String>, at_once: usize) -> (u16, &'static str, String) {
    const JSON: &str = "application/json";
    let detail = |status: u16| (status, JSON, json!({"detail": "no"}).to_string());
    let Request { method, path, body } = request;
    match (method.as_str(), path.as_str()) {
        ("GET", "openapi.json") => {
            let (text, _) = call("app_info", "{\"request\":{}}");
            let answer: Value = serde_json::from_str(&text).unwrap_or_default();
            let mut document = answer["response"]["app_schema"].clone();
            if is("openapi-differs") {
                document["info"]["title"] = json!("Another");
            }
            (200, JSON, document.to_string())
        }
        ("GET", "docs") if is("docs-missing") => detail(404),
        ("GET", "docs") => (200, "text/html", "<html><body>The document</body></html>".to_owned()),
        ("POST", name) if capabilities.contains(name) => {
            let text = match std::str::from_utf8(body) {
                Ok(text) => text.to_owned(),
                Err(_) if is("bytes-answered") => String::from_utf8_lossy(body).into_owned(),
                Err(_) => return detail(400),
            };
            if is("large-body-refused") && text.len() > 4 << 20 {
                return detail(400);
            }
            if is("server-mixes-calls") && at_once > 0 {
                return (200, JSON, super::answers::error("internal_error", "mixed up"));
            }
            if is("server-mixes-calls") {
                std::thread::sleep(Duration::from_millis(50));
            }
            let (answer, crashed) = call(name, &text);
            if crashed {
                return detail(500);
            }
            let is_error = answer.starts_with("{\"is_error\"");
            let status = if is("errors-with-status-400") && is_error { 400 } else { 200 };
            (status, JSON, answer)
        }
        (_, name) if capabilities.contains(name) => {
            if is("get-answered") && method == "GET" {
                (200, JSON, "{}".to_owned())
            } else {
                detail(405)
            }
        }
        _ if is("unknown-path-answered") => (200, JSON, "{}".to_owned()),
        _ => detail(404),
    }
}

/// The answer of a capability, and whether there is none.
fn call(capability: &str, body: &str) -> (String, bool) {
    let words = [capability, "--json-file", "/dev/stdin"].map(str::to_owned);
    let (text, _) = answered(capability, body, &words, true);
    (text.trim_end_matches('\n').to_owned(), text.is_empty())
}
