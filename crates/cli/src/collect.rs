//! `connector collect`: stores what workers read.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use lumos_connector_runtime::failure::Failure;
use lumos_sync_workers::Collector;
use lumos_sync_workers::collector::Stores;
use lumos_sync_workers::http::Outside;
use lumos_sync_workers::metrics::CollectorMetrics;
use prometheus_client::registry::Registry;

use crate::cluster::{BrokerArguments, failure, report, serve, with_endpoints};

/// Store the pages that workers read, and end syncs with their verdicts
///
/// A folder has one collector; a store on PostgreSQL may have several.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  connector collect --nats nats://broker.internal:4222 --store ./stores
  connector collect --nats nats://broker.internal:4222 --store postgres://sync@db.internal/tenants")]
pub(crate) struct Arguments {
    #[command(flatten)]
    broker: BrokerArguments,
    /// Where pages are stored: a folder with a file for each connection, or postgres://…
    #[arg(long, value_name = "STORE")]
    store: PathBuf,
    /// Where /healthz, /readyz and /metrics are served, such as 127.0.0.1:9465
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    serve(|stop| async move {
        let stores = Stores::open(&arguments.store).map_err(|error| Failure::new(error.to_string()))?;
        let broker = arguments.broker.connect("collector").await?;
        let metrics = Arc::new(CollectorMetrics::default());
        let mut registry = Registry::default();
        metrics.register(&mut registry);
        let collector = Collector::open(broker.clone(), stores, metrics, stop.clone()).await;
        let collector = collector.map_err(failure)?;
        report("stores pages");
        let outside = Outside::new(registry, stop, move || broker.is_connected());
        Box::pin(with_endpoints(arguments.listen, outside, collector.run(&report))).await
    })
}
