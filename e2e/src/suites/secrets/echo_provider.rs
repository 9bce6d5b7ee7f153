//! A token endpoint that repeats what it is sent in every place of an answer, one after the other.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};

use anyhow::{Context, Result};

/// It serves until the process ends.
pub(super) struct EchoProvider(SocketAddr);

impl EchoProvider {
    pub(super) fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        std::thread::spawn(move || {
            for (count, connection) in listener.incoming().enumerate() {
                // A caller that hangs up is not its concern.
                let _ = connection.map_err(anyhow::Error::from).and_then(|stream| answer(stream, count));
            }
        });
        Ok(Self(address))
    }

    pub(super) fn address(&self) -> String {
        format!("http://{}/token", self.0)
    }
}

/// The head and the body of a request, as one text without line breaks and quotes.
fn sent(stream: &TcpStream) -> Result<String> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    let mut length = 0;
    loop {
        let start = head.len();
        reader.read_line(&mut head)?;
        let line = head[start..].trim().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().context("a length that is not a number")?;
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(format!("{head}{}", String::from_utf8_lossy(&body)).replace(['\r', '\n', '"', '\\'], " "))
}

fn answer(mut stream: TcpStream, count: usize) -> Result<()> {
    let sent = sent(&stream)?;
    let (status, content_type, body) = match count % 9 {
        0 => (400, "application/json", format!(r#"{{"error":"{sent}","error_description":"{sent}"}}"#)),
        1 => {
            (400, "application/json", format!(r#"{{"error":"invalid_grant","error_description":"{sent}"}}"#))
        }
        2 => (500, "text/plain", sent.clone()),
        3 => (200, "text/html", format!("<html>{sent}</html>")),
        4 => (200, "application/json", format!(r#"{{"access_token":"a","token_type":"{sent}"}}"#)),
        5 => (200, "application/json", format!(r#"{{"access_token":["{sent}"]}}"#)),
        6 => (200, "application/json", format!(r#"["{sent}"]"#)),
        7 => (302, "text/plain", String::new()),
        _ => (429, "application/json", format!(r#"{{"{sent}":"{sent}"}}"#)),
    };
    write!(
        stream,
        "HTTP/1.1 {status} {sent}\r\nlocation: /?{sent}\r\nx-sent: {sent}\r\ncontent-type: {content_type}\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )?;
    Ok(())
}
