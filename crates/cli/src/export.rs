//! `connector export`: the rows of a sync as files.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use lumos_connector_runtime::failure::Failure;
use lumos_connector_runtime::output;
use lumos_sync::diff::{Side, SideName};
use lumos_sync::export;

/// Write the rows of a sync as files, one for each listing
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  connector export tenant.db ./rows
  connector export tenant.db#3 ./rows --format csv
  connector export tenant.db ./rows --format parquet && duckdb -c \"SELECT * FROM 'rows/accounts.parquet'\"")]
pub(crate) struct Arguments {
    /// The sync: STORE for the latest, STORE#CONNECTION for the latest of a connection, STORE#NUMBER for any;
    /// a store is a file or postgres://…
    sync: SideName,
    /// The folder for the files; it is made, and files of the same name are replaced
    folder: PathBuf,
    /// The form of the rows
    #[arg(long, value_enum, default_value_t = Format::Ndjson)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Ndjson,
    Csv,
    Parquet,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let format = match arguments.format {
        Format::Ndjson => export::Format::Ndjson,
        Format::Csv => export::Format::Csv,
        Format::Parquet => export::Format::Parquet,
    };
    let failure = |error: lumos_sync::diff::SideError| Failure::new(error.to_string());
    let side = Side::open(&arguments.sync).map_err(failure)?;
    let files = export::write_folder(&side, format, &arguments.folder).map_err(failure)?;
    let names: Vec<String> = files.iter().map(|file| file.path.display().to_string()).collect();
    for file in &files {
        for left_out in &file.left_out {
            output::message(format_args!("{}: {left_out}", file.path.display()));
        }
    }
    output::print(&names.join("\n"))
}
