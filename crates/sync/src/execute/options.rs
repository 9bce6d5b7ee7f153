//! What is wanted of a sync.

use std::time::Duration;

use serde_json::json;

use super::policy::RetryPolicy;
use crate::plan::Selection;
use crate::verdict::Thresholds;

/// What is wanted of a sync. The default reads everything once.
#[derive(Clone, Debug)]
pub struct SyncOptions {
    /// The name of the connection, under which the store keeps its syncs.
    pub connection: String,
    /// Which listings are read.
    pub selection: Selection,
    /// Rows asked for in a page; `None` leaves it to the connection file and the connector.
    pub page_size: Option<u32>,
    /// The day from which activities and expenses are read, as `YYYY-MM-DD` or RFC 3339; 30 days ago when `None`.
    pub since: Option<String>,
    /// Whether every listing is read twice and compared.
    pub verify: bool,
    /// Whether a stopped sync is left and everything read anew.
    pub fresh: bool,
    /// How old the last page of a stopped sync may be for its tokens to be used.
    pub resume_within: Duration,
    /// Listings that are read at the same time where the app has no known limit; one where it has, unless
    /// [`Self::split_limits`].
    pub lanes: usize,
    /// Whether listings are read at the same time even if the app has a known limit, each with its share.
    pub split_limits: bool,
    /// Which failures are tried again.
    pub retry: RetryPolicy,
    /// How much a listing may shrink since it was last complete.
    pub thresholds: Thresholds,
    /// How many syncs of the connection the store keeps; all when `None`.
    pub keep: Option<u32>,
    /// Bytes of a page that are held in memory; more goes to a file.
    pub page_memory: usize,
}

impl SyncOptions {
    /// The default for a connection of that name.
    #[must_use]
    pub fn new(connection: impl Into<String>) -> Self {
        Self {
            connection: connection.into(),
            selection: Selection::default(),
            page_size: None,
            since: None,
            verify: false,
            fresh: false,
            resume_within: Duration::from_secs(24 * 60 * 60),
            lanes: 4,
            split_limits: false,
            retry: RetryPolicy::default(),
            thresholds: Thresholds::default(),
            keep: None,
            page_memory: 2 * 1024 * 1024,
        }
    }

    /// What a stopped sync must have been asked for to go on, as the store keeps it.
    pub(super) fn chosen(&self) -> String {
        json!({"only": self.selection.only, "without": self.selection.without, "verify": self.verify})
            .to_string()
    }
}
