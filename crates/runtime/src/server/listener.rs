//! What a server listens on.

use std::io;
use std::net::SocketAddr;
#[cfg(unix)]
use std::path::PathBuf;

use tokio::net::{TcpListener, TcpStream};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};

use super::options::Address;
use crate::failure::Failure;

/// A bound socket.
#[derive(Debug)]
pub(super) enum Listener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix {
        listener: UnixListener,
        path: PathBuf,
    },
}

/// A connection before anything was read from it.
#[derive(Debug)]
pub(super) enum Socket {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Listener {
    pub(super) async fn bind(address: &Address) -> Result<Self, Failure> {
        let bound = match address {
            Address::Tcp { host, port } => {
                TcpListener::bind(SocketAddr::new(*host, *port)).await.map(Self::Tcp)
            }
            #[cfg(unix)]
            Address::Unix(path) => bind_unix(path).await,
            #[cfg(not(unix))]
            Address::Unix(_) => Err(io::Error::from(io::ErrorKind::Unsupported)),
        };
        bound.map_err(|error| {
            let advice = match error.kind() {
                io::ErrorKind::AddrInUse => "something listens there already; choose another port or path",
                io::ErrorKind::PermissionDenied => "ports below 1024 and foreign folders need more rights",
                _ => "the address must be one of this machine; the folder of a Unix socket must exist",
            };
            Failure::new(format!("cannot listen on {address}: {error}")).advice(advice)
        })
    }

    pub(super) async fn accept(&self) -> io::Result<Socket> {
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // Answers are written whole, so there is nothing to gather them with.
                stream.set_nodelay(true)?;
                Ok(Socket::Tcp(stream))
            }
            #[cfg(unix)]
            Self::Unix { listener, .. } => Ok(Socket::Unix(listener.accept().await?.0)),
        }
    }

    /// Where it listens, for people.
    pub(super) fn place(&self, scheme: &str) -> String {
        match self {
            Self::Tcp(listener) => match listener.local_addr() {
                Ok(address) => format!("{scheme}://{address}"),
                Err(_) => scheme.to_owned(),
            },
            #[cfg(unix)]
            Self::Unix { path, .. } => path.display().to_string(),
        }
    }
}

/// A socket file that nobody listens on is what a crash left behind, and gives way.
#[cfg(unix)]
async fn bind_unix(path: &std::path::Path) -> io::Result<Listener> {
    use std::os::unix::fs::FileTypeExt;
    let left_behind = std::fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    if left_behind && UnixStream::connect(path).await.is_err() {
        std::fs::remove_file(path)?;
    }
    Ok(Listener::Unix { listener: UnixListener::bind(path)?, path: path.to_owned() })
}

#[cfg(unix)]
impl Drop for Listener {
    fn drop(&mut self) {
        if let Self::Unix { path, .. } = self {
            // When it is gone already, that is what was wanted.
            let _ = std::fs::remove_file(path);
        }
    }
}
