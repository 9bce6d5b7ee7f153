//! `connector schedule`: syncs that begin by themselves.

use std::path::PathBuf;

use clap::Args;
use lumos_connector_runtime::failure::Failure;
use lumos_sync_workers::schedule::Schedule;

use crate::cluster::{BrokerArguments, failure, report, serve};

/// Begin syncs on a cluster at intervals
///
/// The file has a `[[connection]]` with `name` and `every` (such as 6h) for each, and may say `pool`, `only`, `without`,
/// `page_size`, `verify`, `keep` and `lanes`. A connection is never read twice at the same time, and what was missed is
/// begun once.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  connector schedule --nats nats://broker.internal:4222 schedule.toml")]
pub(crate) struct Arguments {
    #[command(flatten)]
    broker: BrokerArguments,
    /// The file of connections and intervals
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Begin what is due now, and end
    #[arg(long)]
    once: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let schedule = Schedule::read(&arguments.file).map_err(failure)?;
    serve(|stop| async move {
        let broker = arguments.broker.connect("operator").await?;
        if arguments.once {
            return schedule.begin_due_now(&broker, &report).await.map_err(failure);
        }
        schedule.run(&broker, &stop, &report).await;
        Ok(())
    })
}
