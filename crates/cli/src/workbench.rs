//! `connector workbench`: a local web page over connections, calls, syncs and checks.

use std::io::{self, IsTerminal as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use lumos_connector_runtime::failure::Failure;
use lumos_connector_runtime::output;
use lumos_workbench::{Listener, Options, ServeError};

/// Look at connections and what was read through them, in a browser
///
/// Serves pages on this machine alone: forms of connections, calls, syncs with their verdicts, who holds what, and how it
/// changes. The printed address is good for one browser, and a new one is printed when it was used.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  connector workbench mock.toml
  connector workbench acme.toml --store tenant.db
  connector workbench --store yesterday.db --store today.db --listen 127.0.0.1:8090 --no-browser")]
pub(crate) struct Arguments {
    /// Connection files; the store of each is the file beside it whose name ends with .db
    #[arg(value_name = "CONNECTION")]
    connections: Vec<PathBuf>,
    /// A store of `connector sync`; may be given several times
    #[arg(long = "store", value_name = "FILE")]
    stores: Vec<PathBuf>,
    /// Where to listen; beyond loopback, pages cross the network unencrypted
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Only print the address
    #[arg(long)]
    no_browser: bool,
    /// Take secrets that stand in the connection files themselves
    #[arg(long)]
    allow_literal_secrets: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let failure = |error: ServeError| Failure::new(error.to_string());
    let mut options = Options::default();
    options.connections.clone_from(&arguments.connections);
    options.stores.clone_from(&arguments.stores);
    options.address = arguments.listen;
    options.allow_literal_secrets = arguments.allow_literal_secrets;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(format!("cannot start: {error}")))?;
    let served = runtime.block_on(async {
        let listener = Listener::bind(&options).await.map_err(failure)?;
        if !listener.address().ip().is_loopback() {
            output::message(
                "pages are served beyond this machine, unencrypted: whoever sees the traffic sees the tenant",
            );
        }
        output::print(&listener.url())?;
        if !arguments.no_browser && io::stdout().is_terminal() {
            // Without a browser the address is there all the same.
            let _ = open::that_detached(listener.url());
        }
        listener
            .serve(|url| output::message(format!("for another browser: {url}")), asked_to_stop())
            .await
            .map_err(failure)
    });
    // What is made of a store is made again; nobody waits for it.
    runtime.shutdown_timeout(Duration::from_secs(2));
    served
}

/// Waits until somebody asks the program to stop. Where that cannot be told, it serves until it is killed.
async fn asked_to_stop() {
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let ended = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let ended = std::future::pending::<()>();
    tokio::select! {
        () = interrupted => {}
        () = ended => {}
    }
}
