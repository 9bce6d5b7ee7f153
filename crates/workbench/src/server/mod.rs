//! The server: who may ask, what every answer says about itself, what is where.
//!
//! | file | what it does |
//! | --- | --- |
//! | `state` | the connections and stores that the pages are about |
//! | `session` | the token in the printed address, and the cookie that a browser gets for it |
//! | `guard` | refuses other hosts, other origins, and whoever has no session; the headers of every answer |
//! | `assets` | scripts and styles |
//! | `routes` | which page is where |

mod assets;
mod guard;
mod routes;
mod session;
pub(crate) mod state;

pub(crate) use session::random;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;

use self::session::Sessions;
use self::state::State;

/// What the workbench shows, and where.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// Connection files.
    pub connections: Vec<PathBuf>,
    /// Stores of `connector sync`. The store of each connection that lies beside its file is shown without being named.
    pub stores: Vec<PathBuf>,
    /// Where the server listens: a free port of the loopback interface when not set otherwise. Beyond loopback, pages
    /// and cookie cross the network unencrypted.
    pub address: SocketAddr,
    /// Whether connection files may hold secrets themselves.
    pub allow_literal_secrets: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connections: Vec::new(),
            stores: Vec::new(),
            address: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            allow_literal_secrets: false,
        }
    }
}

/// Why the workbench cannot be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(getrandom::Error),
    /// A connection file or a store cannot be opened.
    #[error("{0}")]
    Input(String),
    /// The server ended.
    #[error("the server ended: {0}")]
    Ended(std::io::Error),
}

/// The workbench, listening.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    sessions: Arc<Sessions>,
    state: Arc<State>,
}

impl Listener {
    /// Opens the socket, and reads the connection files and stores.
    ///
    /// # Errors
    /// [`ServeError`].
    pub async fn bind(options: &Options) -> Result<Self, ServeError> {
        let failed = |source| ServeError::Listen { address: options.address, source };
        let socket = TcpListener::bind(options.address).await.map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        let sessions = Arc::new(Sessions::new(address).map_err(ServeError::Random)?);
        let state = State::open(options, sessions.base(), sessions.origin()).map_err(ServeError::Input)?;
        Ok(Self { socket, address, sessions, state: Arc::new(state) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address to open in a browser. It is good for one browser: what it holds is exchanged for a cookie.
    #[must_use]
    pub fn url(&self) -> String {
        self.sessions.url()
    }

    /// Serves until `stop` ends; calls `renewed` with a new address each time one was used.
    ///
    /// # Errors
    /// When the socket fails.
    pub async fn serve(
        self,
        renewed: impl Fn(&str) + Send + Sync + 'static,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServeError> {
        self.sessions.on_renewal(Box::new(renewed));
        let state = Arc::clone(&self.state);
        let router = routes::router(self.sessions, self.state);
        let stopping = Arc::clone(&state);
        let stop = async move {
            stop.await;
            stopping.stop();
        };
        let served = axum::serve(self.socket, router).with_graceful_shutdown(stop).await;
        state.close().await;
        served.map_err(ServeError::Ended)
    }
}
