//! The rows of a sync as files: NDJSON, CSV and Parquet.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `csv` | one field a column, in the contract's order |
//! | `parquet` | the same, with the contract's types |

mod csv;
mod parquet;

use std::fmt;
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
    /// One field a column with its type, Snappy-compressed; objects and lists are JSON in their column, moments are text
    /// as the connector sent them ([Apache Parquet](https://parquet.apache.org/docs/file-format/)).
    Parquet,
}

impl Format {
    /// The end of the files' names.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }
}

/// Something of a listing that its file does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The field whose values have another type than the contract's; `None` for rows that are not objects.
    pub field: Option<String>,
    /// In how many rows.
    pub rows: u64,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.rows;
        match &self.field {
            Some(field) => {
                write!(f, "{field} of {rows} rows has another type than the contract's and is empty")
            }
            None => write!(f, "{rows} rows are not objects and have no fields"),
        }
    }
}

/// A file that was written.
#[derive(Clone, Debug)]
pub struct ExportedFile {
    /// Where it is.
    pub path: PathBuf,
    /// What it does not hold.
    pub left_out: Vec<LeftOut>,
}

/// Writes the rows of one listing, and says what could not be written in that form.
///
/// # Errors
/// When the store cannot be read or the rows not be written.
pub fn write_listing(
    side: &Side,
    listing: &ListingRecord,
    format: Format,
    output: &mut (impl Write + Send),
) -> Result<Vec<LeftOut>, SideError> {
    match format {
        Format::Ndjson => write_lines(side, listing, output).map(|()| Vec::new()),
        Format::Csv => csv::write(side, listing, output),
        Format::Parquet => parquet::write(side, listing, output),
    }
}

fn write_lines(side: &Side, listing: &ListingRecord, output: &mut impl Write) -> Result<(), SideError> {
    side.store.for_each_row(listing.id, |row| {
        // A row that holds line ends between its fields would not be one line.
        if row.contains('\n') {
            let value: serde_json::Value = serde_json::from_str(row).map_err(std::io::Error::other)?;
            writeln!(output, "{value}")?;
        } else {
            writeln!(output, "{row}")?;
        }
        Ok(())
    })
}

/// Writes every listing of a sync into a file of its own in a folder, which is made, and returns the files. They may be
/// read by their owner alone. A file takes its name when it is whole.
///
/// # Errors
/// When the store cannot be read or a file not be written.
pub fn write_folder(side: &Side, format: Format, folder: &Path) -> Result<Vec<ExportedFile>, SideError> {
    std::fs::create_dir_all(folder)?;
    let mut files = Vec::new();
    for listing in &side.listings {
        let path = folder.join(format!("{}.{}", listing.label, format.extension()));
        let file = tempfile::NamedTempFile::new_in(folder)?;
        let mut output = BufWriter::with_capacity(128 * 1024, file);
        let left_out = write_listing(side, listing, format, &mut output)?;
        let file = output.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.persist(&path).map_err(|error| error.error)?;
        files.push(ExportedFile { path, left_out });
    }
    Ok(files)
}
