//! A server that answers everything with 5 MB of HTML, slowly.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread::{JoinHandle, sleep};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};

const LINE: &[u8] = b"<p>This is not the answer that was asked for.</p>\n";
const LINES_AT_A_TIME: usize = 1000;
const PAUSE: Duration = Duration::from_millis(20);

/// It serves one request.
pub(crate) struct SlowPages {
    address: SocketAddr,
    serving: JoinHandle<Result<usize>>,
}

impl SlowPages {
    /// Bytes of its answer.
    pub(crate) const SIZE: usize = 5_000_000;

    pub(crate) fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        Ok(Self { address, serving: std::thread::spawn(move || serve(&listener)) })
    }

    pub(crate) fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits for its end, and gives how many bytes it could send.
    pub(crate) fn sent(self) -> Result<usize> {
        self.serving.join().map_err(|_| anyhow!("the slow server panicked"))?
    }
}

fn serve(listener: &TcpListener) -> Result<usize> {
    let (mut connection, _) = listener.accept()?;
    // The request is small: one read takes in enough of it for an answer.
    let _ = connection.read(&mut [0; 4096]).context("reading the request")?;
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\n\r\n", SlowPages::SIZE);
    connection.write_all(head.as_bytes())?;
    let lines = LINE.repeat(LINES_AT_A_TIME);
    let mut sent = 0;
    while sent < SlowPages::SIZE {
        // The reader has hung up, which is what it should do.
        if connection.write_all(&lines).is_err() {
            break;
        }
        sent += lines.len();
        sleep(PAUSE);
    }
    Ok(sent)
}
