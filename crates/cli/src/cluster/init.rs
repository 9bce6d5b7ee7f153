//! `connector cluster init`: the streams and consumers, and who may do what.

use std::time::Duration;

use clap::Args;
use lumos_connector_runtime::failure::Failure;
use lumos_connector_runtime::output;
use lumos_sync_workers::Setup;
use lumos_sync_workers::names::DEFAULT_POOL;

use super::{BrokerArguments, failure};
use crate::connection::block_on;

/// Make the streams and consumers of a cluster, or bring them to these settings
///
/// With --permissions, nothing is made: a part of nats.conf is printed, with a user for each role and what it may do.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  connector cluster init --nats nats://broker.internal:4222 --nats-user admin --replicas 3
  connector cluster init --permissions --pool default --pool eu > lumos.conf")]
pub(super) struct Arguments {
    #[command(flatten)]
    broker: BrokerArguments,
    /// A pool of workers; may be given more than once
    #[arg(long = "pool", value_name = "NAME", default_value = DEFAULT_POOL)]
    pools: Vec<String>,
    /// How many servers keep each message
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=5))]
    replicas: u8,
    /// How many MiB the stream of jobs may hold
    #[arg(long, value_name = "MIB", default_value_t = 10 * 1024)]
    max_mib: u32,
    /// How many seconds a job may stay with a worker that says nothing
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    ack_wait: u32,
    /// Print who may do what, as a part of nats.conf
    #[arg(long)]
    permissions: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let setup = Setup {
        pools: arguments.pools.clone(),
        replicas: arguments.replicas.into(),
        max_bytes: i64::from(arguments.max_mib) * 1024 * 1024,
        ack_wait: Duration::from_secs(arguments.ack_wait.into()),
        ..Setup::default()
    };
    if arguments.permissions {
        return output::print(setup.permissions().trim_end());
    }
    block_on(async {
        let broker = arguments.broker.connect("admin").await?;
        setup.apply(broker.context()).await.map_err(failure)?;
        output::print(&format!(
            "streams {} and {}, {} pools, {} replicas",
            broker.names().stream(),
            broker.names().records(),
            setup.pools.len(),
            setup.replicas
        ))
    })
}
