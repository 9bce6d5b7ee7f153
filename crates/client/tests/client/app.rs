//! An app on loopback: it gives the answers of its script one after the other, and remembers what it was asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the app does with one request.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Sends these bytes and keeps the connection.
    Say(Vec<u8>),
    /// Sends these bytes and closes the connection.
    Break(Vec<u8>),
    /// Resets the connection.
    Reset,
    /// Sends these bytes and no more.
    Stall(Vec<u8>),
}

/// An answer with a status and body.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Act {
    Act::Say(whole(status, headers, body.as_ref()))
}

/// An answer of JSON with the status 200.
pub(crate) fn json(body: &str) -> Act {
    answer(200, &[("content-type", "application/json")], body)
}

pub(crate) fn whole(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    [text.as_bytes(), body].concat()
}

/// One request as the app got it.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) connection: usize,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(of, _)| of.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

#[derive(Debug)]
pub(crate) struct App {
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl App {
    /// An app with a script. The last act is repeated for ever.
    pub(crate) async fn start(script: impl IntoIterator<Item = Act>) -> Self {
        let mut script: Vec<_> = script.into_iter().collect();
        script.reverse();
        let script = Arc::new(Mutex::new(script));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let remembered = Arc::clone(&asked);
        tokio::spawn(async move {
            for connection in 0.. {
                let Ok((stream, _)) = listener.accept().await else { return };
                tokio::spawn(serve(stream, connection, Arc::clone(&script), Arc::clone(&remembered)));
            }
        });
        Self { port, asked }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    connection: usize,
    script: Arc<Mutex<Vec<Act>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
) {
    while let Some(request) = read_request(&mut stream, connection).await {
        asked.lock().unwrap().push(request);
        let act = {
            let mut script = script.lock().unwrap();
            if script.len() > 1 { script.pop() } else { script.last().cloned() }
        };
        match act {
            Some(Act::Say(bytes)) => {
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Some(Act::Break(bytes)) => {
                let _ = stream.write_all(&bytes).await;
                return;
            }
            Some(Act::Reset) => {
                // A close with no linger time is a reset.
                let _ = stream.set_zero_linger();
                return;
            }
            Some(Act::Stall(bytes)) => {
                let _ = stream.write_all(&bytes).await;
                tokio::time::sleep(Duration::from_secs(3600)).await;
            }
            None => return,
        }
    }
}

async fn read_request(stream: &mut TcpStream, connection: usize) -> Option<Asked> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let line = lines.next().unwrap().to_owned();
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let mut asked = Asked { line, headers, body: String::new(), connection };
    let length: usize = asked.header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = bytes[head_end + 4..].to_vec();
    while body.len() < length {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => body.extend_from_slice(&buffer[..read]),
        }
    }
    asked.body = String::from_utf8(body).unwrap();
    Some(asked)
}
