//! Its own server, with faults of its own.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::thread;

use crate::{ERROR, PAGE, forever, leave_number, read_http};

const DESCRIPTION: &str = include_str!("app_info.json");

/// Serves until it is killed. Variables of the environment choose faults.
pub(crate) fn run(port: u16) {
    leave_number("server", std::process::id());
    match std::env::var("FAULT").as_deref() {
        Ok("dies") => panic!("no configuration, token=hunter22"),
        Ok("never_ready") => forever(),
        _ => {}
    }
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    for stream in listener.incoming() {
        thread::spawn(move || answer(stream.unwrap()));
    }
}

fn answer(mut stream: TcpStream) {
    let Some((head, body)) = read_http(&mut stream) else { return };
    let path = head.split(' ').nth(1).unwrap().to_owned();
    match path.as_str() {
        "/openapi.json" => reply(&mut stream, "200 OK", "{\"openapi\":\"3.0.0\"}"),
        "/app_info" => reply(&mut stream, "200 OK", DESCRIPTION),
        "/list_accounts" => reply(&mut stream, "200 OK", PAGE),
        "/echo" => reply(&mut stream, "200 OK", &format!(r#"{{"response":{body}}}"#)),
        "/authorization" => {
            let header = head.lines().find(|line| line.to_lowercase().starts_with("authorization:"));
            reply(&mut stream, "200 OK", &format!(r#"{{"response":{:?}}}"#, header.unwrap_or("none")));
        }
        "/answers_an_error" => reply(&mut stream, "200 OK", ERROR),
        "/fails" => reply(&mut stream, "500 Internal Server Error", r#"{"detail":"it broke on hunter22"}"#),
        "/busy" => reply(&mut stream, "429 Too Many Requests\r\nRetry-After: 12", "slow down"),
        "/moved" => reply(&mut stream, "302 Found\r\nLocation: http://127.0.0.1:1/", ""),
        "/garbage" => reply(&mut stream, "200 OK", "<html>"),
        "/cut" => {
            let head = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"response\":[";
            stream.write_all(head.as_bytes()).unwrap();
        }
        "/dies" => {
            std::io::stderr().write_all(b"out of memory\n").unwrap();
            std::process::abort();
        }
        "/hangs" => forever(),
        _ => reply(&mut stream, "404 Not Found", r#"{"detail":"Not Found"}"#),
    }
}

fn reply(stream: &mut TcpStream, status: &str, body: &str) {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
}
