//! What happens in a sync, for those who watch it.

use std::time::Duration;

use crate::store::ListingRecord;
use crate::verdict::Verdict;

/// Something that happened in a sync.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The sync begins or goes on.
    Begun {
        /// Its number.
        sync: i64,
        /// Whether it was stopped before and goes on.
        is_resumed: bool,
        /// Why a stopped sync does not go on.
        left: Option<&'a str>,
        /// Its listings.
        listings: &'a [ListingRecord],
        /// Rows of each when it was last complete.
        expected: &'a [Option<u64>],
    },
    /// A page is asked for.
    Called {
        /// The listing.
        listing: i64,
        /// The page.
        page: u64,
    },
    /// A page has come to its end, and is not stored yet.
    Arrived {
        /// The listing.
        listing: i64,
        /// The page.
        page: u64,
    },
    /// A page is stored.
    Stored {
        /// The listing.
        listing: i64,
        /// The page.
        page: u64,
        /// Its rows.
        rows: u64,
        /// Time that the connector took for it.
        connector: Duration,
    },
    /// A page is read later.
    Deferred {
        /// The listing.
        listing: i64,
        /// The page.
        page: u64,
        /// How long.
        delay: Duration,
        /// What for.
        reason: &'a str,
        /// Whether it failed, and was not just asked to wait.
        is_failure: bool,
    },
    /// The last page of a listing is stored.
    Read {
        /// The listing.
        listing: i64,
    },
    /// The keys of a listing are indexed.
    Indexed {
        /// The listing.
        listing: i64,
    },
    /// Every listing has its verdict.
    Judged {
        /// The sync.
        sync: i64,
        /// The worst of them.
        outcome: Verdict,
    },
    /// Nothing is left to do.
    Ended {
        /// The sync.
        sync: i64,
    },
}

/// Watches a sync.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use lumos_sync::execute::{Event, Observer};
///
/// /// Counts rows.
/// #[derive(Default)]
/// struct Count(AtomicU64);
///
/// impl Observer for Count {
///     fn observe(&self, event: &Event<'_>) {
///         if let Event::Stored { rows, .. } = event {
///             self.0.fetch_add(*rows, Ordering::Relaxed);
///         }
///     }
/// }
/// ```
pub trait Observer: Send + Sync {
    /// Something happened. The sync waits until this returns.
    fn observe(&self, event: &Event<'_>);
}

/// Nobody watches.
impl Observer for () {
    fn observe(&self, _: &Event<'_>) {}
}
