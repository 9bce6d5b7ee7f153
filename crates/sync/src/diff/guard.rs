//! How many removals are believed: beyond that a person has to look first.

use super::merge::ListingDiff;

/// How many removals of a listing are believed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RemovalLimit {
    /// The share of the old rows, between 0 and 1.
    pub share: f64,
    /// So many are always believed.
    pub rows: u64,
}

impl Default for RemovalLimit {
    /// A twentieth of the rows, and 10 of them in any case.
    fn default() -> Self {
        Self { share: 0.05, rows: 10 }
    }
}

/// A listing lost more rows than are believed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "{label}: {removed} of {before} rows are gone ({percent:.1} %), more than {allowed}; \
     look at them first, then allow it with --max-removals"
)]
pub struct TooManyRemovals {
    /// The listing.
    pub label: String,
    /// Rows that are gone.
    pub removed: u64,
    /// Rows before.
    pub before: u64,
    /// The share that is gone, in percent.
    pub percent: f64,
    /// How many are believed.
    pub allowed: u64,
}

impl RemovalLimit {
    /// The listings that lost more rows than are believed.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of rows need not be exact"
    )]
    pub fn check(&self, listings: &[ListingDiff]) -> Vec<TooManyRemovals> {
        let too_many = |listing: &ListingDiff| {
            let allowed = self.rows.max((listing.before as f64 * self.share) as u64);
            (listing.removed > allowed).then(|| TooManyRemovals {
                label: listing.label.clone(),
                removed: listing.removed,
                before: listing.before,
                percent: listing.removed as f64 * 100.0 / listing.before.max(1) as f64,
                allowed,
            })
        };
        listings.iter().filter_map(too_many).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn removed(removed: u64, before: u64) -> ListingDiff {
        ListingDiff { label: "accounts".to_owned(), removed, before, ..ListingDiff::default() }
    }

    #[test]
    fn more_than_the_share_and_more_than_the_number_is_too_many() {
        let limit = RemovalLimit::default();
        assert_eq!(limit.check(&[removed(10, 10), removed(50, 1000), removed(0, 0)]), []);
        assert_eq!(limit.check(&[removed(11, 100), removed(51, 1000)]).len(), 2);
        assert!(limit.check(&[removed(11, 100)])[0].to_string().contains("11 of 100 rows are gone (11.0 %)"));
    }
}
