//! `serve` as operators run it, with curl as the client: TLS, a Unix socket, a bearer token, the end.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::harness::certificates::Certificates;
use crate::harness::install::{apt, output};
use crate::harness::server::{Server, free_port, listens};
use crate::harness::stage::Stage;

const REQUEST: &str =
    r#"{"auth":{"basic":{"username":"foo","password":"bar"}},"request":{},"settings":{"host":"acme.test"}}"#;
const ANSWER: &str = "mock-connector-tenant-id";
const TOKEN: &str = "e2e-8f14e45fceea167a";

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    stage.build(&["lumos-mock-connector"])?;
    stage.step("curl is there", |_| apt(&["curl"]))?;
    tls(stage)?;
    unix_socket(stage)?;
    bearer_token(stage)
}

fn tls(stage: &mut Stage) -> Result<()> {
    let folder = stage.cache("serve")?;
    let certificates = Certificates::for_host("localhost")?;
    let [authority, certificate, key] = [
        ("authority.pem", &certificates.authority),
        ("certificate.pem", &certificates.certificate),
        ("key.pem", &certificates.key),
    ]
    .map(|(name, pem)| (folder.join(name), pem));
    for (path, pem) in [&authority, &certificate, &key] {
        std::fs::write(path, pem)?;
    }
    let port = free_port()?;
    let mut command = serve(stage, &folder);
    command.args(["--port", &port.to_string(), "--tls-certificate"]).arg(&certificate.0);
    command.arg("--tls-key").arg(&key.0);
    let _server = Server::start(&mut command, &folder.join("tls.log"), || listens(port))?;
    let url = format!("https://localhost:{port}/validate_credentials");
    stage.check("a capability answers over TLS to who trusts the certificate", |_| {
        let answer = call(curl(&url).arg("--cacert").arg(&authority.0))?;
        ensure!(answer.status == 200 && answer.body.contains(ANSWER), "{answer:?}");
        Ok(())
    });
    stage.check("who does not trust it gets nothing", |_| refused(&mut curl(&url)));
    stage.check("TLS 1.0 and 1.1 are refused", |_| {
        for version in [1, 2] {
            let alert = hello(port, version)?;
            // A fatal alert (2): protocol_version (70), or handshake_failure (40) (RFC 8446 §6.2).
            ensure!(
                alert.first() == Some(&0x15) && (alert.ends_with(&[2, 70]) || alert.ends_with(&[2, 40])),
                "TLS 1.{}: {alert:?}",
                version - 1
            );
        }
        Ok(())
    });
    stage.check("without TLS there is no answer", |_| refused(&mut curl(&url.replacen("https", "http", 1))));
    Ok(())
}

/// What the server says to a client that knows no TLS above 1.`version - 1`.
fn hello(port: u16, version: u8) -> Result<Vec<u8>> {
    let mut hello = vec![3, version];
    hello.extend([7; 32]);
    // No session; TLS_RSA_WITH_AES_128_CBC_SHA; no compression.
    hello.extend([0, 0, 2, 0, 0x2f, 1, 0]);
    let length = u8::try_from(hello.len())?;
    let mut record = vec![0x16, 3, version, 0, length + 4, 1, 0, 0, length];
    record.extend(hello);
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(&record)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}

fn unix_socket(stage: &mut Stage) -> Result<()> {
    let folder = stage.cache("serve")?;
    // The path of a socket must be short.
    let place = tempfile::tempdir()?;
    let socket = place.path().join("socket");
    let mut command = serve(stage, &folder);
    command.arg("--unix-socket").arg(&socket);
    let server = Server::start(&mut command, &folder.join("socket.log"), || socket.exists())?;
    stage.check("a capability answers on a Unix socket", |_| {
        let answer = call(curl("http://localhost/validate_credentials").arg("--unix-socket").arg(&socket))?;
        ensure!(answer.status == 200 && answer.body.contains(ANSWER), "{answer:?}");
        Ok(())
    });
    drop(server);
    stage.check("the socket is gone with the server", |_| {
        ensure!(!socket.exists(), "{} is still there", socket.display());
        Ok(())
    });
    Ok(())
}

fn bearer_token(stage: &mut Stage) -> Result<()> {
    let folder = stage.cache("serve")?;
    let file = folder.join("token");
    std::fs::write(&file, format!("{TOKEN}\n"))?;
    let port = free_port()?;
    let mut command = serve(stage, &folder);
    command.args(["--port", &port.to_string(), "--bearer-token-file"]).arg(&file);
    let server = Server::start(&mut command, &folder.join("token.log"), || listens(port))?;
    let url = format!("http://127.0.0.1:{port}/validate_credentials");
    for (what, header, status) in [
        ("without the token a call is refused", None, 401),
        ("so is a call with the start of it", Some(&TOKEN[..TOKEN.len() - 1]), 401),
        ("with the token it is answered", Some(TOKEN), 200),
    ] {
        stage.check(what, |_| {
            let mut curl = curl(&url);
            curl.args(
                header
                    .into_iter()
                    .flat_map(|token| ["--header".to_owned(), format!("Authorization: Bearer {token}")]),
            );
            let answer = call(&mut curl)?;
            ensure!(answer.status == status, "{answer:?}");
            ensure!(answer.body.contains(ANSWER) == (status == 200), "{answer:?}");
            Ok(())
        });
    }
    stage.check("a probe of the orchestrator needs no token", |_| {
        let answer = call(Command::new("curl").args(silent(&format!("http://127.0.0.1:{port}/healthz"))))?;
        ensure!(answer.status == 200, "{answer:?}");
        Ok(())
    });
    stage.check("the token is in nothing that the server wrote", |_| {
        ensure!(!server.output().contains(TOKEN), "{}", server.output());
        Ok(())
    });
    Ok(())
}

/// The mock connector's `serve`, with its logs where those of the suite are.
fn serve(stage: &Stage, folder: &Path) -> Command {
    let mut command = Command::new(stage.binary("mock-connector"));
    command.arg("serve").args(["--drain", "0"]).current_dir(folder);
    command
}

#[derive(Debug)]
struct Answer {
    status: u16,
    body: String,
}

/// A call of a capability, to which more options may be added.
fn curl(url: &str) -> Command {
    let mut curl = Command::new("curl");
    curl.args(silent(url)).args(["--data", REQUEST]).stdin(Stdio::null());
    curl
}

/// The body, then the status on a line of its own.
fn silent(url: &str) -> [&str; 7] {
    ["--silent", "--show-error", "--max-time", "20", "--write-out", "\n%{http_code}", url]
}

fn call(curl: &mut Command) -> Result<Answer> {
    let text = String::from_utf8(output(curl)?.stdout)?;
    let (body, status) = text.rsplit_once('\n').unwrap_or(("", &text));
    Ok(Answer { status: status.parse()?, body: body.to_owned() })
}

/// No answer of a capability, whether the connection was refused or ended.
fn refused(curl: &mut Command) -> Result<()> {
    let output = curl.output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(!output.status.success() && !text.contains(ANSWER), "it was answered: {text}");
    Ok(())
}
