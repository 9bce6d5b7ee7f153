//! `connector sync`: a whole tenant into a store.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use lumos_connector_runtime::failure::Failure;
use lumos_connector_runtime::output;
use lumos_sync::execute::{SyncOptions, run as run_sync};
use lumos_sync::plan::Selection;
use lumos_sync::report::progress::{Progress, ProgressForm};
use lumos_sync::report::summary;
use lumos_sync::store::Store;
use lumos_sync::verdict::Thresholds;

use crate::connection::{ConnectionArguments, block_on};

/// Read a whole tenant into a store, with a verdict for each listing
///
/// Accounts, entitlements, who has which and all else that the connector can list are read to their end. A sync that was
/// stopped goes on where it was. Status 0: every listing is complete; 3: one was not read to its end; 4: what came
/// contradicts itself or what came before; 1: the sync could not be run.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  connector sync mock.toml
  connector sync mock.toml --store tenant.db --only accounts,associations --verify
  connector sync mock.toml --json | jq 'select(.event == \"ended\")'
  connector sync mock.toml --store postgres://sync@db.internal/tenants
  connector sync --nats nats://broker.internal:4222 acme globex")]
pub(crate) struct Arguments {
    /// The connection file; with --nats, the names of connections that workers know
    #[arg(value_name = "CONNECTION", required = true)]
    connections: Vec<PathBuf>,
    /// Take secrets that stand in the connection file itself
    #[arg(long)]
    allow_literal_secrets: bool,
    /// The store: a file, or postgres://…; the connection file's name with .db when not given
    #[arg(long, value_name = "STORE")]
    store: Option<PathBuf>,
    #[cfg(feature = "workers")]
    #[command(flatten)]
    cluster: crate::cluster::submit::SubmitArguments,
    /// Read only these listings, such as accounts,entitlements
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    only: Vec<String>,
    /// Read all but these listings
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    without: Vec<String>,
    /// How many rows are asked for in a page
    #[arg(long, value_name = "ROWS")]
    page_size: Option<u32>,
    /// The day from which activities and expenses are read; 30 days ago when not given
    #[arg(long, value_name = "DATE")]
    since: Option<String>,
    /// Read every listing twice and compare
    #[arg(long)]
    verify: bool,
    /// Leave a stopped sync and read everything anew
    #[arg(long)]
    fresh: bool,
    /// How many hours old the last page of a stopped sync may be for it to go on
    #[arg(long, value_name = "HOURS", default_value_t = 24)]
    resume_within: u64,
    /// How many syncs of the connection the store keeps; all when not given
    #[arg(long, value_name = "NUMBER")]
    keep: Option<u32>,
    /// How many listings are read at the same time where the app has no known limit; 4, and 1 with --nats
    #[arg(long, value_name = "NUMBER")]
    lanes: Option<u32>,
    /// How often a page is tried that fails
    #[arg(long, value_name = "NUMBER", default_value_t = 5)]
    attempts: u32,
    /// How many seconds a page is waited for at the most when the app asks for it
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    max_wait: u64,
    /// Take a listing that lost many rows since it was last complete
    #[arg(long)]
    accept_shrinking: bool,
    /// Print what happens as JSON, one object a line
    #[arg(long)]
    json: bool,
    /// Print nothing but what came of it
    #[arg(short, long, conflicts_with = "json")]
    quiet: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    #[cfg(feature = "workers")]
    if arguments.cluster.is_asked_for() {
        let names: Vec<String> = arguments.connections.iter().map(|name| name_of(name)).collect();
        let form = crate::cluster::submit::Form { json: arguments.json, quiet: arguments.quiet };
        return crate::cluster::submit::run(&arguments.cluster, &names, &wanted(arguments), form);
    }
    let [file] = arguments.connections.as_slice() else {
        return Err(Failure::new(
            "expected one connection file; several connections are for --nats".to_owned(),
        ));
    };
    let connection = ConnectionArguments::new(file.clone(), arguments.allow_literal_secrets);
    let failure = |error: &dyn std::error::Error| Failure::new(error.to_string());
    let path = arguments.store.clone().unwrap_or_else(|| connection.file().with_extension("db"));
    let store = Arc::new(Store::open(&path).map_err(|error| failure(&error))?);
    let form = match (arguments.json, arguments.quiet) {
        (true, _) => ProgressForm::Json,
        (_, true) => ProgressForm::Quiet,
        _ if io::stderr().is_terminal() => ProgressForm::Terminal,
        _ => ProgressForm::Lines,
    };
    let end = block_on(async {
        let options = options(arguments, connection.name());
        let connection = connection.open().await?;
        let result = if arguments.json {
            run_sync(&connection, &store, &options, &Progress::new(form, io::stdout())).await
        } else {
            run_sync(&connection, &store, &options, &Progress::new(form, io::stderr())).await
        };
        connection.close().await;
        result.map_err(|error| failure(&error))
    })?;
    if arguments.json {
        output::print(&summary::as_json(&end).to_string())?;
    } else {
        output::print(&summary::table(&end, None))?;
    }
    Ok(ExitCode::from(end.outcome.exit_status()))
}

#[cfg(feature = "workers")]
fn name_of(path: &std::path::Path) -> String {
    // `acme` as well as `connections/acme.toml`.
    let is_file = path.extension().is_some_and(|extension| extension == "toml");
    let name = if is_file { path.file_stem() } else { Some(path.as_os_str()) };
    name.unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(feature = "workers")]
fn wanted(arguments: &Arguments) -> lumos_sync_workers::record::Wanted {
    lumos_sync_workers::record::Wanted {
        only: arguments.only.clone(),
        without: arguments.without.clone(),
        page_size: arguments.page_size,
        since: arguments.since.clone(),
        verify: arguments.verify,
        fresh: arguments.fresh,
        resume_within: arguments.resume_within,
        keep: arguments.keep,
        lanes: arguments.lanes.unwrap_or(1),
        accept_shrinking: arguments.accept_shrinking,
        ..lumos_sync_workers::record::Wanted::default()
    }
}

fn options(arguments: &Arguments, connection: String) -> SyncOptions {
    let mut options = SyncOptions::new(connection);
    options.selection = Selection { only: arguments.only.clone(), without: arguments.without.clone() };
    options.page_size = arguments.page_size;
    options.since.clone_from(&arguments.since);
    options.verify = arguments.verify;
    options.fresh = arguments.fresh;
    options.resume_within = Duration::from_secs(arguments.resume_within.saturating_mul(3600));
    options.keep = arguments.keep;
    options.lanes = arguments.lanes.map_or(options.lanes, |lanes| usize::try_from(lanes).unwrap_or(1));
    options.retry.attempts = arguments.attempts.max(1);
    options.retry.longest_wait = Duration::from_secs(arguments.max_wait);
    if arguments.accept_shrinking {
        options.thresholds = Thresholds::accept_shrinking();
    }
    options
}
