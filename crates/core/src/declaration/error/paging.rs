//! Listings that do not get to their end.

/// The app pages in a way that cannot lead to the whole list: `invalid_response`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PagingError {
    /// The app went on at a place where the listing has been.
    #[error("the app's listing does not advance: it goes on where it has been")]
    Repeated,
    /// The app had no more rows before the total that it names.
    #[error("the app's listing ended after {rows} of the {total} rows that it names")]
    Incomplete {
        /// Rows that it gave.
        rows: u64,
        /// Rows that it said there were.
        total: u64,
    },
    /// The numbers of rows are beyond what can be counted.
    #[error("the app's listing has more rows than can be counted")]
    TooMany,
}
