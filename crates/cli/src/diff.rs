//! `connector diff`: what changed between two syncs, or since one.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use lumos_connector_runtime::failure::Failure;
use lumos_connector_runtime::output;
use lumos_sync::diff::{
    ListingDiff, NOT_SEEN, RemovalLimit, Side, SideError, SideName, UpdatesError, diff, diff_since,
};
use lumos_sync::execute::policy::RetryPolicy;
use lumos_sync::report::changes::{self, ChangesForm};

use crate::connection::{block_on, open};

/// Show what changed between two syncs, or since one
///
/// A row counts as removed only where the new listing is complete; elsewhere it was not seen. Status 5: more rows are
/// gone than are believed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  connector diff tenant.db#3 tenant.db#4
  connector diff yesterday.db today.db --format csv > changes.csv
  connector diff yesterday.db today.db --max-removals 20%
  connector diff tenant.db --since tenant.toml")]
pub(crate) struct Arguments {
    /// The older sync: STORE for the latest, STORE#CONNECTION for the latest of a connection, STORE#NUMBER for any;
    /// a store is a file or postgres://…
    old: SideName,
    /// The newer sync, likewise
    #[arg(required_unless_present = "since", conflicts_with = "since")]
    new: Option<SideName>,
    /// In place of a newer sync, ask the connector which accounts changed since OLD was read
    ///
    /// The connector must have `list_updated_accounts`. Accounts that are gone are not seen, nor is anything besides
    /// accounts.
    #[arg(long, value_name = "CONNECTION")]
    since: Option<PathBuf>,
    /// With --since, take secrets that stand in the connection file itself
    #[arg(long, requires = "since")]
    allow_literal_secrets: bool,
    /// How changes are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// How many rows of a listing may be gone, as a number or a share such as 5%; 5% and 10 rows when not given
    #[arg(long, value_name = "LIMIT", value_parser = removal_limit, conflicts_with = "since")]
    max_removals: Option<RemovalLimit>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Csv,
}

fn removal_limit(text: &str) -> Result<RemovalLimit, String> {
    let expected = "expected a number of rows or a share such as 5%";
    match text.strip_suffix('%') {
        Some(share) => {
            let share: f64 = share.parse().map_err(|_| expected.to_owned())?;
            if (0.0..=100.0).contains(&share) {
                Ok(RemovalLimit { share: share / 100.0, rows: 0 })
            } else {
                Err("expected a share between 0% and 100%".to_owned())
            }
        }
        None => Ok(RemovalLimit { share: 0.0, rows: text.parse().map_err(|_| expected.to_owned())? }),
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let form = match arguments.format {
        Format::Text => ChangesForm::Text,
        Format::Json => ChangesForm::Json,
        Format::Csv => ChangesForm::Csv,
    };
    let mut sink = BufWriter::new(io::stdout());
    let result = match (&arguments.new, &arguments.since) {
        (Some(new), _) => compare(&arguments.old, new, form, &mut sink),
        (None, Some(connection)) => return ask(arguments, connection, form, &mut sink),
        (None, None) => return Err(Failure::new("expected a newer sync, or --since CONNECTION")),
    };
    let listings = match result {
        Ok(listings) => listings,
        Err(error) if is_enough(&error) => return Ok(ExitCode::SUCCESS),
        Err(error) => return Err(Failure::new(error.to_string())),
    };
    let too_many = arguments.max_removals.unwrap_or_default().check(&listings);
    too_many.iter().for_each(output::message);
    Ok(if too_many.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(5) })
}

/// Whoever reads has read enough (`… | head`).
fn is_enough(error: &SideError) -> bool {
    matches!(error, SideError::Write(error) if error.kind() == io::ErrorKind::BrokenPipe)
}

fn compare(
    old: &SideName,
    new: &SideName,
    form: ChangesForm,
    sink: &mut impl Write,
) -> Result<Vec<ListingDiff>, SideError> {
    let (old, new) = (Side::open(old)?, Side::open(new)?);
    changes::write_head(form, sink)?;
    let listings = diff(&old, &new, |row| Ok(changes::write_row(form, row, sink)?))?;
    changes::write_end(form, &listings, sink)?;
    sink.flush()?;
    Ok(listings)
}

/// Asks the connector what changed since the older sync.
fn ask(
    arguments: &Arguments,
    connection: &Path,
    form: ChangesForm,
    sink: &mut impl Write,
) -> Result<ExitCode, Failure> {
    let failure = |error: &dyn std::error::Error| Failure::new(error.to_string());
    let old = Side::open(&arguments.old).map_err(|error| failure(&error))?;
    let result = block_on(async {
        let connection = open(connection, arguments.allow_literal_secrets).await?;
        let result = async {
            changes::write_head(form, sink)?;
            let found = diff_since(&connection, &old, &RetryPolicy::default(), |row| {
                Ok(changes::write_row(form, row, sink)?)
            })
            .await?;
            changes::write_updates_end(form, &found, sink)?;
            sink.flush()?;
            Ok::<(), UpdatesError>(())
        };
        let result = result.await;
        connection.close().await;
        Ok(result)
    })?;
    match result {
        Ok(()) => {
            // The other forms say it among what was found.
            if form == ChangesForm::Csv {
                output::message(NOT_SEEN);
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(UpdatesError::Side(error)) if is_enough(&error) => Ok(ExitCode::SUCCESS),
        Err(error) => Err(failure(&error)),
    }
}
