//! `connector cluster status`: what the cluster is doing.

use std::io::{self, IsTerminal};
use std::time::Duration;

use clap::Args;
use lumos_connector_runtime::failure::Failure;
use lumos_connector_runtime::output;
use lumos_sync_workers::names::DEFAULT_POOL;

use super::{BrokerArguments, failure};
use crate::connection::block_on;

/// Show what waits for workers and collectors, and the state of each connection's latest sync
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  connector cluster status --nats nats://broker.internal:4222
  connector cluster status --nats nats://broker.internal:4222 --watch
  connector cluster status --nats nats://broker.internal:4222 --json | jq '.consumers[].waiting'")]
pub(super) struct Arguments {
    #[command(flatten)]
    broker: BrokerArguments,
    /// A pool of workers to look at; may be given more than once
    #[arg(long = "pool", value_name = "NAME", default_value = DEFAULT_POOL)]
    pools: Vec<String>,
    /// Show syncs that are over, too
    #[arg(long)]
    all: bool,
    /// Show it again every two seconds
    #[arg(long)]
    watch: bool,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    block_on(async {
        let broker = arguments.broker.connect("operator").await?;
        loop {
            let status = broker.status(&arguments.pools).await.map_err(failure)?;
            let text = if arguments.json {
                serde_json::to_string(&status).map_err(|error| Failure::new(error.to_string()))?
            } else {
                status.table(arguments.all)
            };
            let clear = if arguments.watch && !arguments.json && io::stdout().is_terminal() {
                "\x1b[2J\x1b[H"
            } else {
                ""
            };
            output::print(&format!("{clear}{}", text.trim_end()))?;
            if !arguments.watch {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    })
}
