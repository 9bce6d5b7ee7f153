//! Rows that are handed out while an answer arrives, so that a page is never held whole.

use std::ops::Range;

/// Why a sink does not take rows any more. The call ends with [`CallError::Sink`](crate::CallError::Sink).
pub type SinkError = Box<dyn std::error::Error + Send + Sync>;

/// Takes the rows of an answer as they arrive.
///
/// What arrived before an error is not a page: a sink keeps rows apart until the call has returned
/// [`PageEnd`](crate::PageEnd), and drops them when it returns an error.
///
/// ```
/// use lumos_connection::{RowBatch, RowSink, SinkError};
///
/// /// Counts rows and their bytes.
/// #[derive(Default)]
/// struct Count { rows: usize, bytes: usize }
///
/// impl RowSink for Count {
///     async fn rows(&mut self, batch: RowBatch) -> Result<(), SinkError> {
///         self.rows += batch.len();
///         self.bytes += batch.iter().map(str::len).sum::<usize>();
///         Ok(())
///     }
/// }
/// ```
pub trait RowSink: Send {
    /// Takes the next rows, in their order. No further byte of the answer is read until this is done, so a slow sink
    /// slows the connector down and fills no memory.
    ///
    /// A batch owns its text: it can be sent to another thread as it is.
    ///
    /// # Errors
    /// When the rows cannot be taken; the call ends with that error.
    fn rows(&mut self, batch: RowBatch) -> impl Future<Output = Result<(), SinkError>> + Send;
}

/// Some rows of an answer that arrived together, each one JSON value in the text the connector wrote.
///
/// The syntax of each row has been checked; its type has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowBatch {
    pub(crate) member: Option<Box<str>>,
    pub(crate) text: String,
    pub(crate) rows: Vec<Range<usize>>,
}

impl RowBatch {
    /// The member of the payload that holds these rows, such as `accounts` in `list_updated_accounts` or `resources` in
    /// `find_resource_graph`; `None` when the payload itself is the list.
    #[must_use]
    pub fn member(&self) -> Option<&str> {
        self.member.as_deref()
    }

    /// How many rows there are; at least one.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row. The connection never hands out an empty batch.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows in their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.rows.iter().map(|range| &self.text[range.clone()])
    }
}

/// A sink that keeps every row as text, for small answers and for tests.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct CollectedRows {
    /// The rows in their order.
    pub rows: Vec<String>,
}

impl RowSink for CollectedRows {
    async fn rows(&mut self, batch: RowBatch) -> Result<(), SinkError> {
        self.rows.extend(batch.iter().map(str::to_owned));
        Ok(())
    }
}
