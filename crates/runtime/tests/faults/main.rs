//! What clients and handlers can do to a server, and what becomes of it: printed as a table.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking and reports by printing"
)]
#![cfg(target_os = "linux")]

mod client;
mod server;

use std::io::{ErrorKind, Read, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use client::{answer, connect, exchange, is_closed, request};
use server::Server;

/// A fault and what came of it; it panics when that is wrong.
type Fault = (&'static str, fn() -> String);

const FAULTS: &[Fault] = &[
    ("1,000 clients that send half a head and then nothing", slow_heads),
    ("200 clients that send half a body and then nothing", slow_bodies),
    ("a body of 100 MB, announced", large_body),
    ("a body of 100 MB in chunks", large_body_in_chunks),
    ("a head of 64 KiB", large_head),
    ("10,000 clients that hang up after their request", hanging_up),
    ("a client that does not read its answer", no_reading),
    ("more calls than places", too_many_calls),
    ("a body in 131,072 chunks of one byte", tiny_chunks),
    ("a client that sends no more after its request", half_closed),
    ("idle connections in all places", idle_connections),
    ("a request without Host, with two, and of a page of another site", wrong_heads),
    ("a body that is not UTF-8", not_text),
    ("17 requests whose end two servers would see in different places", ambiguous_framing),
    ("a handler that panics", panic),
    ("a handler that never ends", hang),
    ("40 handlers that block their thread", blocking),
    ("SIGTERM under load", sigterm),
    ("SIGTERM while a handler never ends", sigterm_while_hanging),
];

fn main() {
    println!("| fault | what came of it |\n| --- | --- |");
    // The first one mostly waits.
    let (first, others) = FAULTS.split_first().unwrap();
    let waiting = thread::spawn(first.1);
    for (fault, happens) in others {
        println!("| {fault} | {} |", happens());
    }
    println!("| {} | {} |", first.0, waiting.join().unwrap());
}

fn slow_heads() -> String {
    let server = Server::start(&["--read-timeout", "20"]);
    let mut slow: Vec<_> = (0..1000)
        .map(|_| {
            let mut stream = connect(server.address).unwrap();
            stream.write_all(b"POST /answers HTTP/1.1\r\nhost:").unwrap();
            stream
        })
        .collect();
    let open = server.metric("connector_connections ");
    assert!(open >= 1000, "{open}");
    assert!((0..100).all(|_| server.is_well()));
    assert!(slow.iter_mut().all(is_closed));
    format!("100 good calls answered beside {open} open connections; all 1,000 closed after --read-timeout")
}

fn slow_bodies() -> String {
    let server = Server::start(&["--read-timeout", "1", "--max-calls", "4"]);
    let mut slow: Vec<_> = (0..200)
        .map(|_| {
            let mut stream = connect(server.address).unwrap();
            stream
                .write_all(b"POST /answers HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{")
                .unwrap();
            stream
        })
        .collect();
    assert!((0..100).all(|_| server.is_well()));
    assert!(slow.iter_mut().all(|stream| answer(stream).unwrap().status == 408));
    "100 good calls answered beside them, with 4 places for calls; 200 answers 408".to_owned()
}

fn large_body() -> String {
    let server = Server::start(&[]);
    let head = b"POST /answers HTTP/1.1\r\nhost: localhost\r\ncontent-length: 104857600\r\n\r\n";
    let status = exchange(server.address, head).unwrap().status;
    assert_eq!(status, 413);
    assert!(server.is_well());
    format!("{status} before any of it was read; peak memory {} MiB", server.peak_memory())
}

fn large_body_in_chunks() -> String {
    let server = Server::start(&[]);
    let mut stream = connect(server.address).unwrap();
    stream
        .write_all(b"POST /answers HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n")
        .unwrap();
    let chunk = [b"100000\r\n".as_slice(), &vec![b' '; 1 << 20], b"\r\n"].concat();
    let sent = (0..100).take_while(|_| stream.write_all(&chunk).is_ok()).count();
    assert!(sent < 100);
    let peak = server.peak_memory();
    assert!(peak < 100, "{peak} MiB");
    assert!(server.is_well());
    format!("refused after {sent} MiB; peak memory {peak} MiB")
}

fn large_head() -> String {
    let server = Server::start(&[]);
    let status = exchange(server.address, &request("answers", &format!("x: {}\r\n", "y".repeat(65536))))
        .unwrap()
        .status;
    assert_eq!(status, 431);
    assert!(server.is_well());
    status.to_string()
}

fn tiny_chunks() -> String {
    // Counted by the piece it would take 128 MiB, where eight bodies of 256 KiB fit.
    let server = Server::start(&["--max-body-kib", "256", "--read-timeout", "60"]);
    let mut stream = connect(server.address).unwrap();
    stream
        .write_all(b"POST /answers HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n")
        .unwrap();
    stream.write_all(&b"1\r\n \r\n".repeat(131_072)).unwrap();
    assert!((0..100).all(|_| server.is_well()));
    stream.write_all(b"1e\r\n{\"request\":{},\"settings\":null}\r\n0\r\n\r\n").unwrap();
    let status = answer(&mut stream).unwrap().status;
    assert_eq!(status, 200);
    "100 good calls answered beside it, then it is answered as well".to_owned()
}

fn half_closed() -> String {
    let server = Server::start(&[]);
    let mut stream = connect(server.address).unwrap();
    stream.write_all(&request("answers", "")).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let status = answer(&mut stream).unwrap().status;
    assert_eq!(status, 200);
    assert!(is_closed(&mut stream));
    "answered, then closed".to_owned()
}

fn idle_connections() -> String {
    let server = Server::start(&["--max-connections", "4", "--read-timeout", "600"]);
    let mut idle: Vec<_> = (0..4)
        .map(|_| {
            let mut stream = connect(server.address).unwrap();
            stream.write_all(&request("answers", "")).unwrap();
            assert_eq!(answer(&mut stream).unwrap().status, 200);
            stream
        })
        .collect();
    assert!(server.is_well());
    assert!(is_closed(&mut idle[0]));
    "the one that waited longest is closed, and the call is answered".to_owned()
}

fn wrong_heads() -> String {
    let server = Server::start(&[]);
    let status = |headers: &str| {
        let request = format!("POST /answers HTTP/1.1\r\n{headers}content-length: 2\r\n\r\n{{}}");
        exchange(server.address, request.as_bytes()).unwrap().status
    };
    let cases = [
        ("", 400),
        ("host: localhost\r\nhost: localhost\r\n", 400),
        ("host: evil.example\r\n", 403),
        ("host: localhost\r\norigin: http://evil.example\r\n", 403),
        ("host: localhost\r\nsec-fetch-site: cross-site\r\n", 403),
        ("host: localhost\r\norigin: http://localhost:1\r\ncontent-type: text/plain\r\n", 415),
        ("host: localhost\r\nauthorization: a\r\nauthorization: b\r\n", 401),
        ("host: localhost\r\ncontent-type: text/plain\r\n", 200),
    ];
    for (headers, expected) in cases {
        assert_eq!(status(headers), expected, "{headers}");
    }
    "400, 400, 403; a program with any type is answered".to_owned()
}

fn not_text() -> String {
    let server = Server::start(&[]);
    let request = b"POST /answers HTTP/1.1\r\nhost: localhost\r\ncontent-length: 3\r\n\r\n{\xff}";
    let answer = exchange(server.address, request).unwrap();
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("detail"), "{}", answer.body);
    format!("{} {}", answer.status, answer.body)
}

fn hanging_up() -> String {
    let server = Server::start(&[]);
    for _ in 0..10_000 {
        connect(server.address).unwrap().write_all(&request("answers", "")).unwrap();
    }
    let count = r#"connector_calls_total{capability="answers",code="ok"} "#;
    let running = || server.metric("connector_calls_running ") + server.metric("connector_connections ") - 1;
    while running() > 0 {
        thread::sleep(Duration::from_millis(20));
    }
    assert!(server.is_well());
    let (calls, peak) = (server.metric(count), server.peak_memory());
    assert!(peak < 100, "{peak} MiB");
    format!("{calls} calls ran to their end, nothing is left open; peak memory {peak} MiB")
}

fn no_reading() -> String {
    let server = Server::start(&["--write-timeout", "1", "--max-calls", "1"]);
    let mut stream = connect(server.address).unwrap();
    stream.write_all(&request("list_accounts", "")).unwrap();
    while server.metric("connector_calls_running ") == 0 {
        thread::sleep(Duration::from_millis(5));
    }
    while server.metric("connector_calls_running ") == 1 {
        thread::sleep(Duration::from_millis(20));
    }
    let peak = server.peak_memory();
    assert!(peak < 60, "{peak} MiB");
    assert!(server.is_well());
    format!(
        "given up after --write-timeout, its place is free again; peak memory of an endless answer {peak} MiB"
    )
}

fn too_many_calls() -> String {
    let server = Server::start(&["--max-calls", "2"]);
    let mut hanging: Vec<_> = (0..2).map(|_| connect(server.address).unwrap()).collect();
    hanging.iter_mut().for_each(|stream| stream.write_all(&request("hangs", "")).unwrap());
    while server.metric("connector_calls_running ") < 2 {
        thread::sleep(Duration::from_millis(5));
    }
    let refused = server.call("answers");
    assert_eq!(refused.status, 503);
    assert!(refused.head.contains("\r\nretry-after: 1"), "{}", refused.head);
    let health = exchange(server.address, b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    assert_eq!(health.status, 200);
    "503 with Retry-After; /healthz answers 200".to_owned()
}

fn ambiguous_framing() -> String {
    let server = Server::start(&[]);
    let hidden = "GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let both = format!(
        "content-length: {}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{hidden}",
        hidden.len() + 5
    );
    let coding = |coding: &str| format!("{coding}\r\n\r\n5\r\nhello\r\n0\r\n\r\n{hidden}");
    let length = |lines: &str| format!("{lines}\r\n\r\nhello{hidden}");
    let framings = [
        both.replacen("chunked", "chunked, identity", 1),
        coding("transfer-encoding: chunked, identity"),
        coding("transfer-encoding: xchunked"),
        coding("transfer-encoding: gzip"),
        coding("transfer-encoding: \"chunked\""),
        coding("transfer-encoding : chunked"),
        coding("transfer-encoding: chunked;q=1"),
        length("content-length: 5\r\ncontent-length: 6"),
        length("content-length: 5, 6"),
        length("content-length: +5"),
        length("content-length: -5"),
        length("content-length: 0x5"),
        length("content-length: 5 5"),
        length("content-length: 99999999999999999999"),
        length("content-length : 5"),
        length("x: y\r\n content-length: 5"),
        length("content\0-length: 5"),
    ];
    for framing in &framings {
        let mut stream = connect(server.address).unwrap();
        stream
            .write_all(format!("POST /answers HTTP/1.1\r\nhost: localhost\r\n{framing}").as_bytes())
            .unwrap();
        let status = answer(&mut stream).map(|answer| answer.status);
        assert!(matches!(status, Ok(400 | 431)), "{framing:?}: {status:?}");
        // Nothing after it is read as a request.
        assert!(is_closed(&mut stream), "{framing:?}");
    }
    // A length beside chunks does not count, and the connection ends with that request (RFC 9112 §6.1).
    let mut stream = connect(server.address).unwrap();
    stream.write_all(format!("POST /answers HTTP/1.1\r\nhost: localhost\r\n{both}").as_bytes()).unwrap();
    let mut answers = Vec::new();
    stream.read_to_end(&mut answers).unwrap();
    assert_eq!(String::from_utf8_lossy(&answers).matches("HTTP/1.1 ").count(), 1);
    assert!(server.is_well());
    format!("{} answers 400 or 431, and the connection is closed", framings.len())
}

fn panic() -> String {
    let server = Server::start(&[]);
    for _ in 0..100 {
        let answer = server.call("panics");
        assert_eq!(answer.status, 200);
        assert!(answer.body.contains("\"internal_error\""), "{}", answer.body);
    }
    assert!(server.is_well());
    "100 error envelopes with internal_error; the next call is answered".to_owned()
}

fn hang() -> String {
    let server = Server::start(&["--call-timeout", "1", "--max-calls", "1"]);
    let answer = server.call("hangs");
    assert!(answer.body.contains("\"request_timeout\""), "{}", answer.body);
    assert!(server.is_well());
    "an error envelope with request_timeout after --call-timeout; its place is free again".to_owned()
}

fn blocking() -> String {
    let server = Server::start(&["--call-timeout", "1"]);
    let mut blocked: Vec<_> = (0..40).map(|_| connect(server.address).unwrap()).collect();
    blocked.iter_mut().for_each(|stream| stream.write_all(&request("blocks", "")).unwrap());
    while server.metric("connector_calls_running ") < 40 {
        thread::sleep(Duration::from_millis(5));
    }
    let answered = (0..100).filter(|_| server.is_well()).count();
    let still = server.metric("connector_calls_running ");
    assert_eq!((answered, still), (100, 40));
    let late = blocked.iter_mut().filter_map(|stream| answer(stream).ok());
    assert!(late.into_iter().all(|answer| answer.body.contains("\"request_timeout\"")));
    "100 good calls answered while all 40 block; 40 error envelopes with request_timeout".to_owned()
}

fn sigterm() -> String {
    let mut server = Server::start(&["--drain", "1"]);
    let (answered, lost, stop) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        for capability in ["answers", "sleeps"].repeat(8) {
            let (server, answered, lost, stop) = (&server, &answered, &lost, &stop);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    // Nobody listens any more: this request was never accepted.
                    let Ok(mut stream) = connect(server.address) else { return };
                    while !stop.load(Ordering::Relaxed) {
                        let sent = stream.write_all(&request(capability, ""));
                        match sent.and_then(|()| answer(&mut stream)) {
                            Ok(answer) => {
                                answered.fetch_add(1, Ordering::Relaxed);
                                if answer.head.contains("connection: close") {
                                    break;
                                }
                            }
                            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                                panic!("no answer in a minute")
                            }
                            Err(_) => {
                                lost.fetch_add(1, Ordering::Relaxed);
                                break;
                            }
                        }
                    }
                }
            });
        }
        thread::sleep(Duration::from_millis(500));
        server.terminate();
    });
    stop.store(true, Ordering::Relaxed);
    let (answered, lost) = (answered.into_inner(), lost.into_inner());
    assert_eq!(lost, 0, "of {answered}");
    assert_eq!(server.end(), Some(0));
    format!("{answered} requests of 16 clients answered, {lost} lost; exit status 0")
}

fn sigterm_while_hanging() -> String {
    let mut server = Server::start(&["--drain", "0", "--shutdown-timeout", "1"]);
    let mut stream = connect(server.address).unwrap();
    stream.write_all(&request("hangs", "")).unwrap();
    while server.metric("connector_calls_running ") == 0 {
        thread::sleep(Duration::from_millis(5));
    }
    server.terminate();
    assert_eq!(server.end(), Some(1));
    "ends after --shutdown-timeout with exit status 1".to_owned()
}
