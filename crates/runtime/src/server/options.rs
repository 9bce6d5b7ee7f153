//! Where a server listens and what it allows.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Where a server listens and what it allows. The defaults are in [`arguments`](super::arguments).
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) address: Address,
    pub(crate) tls: Option<TlsFiles>,
    pub(crate) bearer_token_file: Option<PathBuf>,
    /// Bytes of a request's body.
    pub(crate) max_body: usize,
    /// Bytes of a request's head.
    pub(crate) max_head: usize,
    pub(crate) max_calls: usize,
    pub(crate) max_connections: usize,
    /// For a whole head, and for a whole body.
    pub(crate) read_timeout: Duration,
    /// Without the client reading anything.
    pub(crate) write_timeout: Duration,
    pub(crate) call_timeout: Duration,
    /// Between the signal and the end of listening.
    pub(crate) drain: Duration,
    /// For requests in flight when listening has ended.
    pub(crate) shutdown_timeout: Duration,
}

/// Where a server listens.
#[derive(Debug, Clone)]
pub(crate) enum Address {
    Tcp { host: IpAddr, port: u16 },
    Unix(PathBuf),
}

/// The certificate chain and the key of a server, in PEM.
#[derive(Debug, Clone)]
pub(crate) struct TlsFiles {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// Bodies of the largest size that may be in memory at once.
const LARGEST_BODIES: usize = 8;

impl Options {
    /// Warnings for the operator: who can reach the server, and who can read its traffic.
    pub(crate) fn warnings(&self) -> Vec<&'static str> {
        let Address::Tcp { host, .. } = &self.address else { return Vec::new() };
        let mut warnings = Vec::new();
        if host.to_canonical().is_loopback() {
            return warnings;
        }
        if self.bearer_token_file.is_none() {
            warnings.push(
                "everyone who reaches this address can call the connector; --bearer-token-file asks for a token",
            );
        }
        if self.tls.is_none() {
            warnings.push("requests and answers, credentials among them, cross the network in the clear; give --tls-certificate and --tls-key, or put a proxy with TLS before it");
        }
        warnings
    }

    /// Memory for the bodies of all requests, in KiB.
    pub(crate) fn body_memory_kib(&self) -> usize {
        LARGEST_BODIES * self.max_body.div_ceil(1024)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } => std::net::SocketAddr::new(*host, *port).fmt(f),
            Self::Unix(path) => path.display().fmt(f),
        }
    }
}
