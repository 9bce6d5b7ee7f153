//! `connector sync --nats`: syncs that a cluster runs, asked for and waited for.

use std::process::ExitCode;

use clap::Args;
use futures_util::future::join_all;
use lumos_connector_runtime::failure::Failure;
use lumos_connector_runtime::output;
use lumos_sync_workers::names::DEFAULT_POOL;
use lumos_sync_workers::record::{Record, Stage, Submission, Wanted};

use super::{BrokerArguments, failure, report};
use crate::connection::block_on;

/// What a sync on a cluster takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "On a cluster of workers")]
pub(crate) struct SubmitArguments {
    #[command(flatten)]
    broker: BrokerArguments,
    /// The pool whose workers know the connections
    #[arg(long, value_name = "NAME", default_value = DEFAULT_POOL)]
    pool: String,
    /// Do not wait for the end
    #[arg(long, requires = "nats")]
    no_wait: bool,
}

/// How the syncs are shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    pub(crate) json: bool,
    pub(crate) quiet: bool,
}

impl SubmitArguments {
    pub(crate) fn is_asked_for(&self) -> bool {
        self.broker.nats.is_some()
    }
}

/// Asks for the syncs, waits for all of them, and ends with the worst of their statuses.
pub(crate) fn run(
    arguments: &SubmitArguments,
    names: &[String],
    wanted: &Wanted,
    form: Form,
) -> Result<ExitCode, Failure> {
    let wanted = Wanted { pool: arguments.pool.clone(), ..wanted.clone() };
    let ends = block_on(async {
        let broker = arguments.broker.connect("operator").await?;
        let mut submitted = Vec::new();
        for name in names {
            let submission = broker.submit(name, &wanted).await.map_err(failure)?;
            if matches!(submission, Submission::UnderWay(_)) && !form.quiet {
                report(&format!("{name}: a sync is under way already; this waits for its end"));
            }
            submitted.push(submission);
        }
        if arguments.no_wait {
            return Ok(submitted.iter().map(|submission| Ok(submission.record().clone())).collect());
        }
        let waiting = submitted
            .iter()
            .map(|submission| broker.wait_for(submission.record(), |record| show(record, form)));
        Ok(join_all(waiting).await)
    })?;
    let mut status = 0;
    for end in ends {
        match end {
            Ok(record) => {
                if arguments.no_wait {
                    output::print(&format!("{}: {}", record.connection, record.run))?;
                    continue;
                }
                output::print(&end_of(&record, form)?)?;
                status = worse(status, record.exit_status());
            }
            Err(error) => {
                report(&error.to_string());
                status = 1;
            }
        }
    }
    Ok(ExitCode::from(status))
}

/// Of two statuses the worse: 1 (it could not run), 3 (not read to its end), 4 (contradictory), 0.
fn worse(one: u8, other: u8) -> u8 {
    let rank = |status| match status {
        0 => 0,
        4 => 1,
        3 => 2,
        _ => 3,
    };
    if rank(other) > rank(one) { other } else { one }
}

fn show(record: &Record, form: Form) {
    if form.quiet {
        return;
    }
    if form.json {
        if let Ok(text) = serde_json::to_string(record) {
            // Whoever reads may have read enough.
            let _ = output::print(&text);
        }
        return;
    }
    let pages: u64 = record.listings.iter().map(|listing| listing.pages).sum();
    let rows: u64 = record.listings.iter().map(|listing| listing.rows).sum();
    match record.stage {
        Stage::Submitted => report(&format!("{}: waits for a worker", record.connection)),
        Stage::Reading => report(&format!("{}: {rows} rows in {pages} pages", record.connection)),
        Stage::Ended | Stage::Failed => {}
    }
}

fn end_of(record: &Record, form: Form) -> Result<String, Failure> {
    if form.json {
        return serde_json::to_string(record).map_err(|error| Failure::new(error.to_string()));
    }
    let outcome = record.outcome.as_deref().unwrap_or("failed");
    let mut text = format!("{}: {outcome}", record.connection);
    if let Some(sync) = record.sync {
        text = format!("{text} (sync {sync} of the store)");
    }
    if let Some(message) = &record.message {
        text = format!("{text}\n  {message}");
    }
    for listing in &record.listings {
        let (verdict, reason) = (listing.verdict.as_deref(), listing.reason.as_deref());
        text = format!(
            "{text}\n  {:<26}{:>10} rows {:>8} pages  {}: {}",
            listing.label,
            listing.rows,
            listing.pages,
            verdict.unwrap_or("-"),
            reason.unwrap_or_default()
        );
    }
    Ok(text)
}
