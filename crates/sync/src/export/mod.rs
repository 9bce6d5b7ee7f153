//! The rows of a sync as files: NDJSON and CSV.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `ndjson` | one row a line, as the connector sent it |
//! | `csv` | one field a column, in the contract's order |

mod csv;

use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

pub use csv::write_field;

use crate::diff::{Side, SideError};
use crate::store::ListingRecord;

/// The form of exported rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line, exactly as the connector sent it.
    Ndjson,
    /// One field a column; objects and lists are JSON in their column (RFC 4180).
    Csv,
}

impl Format {
    /// The end of the files' names.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
        }
    }
}

/// Writes the rows of one listing.
///
/// # Errors
/// When the store cannot be read or the rows not be written.
pub fn write_listing(
    side: &Side,
    listing: &ListingRecord,
    format: Format,
    output: &mut impl Write,
) -> Result<(), SideError> {
    match format {
        Format::Ndjson => side.store.for_each_row(listing.id, |row| {
            // A row that holds line ends between its fields would not be one line.
            if row.contains('\n') {
                let value: Box<serde_json::value::RawValue> =
                    serde_json::from_str(row).map_err(std::io::Error::other)?;
                let value: serde_json::Value =
                    serde_json::from_str(value.get()).map_err(std::io::Error::other)?;
                writeln!(output, "{value}")?;
            } else {
                writeln!(output, "{row}")?;
            }
            Ok(())
        }),
        Format::Csv => csv::write(side, listing, output),
    }
}

/// Writes every listing of a sync into a file of its own in a folder, which is made, and returns the files. They may be
/// read by their owner alone.
///
/// # Errors
/// When the store cannot be read or a file not be written.
pub fn write_folder(side: &Side, format: Format, folder: &Path) -> Result<Vec<PathBuf>, SideError> {
    std::fs::create_dir_all(folder)?;
    let mut files = Vec::new();
    for listing in &side.listings {
        let path = folder.join(format!("{}.{}", listing.label, format.extension()));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut output = BufWriter::with_capacity(128 * 1024, options.open(&path)?);
        write_listing(side, listing, format, &mut output)?;
        output.flush()?;
        files.push(path);
    }
    Ok(files)
}
