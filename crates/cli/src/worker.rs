//! `connector worker`: reads pages for a cluster.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use lumos_connection::OpenOptions;
use lumos_connector_runtime::failure::Failure;
use lumos_sync::store::{Scope, Store, StoreFrontier};
use lumos_sync_workers::connections::ConnectionFolder;
use lumos_sync_workers::http::Outside;
use lumos_sync_workers::metrics::WorkerMetrics;
use lumos_sync_workers::names::DEFAULT_POOL;
use lumos_sync_workers::telemetry::Telemetry;
use lumos_sync_workers::worker::Jobs;
use lumos_sync_workers::{Names, NatsFrontier, Stop, Worker, WorkerOptions};
use prometheus_client::registry::Registry;

use crate::cluster::{BrokerArguments, failure, report, serve, with_endpoints};

/// Read pages for a cluster, with the connections of a folder
///
/// The connection acme is the file acme.toml of the folder. Credentials stay here: jobs know connections by name. SIGTERM
/// lets pages under way end; a second one ends at once, and another worker reads them again.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  connector worker --nats nats://broker.internal:4222 --connections ./connections
  connector worker --nats tls://broker.internal:4222 --nats-creds worker.creds --connections ./connections --pool eu --slots 32
  connector worker --store postgres://sync@db.internal/tenants --connections ./connections")]
pub(crate) struct Arguments {
    #[command(flatten)]
    broker: BrokerArguments,
    /// In place of a broker: the store on PostgreSQL whose syncs are read
    #[arg(long, value_name = "URL", conflicts_with = "nats")]
    store: Option<PathBuf>,
    /// The folder of connection files
    #[arg(long, value_name = "FOLDER")]
    connections: PathBuf,
    /// Take secrets that stand in the connection files themselves
    #[arg(long)]
    allow_literal_secrets: bool,
    /// The pool whose jobs are read
    #[arg(long, value_name = "NAME", default_value = DEFAULT_POOL)]
    pool: String,
    /// How many pages are read at the same time
    #[arg(long, value_name = "NUMBER", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..))]
    slots: u16,
    /// Where /healthz, /readyz and /metrics are served, such as 127.0.0.1:9464
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let options = OpenOptions::default().allow_literal_secrets(arguments.allow_literal_secrets);
    let folder = ConnectionFolder::new(&arguments.connections, options);
    let names = folder
        .names()
        .map_err(|error| Failure::new(format!("{}: {error}", arguments.connections.display())))?;
    // Its exporter blocks: it is made where nothing else runs.
    let telemetry = Telemetry::from_environment().map_err(Failure::new)?;
    let metrics = Arc::new(WorkerMetrics::default());
    serve(|stop| async move {
        if let Some(store) = &arguments.store {
            let frontier = of_store(store, &names)?;
            let path = frontier.store().path().display();
            report(&format!("reads pages of {} connections in {path}", names.len()));
            return work(arguments, frontier, folder, (metrics, telemetry), stop, || true).await;
        }
        let broker = arguments.broker.connect(&Names::default().workers(&arguments.pool)).await?;
        let frontier = NatsFrontier::open(broker.clone(), &arguments.pool, Arc::clone(&metrics));
        let frontier = frontier.await.map_err(failure)?;
        report(&format!("reads pages of the pool {}, and knows {} connections", arguments.pool, names.len()));
        work(arguments, frontier, folder, (metrics, telemetry), stop, move || broker.is_connected()).await
    })
}

/// The heads of all syncs of these connections in a store on a server.
fn of_store(path: &Path, names: &[String]) -> Result<StoreFrontier, Failure> {
    let store = Store::open(path).map_err(|error| Failure::new(error.to_string()))?;
    if !store.is_on_server() {
        return Err(Failure::new("--store: expected postgres://…; a file has one process".to_owned()));
    }
    if names.is_empty() {
        return Err(Failure::new("--connections: expected files such as acme.toml in the folder".to_owned()));
    }
    Ok(StoreFrontier::with_scope(Arc::new(store), Scope::Connections(names.to_vec())))
}

/// Works until it is asked to stop, and is seen from outside meanwhile.
async fn work<F: Jobs>(
    arguments: &Arguments,
    frontier: F,
    folder: ConnectionFolder,
    (metrics, telemetry): (Arc<WorkerMetrics>, Telemetry),
    stop: Stop,
    is_ready: impl Fn() -> bool + Send + Sync + 'static,
) -> Result<(), Failure> {
    let mut registry = Registry::default();
    metrics.register(&mut registry);
    let options = WorkerOptions { slots: arguments.slots.into(), ..WorkerOptions::default() };
    let outside = Outside::new(registry, stop.clone(), is_ready);
    let worker = Worker::new(frontier, folder, options, metrics, stop).with_telemetry(telemetry.clone());
    with_endpoints(arguments.listen, outside, worker.run(&report)).await?;
    worker.connections().close().await;
    // It waits for the exporter, which blocks.
    tokio::task::block_in_place(|| telemetry.flush());
    Ok(())
}
