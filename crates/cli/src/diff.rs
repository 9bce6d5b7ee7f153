//! `connector diff`: what changed between two syncs.

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use lumos_connector_runtime::failure::Failure;
use lumos_connector_runtime::output;
use lumos_sync::diff::{RemovalLimit, Side, SideError, SideName, diff};
use lumos_sync::report::changes::{self, ChangesForm};

/// Show what changed between two syncs
///
/// A row counts as removed only where the new listing is complete; elsewhere it was not seen. Status 5: more rows are
/// gone than are believed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  connector diff tenant.db#3 tenant.db#4
  connector diff yesterday.db today.db --format csv > changes.csv
  connector diff yesterday.db today.db --max-removals 20%")]
pub(crate) struct Arguments {
    /// The older sync: FILE for the latest of a store, FILE#NUMBER for another one
    old: SideName,
    /// The newer sync, likewise
    new: SideName,
    /// How changes are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// How many rows of a listing may be gone, as a number or a share such as 5%; 5% and 10 rows when not given
    #[arg(long, value_name = "LIMIT", value_parser = removal_limit)]
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
    let mut sink = BufWriter::new(io::stdout().lock());
    let listings = match compare(arguments, form, &mut sink) {
        Ok(listings) => listings,
        // Whoever reads has read enough (`… | head`).
        Err(SideError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            return Ok(ExitCode::SUCCESS);
        }
        Err(error) => return Err(Failure::new(error.to_string())),
    };
    let too_many = arguments.max_removals.unwrap_or_default().check(&listings);
    too_many.iter().for_each(output::message);
    Ok(if too_many.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(5) })
}

fn compare(
    arguments: &Arguments,
    form: ChangesForm,
    sink: &mut impl Write,
) -> Result<Vec<lumos_sync::diff::ListingDiff>, SideError> {
    let (old, new) = (Side::open(&arguments.old)?, Side::open(&arguments.new)?);
    changes::write_head(form, sink)?;
    let listings = diff(&old, &new, |row| Ok(changes::write_row(form, row, sink)?))?;
    changes::write_end(form, &listings, sink)?;
    sink.flush()?;
    Ok(listings)
}
