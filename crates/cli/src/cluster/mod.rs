//! `connector cluster`: what an administrator of a cluster of workers does, and how every command gets into it.

mod access;
mod init;
mod status;
pub(crate) mod submit;

use std::net::SocketAddr;

use clap::{Args, Subcommand};
use lumos_connector_runtime::failure::Failure;
use lumos_connector_runtime::output;
use lumos_sync_workers::http::Outside;
use lumos_sync_workers::{ClusterError, Stop};

pub(crate) use access::BrokerArguments;

/// Make and watch a cluster of workers on NATS JetStream
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Arguments),
    Status(status::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Command::Init(arguments) => init::run(arguments),
        Command::Status(arguments) => status::run(arguments),
    }
}

/// What went wrong on the cluster, as a failure of the command.
#[expect(clippy::needless_pass_by_value, reason = "it is given to `map_err`")]
pub(crate) fn failure(error: ClusterError) -> Failure {
    Failure::new(error.to_string())
}

/// Says something while a command goes on.
pub(crate) fn report(text: &str) {
    output::message(text);
}

/// Runs a command that serves until it is asked to stop.
pub(crate) fn serve<F: Future<Output = Result<(), Failure>>>(
    work: impl FnOnce(Stop) -> F,
) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start: {error}")))?;
    let stop = Stop::default();
    let done = runtime.block_on(async {
        let signals = stop.clone();
        tokio::spawn(async move {
            if let Err(error) = signals.at_signals().await {
                report(&format!("cannot wait for signals: {error}"));
            }
        });
        work(stop).await
    });
    // What is left of the work does not hold the end up.
    runtime.shutdown_background();
    done
}

/// Serves the endpoints, where an address was given, until the work has ended.
pub(crate) async fn with_endpoints(
    listen: Option<SocketAddr>,
    outside: Outside,
    work: impl Future<Output = ()>,
) -> Result<(), Failure> {
    let Some(address) = listen else {
        work.await;
        return Ok(());
    };
    tokio::select! {
        served = outside.serve(address) => {
            served.map_err(|error| Failure::new(format!("--listen {address}: {error}")))
        }
        () = work => Ok(()),
    }
}
