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
  connector export tenant.db#3 ./rows --format csv")]
pub(crate) struct Arguments {
    /// The sync: FILE for the latest of a store, FILE#NUMBER for another one
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
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let format = match arguments.format {
        Format::Ndjson => export::Format::Ndjson,
        Format::Csv => export::Format::Csv,
    };
    let failure = |error: lumos_sync::diff::SideError| Failure::new(error.to_string());
    let side = Side::open(&arguments.sync).map_err(failure)?;
    let files = export::write_folder(&side, format, &arguments.folder).map_err(failure)?;
    let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    output::print(&names.join("\n"))
}
