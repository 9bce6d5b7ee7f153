//! The HTTP server: `<connector> serve`, and `<connector> dev http-server` for developing (contract §11).
//!
//! | file | what it does |
//! | --- | --- |
//! | `arguments` | the options of both commands |
//! | `options` | where the server listens and what it allows |
//! | `listener` | TCP and Unix sockets |
//! | `tls`, `bearer`, `admission` | what stands before a request: certificates, the token, what a head must be like |
//! | `connection` | one connection: HTTP/1.1 with limits on what a client sends and on how slowly |
//! | `idle` | connections that wait, and give way when all places are taken |
//! | `write_timeout` | connections whose client does not read |
//! | `routes` | which path and method is what |
//! | `body` | a request's body, bounded in size, time and memory |
//! | `call` | one call: its place, its deadline, its answer |
//! | `identity` | how a request is found again in the log |
//! | `outgoing` | the body of a response, also one that is still being made |
//! | `workers` | handlers that block do not stop the others |
//! | `openapi`, `docs` | the document of the connector, and Swagger UI to read it with |
//! | `refusal` | answers that are not a capability's: `{"detail":…}` |
//! | `shutdown`, `signals` | the end without losing a request |
//! | `reload` | building and starting anew when a source changes |
//!
//! A request is held by its connection until it is whole; then it takes one of the places for calls and runs as a task
//! of its own. It runs to its end even when its client has gone, so that nothing is half done in the app.

mod admission;
pub(crate) mod arguments;
mod bearer;
mod body;
mod call;
mod connection;
#[cfg(feature = "swagger")]
mod docs;
mod identity;
mod idle;
mod listener;
mod openapi;
mod options;
mod outgoing;
mod refusal;
#[cfg(feature = "develop")]
pub(crate) mod reload;
mod routes;
mod shutdown;
mod signals;
mod tls;
mod workers;
mod write_timeout;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use lumos_connector_core::Integration;
use lumos_connector_core::host::{Host, HostBuilder};
use tokio::sync::{OnceCell, Semaphore, watch};

use crate::failure::Failure;
use crate::log::Log;
use crate::observability::Observability;
use crate::observability::prometheus::Metrics;
use admission::Trust;
use bearer::Token;
use idle::IdleConnections;
use openapi::Document;
pub(crate) use options::Options;
use workers::Workers;

/// What all connections of a server share.
struct Server {
    integration: Integration,
    host: Host,
    /// The names of all capabilities: the routes.
    capabilities: HashSet<&'static str>,
    options: Options,
    tls: Option<tls::Acceptor>,
    token: Option<Token>,
    observability: Arc<Observability>,
    trust: Trust,
    /// Connections that wait for a request.
    idle: IdleConnections,
    /// The places for connections.
    connections: Arc<Semaphore>,
    /// The places for calls.
    calls: Arc<Semaphore>,
    /// Memory for bodies, in KiB.
    body_memory: Arc<Semaphore>,
    workers: Workers,
    /// Whether the server is about to end.
    draining: AtomicBool,
    /// Whether connections that wait for a request are to close.
    ending: watch::Sender<bool>,
    openapi: OnceCell<Document>,
}

/// Serves until a signal ends it.
///
/// # Errors
/// When it cannot listen, or the certificate or token cannot be read.
pub(crate) fn run(
    integration: &Integration,
    host: HostBuilder,
    log: &Log,
    options: Options,
) -> Result<(), Failure> {
    let workers = Workers::for_this_machine();
    allow_many_files();
    let runtime = workers
        .runtime(options.max_calls)
        .map_err(|error| Failure::new(format!("cannot start the server: {error}")))?;
    let observability = Observability::new(integration, log, Some(Metrics::new(integration)));
    let server = Server {
        integration: integration.clone(),
        capabilities: integration.capabilities().map(|(name, _)| name).collect(),
        tls: options.tls.as_ref().map(tls::Acceptor::new).transpose()?,
        token: options.bearer_token_file.as_deref().map(Token::read).transpose()?,
        host: observability.watch(host).build(),
        observability,
        trust: Trust::of(&options),
        idle: IdleConnections::default(),
        connections: Arc::new(Semaphore::new(options.max_connections)),
        calls: Arc::new(Semaphore::new(options.max_calls)),
        body_memory: Arc::new(Semaphore::new(options.body_memory_kib())),
        workers,
        draining: AtomicBool::new(false),
        ending: watch::Sender::new(false),
        openapi: OnceCell::new(),
        options,
    };
    let outcome = runtime.block_on(shutdown::serve_until_signal(Arc::new(server)));
    // A handler that blocks its thread for ever must not hold up the end.
    runtime.shutdown_background();
    outcome
}

/// Every connection is an open file: asks the system for as many as it gives.
fn allow_many_files() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        // With fewer than wanted the server still serves.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
}
