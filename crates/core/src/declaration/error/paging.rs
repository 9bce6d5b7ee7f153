//! Listings that do not get to their end.

use std::fmt;

/// The app pages in a way that cannot lead to the whole list: `invalid_response`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PagingError {
    /// The app went on at a place where the listing has been.
    Repeated,
    /// The app had no more rows before the total that it names.
    Incomplete {
        /// Rows that it gave.
        rows: u64,
        /// Rows that it said there were.
        total: u64,
    },
    /// The numbers of rows are beyond what can be counted.
    TooMany,
}

impl fmt::Display for PagingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Repeated => f.write_str("the app's listing does not advance: it goes on where it has been"),
            Self::Incomplete { rows, total } => {
                write!(f, "the app's listing ended after {rows} of the {total} rows that it names")
            }
            Self::TooMany => f.write_str("the app's listing has more rows than can be counted"),
        }
    }
}

impl std::error::Error for PagingError {}
