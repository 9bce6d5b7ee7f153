//! What a server listens on.

use std::io;
use std::net::SocketAddr;
#[cfg(unix)]
use std::path::{Path, PathBuf};

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
    Unix(UnixListener, SocketFile),
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
            Self::Tcp(listener) => Socket::tcp(listener.accept().await?.0),
            #[cfg(unix)]
            Self::Unix(listener, _) => Ok(Socket::Unix(listener.accept().await?.0)),
        }
    }

    /// Stops listening; the connections that were still waiting to be accepted.
    ///
    /// They are asked of the system itself: the runtime may not have heard of them yet.
    pub(super) fn close(self) -> io::Result<Vec<Socket>> {
        let mut waiting = Vec::new();
        match self {
            Self::Tcp(listener) => {
                let listener = listener.into_std()?;
                while let Ok((stream, _)) = listener.accept() {
                    stream.set_nonblocking(true)?;
                    waiting.push(Socket::tcp(TcpStream::from_std(stream)?)?);
                }
            }
            #[cfg(unix)]
            Self::Unix(listener, _) => {
                let listener = listener.into_std()?;
                while let Ok((stream, _)) = listener.accept() {
                    stream.set_nonblocking(true)?;
                    waiting.push(Socket::Unix(UnixStream::from_std(stream)?));
                }
            }
        }
        Ok(waiting)
    }

    /// Where it listens, for people.
    pub(super) fn place(&self, scheme: &str) -> String {
        match self {
            Self::Tcp(listener) => match listener.local_addr() {
                Ok(address) => format!("{scheme}://{address}"),
                Err(_) => scheme.to_owned(),
            },
            #[cfg(unix)]
            Self::Unix(_, file) => file.0.display().to_string(),
        }
    }
}

impl Socket {
    /// Answers are written whole, so there is nothing to gather small packets with.
    fn tcp(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self::Tcp(stream))
    }
}

/// A socket file that nobody listens on is what a crash left behind, and gives way.
#[cfg(unix)]
async fn bind_unix(path: &Path) -> io::Result<Listener> {
    use std::os::unix::fs::FileTypeExt;
    let left_behind = std::fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    let refused = |connected: io::Result<UnixStream>| {
        connected.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    };
    // Any other failure to connect says nothing of who listens there.
    if left_behind && refused(UnixStream::connect(path).await) {
        std::fs::remove_file(path)?;
    }
    Ok(Listener::Unix(UnixListener::bind(path)?, SocketFile(path.to_owned())))
}

/// The file of a Unix socket, which goes when the listener does.
#[cfg(unix)]
#[derive(Debug)]
pub(super) struct SocketFile(PathBuf);

#[cfg(unix)]
impl Drop for SocketFile {
    fn drop(&mut self) {
        // When it is gone already, that is what was wanted.
        let _ = std::fs::remove_file(&self.0);
    }
}
