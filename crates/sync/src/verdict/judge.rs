//! The verdict of each listing of a sync, from its evidence.

use std::collections::BTreeMap;

use super::{Verdict, duplicates, readings, references};
use crate::store::{Finding, FindingKind, ListingRecord, Store, StoreError};

/// Findings of the end of a sync, by listing and kind, with their count and an example.
pub(super) type Findings = BTreeMap<(i64, FindingKind), (u64, Option<String>)>;

/// How much a listing may shrink since the last sync in which it was complete.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// The share of rows, between 0 and 1, that may be gone.
    pub shrink_share: f64,
    /// So many rows may always be gone.
    pub shrink_rows: u64,
}

impl Default for Thresholds {
    /// A fifth of the rows, and 10 of them in any case.
    fn default() -> Self {
        Self { shrink_share: 0.2, shrink_rows: 10 }
    }
}

impl Thresholds {
    /// Any number of rows may be gone.
    #[must_use]
    pub fn accept_shrinking() -> Self {
        Self { shrink_share: 1.0, shrink_rows: u64::MAX }
    }

    #[expect(clippy::cast_precision_loss, reason = "a share of rows need not be exact")]
    fn allow(&self, before: u64, now: u64) -> bool {
        let gone = before.saturating_sub(now);
        gone <= self.shrink_rows || gone as f64 <= before as f64 * self.shrink_share
    }
}

/// Gives every listing of a sync its verdict, and returns that of the sync: the worst of them.
///
/// All listings must have been read and indexed.
///
/// # Errors
/// When the store cannot be read or written.
pub fn judge(store: &Store, sync: i64, thresholds: &Thresholds) -> Result<Verdict, StoreError> {
    let listings = store.listings(sync)?;
    let mut found = Findings::new();
    let seen = references::check(store, &listings, &mut found)?;
    duplicates::count(store, &listings, &seen, &mut found)?;
    readings::compare(store, &listings, &mut found)?;
    for listing in listings.iter().filter(|listing| listing.cut.is_none() && listing.reading == 1) {
        let Some(before) = store.last_complete(sync, &listing.capability)? else { continue };
        if !thresholds.allow(before.rows, listing.rows) {
            let example = format!("{} rows, and {} in sync {}", listing.rows, before.rows, before.sync);
            found.insert((listing.id, FindingKind::Shrunk), (before.rows - listing.rows, Some(example)));
        }
    }
    let mut verdicts = Vec::new();
    for listing in &listings {
        let kept = store.findings(listing.id)?;
        let (verdict, reason) = verdict_of(listing, &kept, &found);
        verdicts.push((listing.id, verdict, reason));
    }
    store.judge(&found, &verdicts)?;
    Ok(verdicts.iter().map(|(_, verdict, _)| *verdict).max().unwrap_or(Verdict::Complete))
}

fn verdict_of(listing: &ListingRecord, kept: &[Finding], found: &Findings) -> (Verdict, String) {
    if let Some(cut) = &listing.cut {
        return (Verdict::Incomplete, cut.clone());
    }
    let added =
        found.range((listing.id, FindingKind::NotObjects)..).take_while(|((id, _), _)| *id == listing.id);
    let reasons: Vec<String> = kept
        .iter()
        .filter(|finding| !found.contains_key(&(listing.id, finding.kind)))
        .map(|finding| sentence(finding.kind, finding.count, finding.example.as_deref()))
        .chain(added.map(|((_, kind), (count, example))| sentence(*kind, *count, example.as_deref())))
        .collect();
    if reasons.is_empty() {
        (Verdict::Complete, "read to its end".to_owned())
    } else {
        (Verdict::Inconsistent, reasons.join("; "))
    }
}

/// A finding as a person reads it.
fn sentence(kind: FindingKind, count: u64, example: Option<&str>) -> String {
    let what = match (kind, count) {
        (FindingKind::NotObjects, 1) => "row is not an object",
        (FindingKind::NotObjects, _) => "rows are not objects",
        (FindingKind::WithoutIdentity, 1) => "row has no identity",
        (FindingKind::WithoutIdentity, _) => "rows have no identity",
        (FindingKind::Duplicates, 1) => "key came more than once",
        (FindingKind::Duplicates, _) => "keys came more than once",
        (FindingKind::Dangling, 1) => "row names a row that does not exist",
        (FindingKind::Dangling, _) => "rows name rows that do not exist",
        (FindingKind::Missing, 1) => "row is missing that another listing names",
        (FindingKind::Missing, _) => "rows are missing that other listings name",
        (FindingKind::Shrunk, 1) => "row fewer than when it was last complete",
        (FindingKind::Shrunk, _) => "rows fewer than when it was last complete",
        (FindingKind::Unstable, 1) => "row is in one of two readings only",
        (FindingKind::Unstable, _) => "rows are in one of two readings only",
        (FindingKind::Changing, 1) => "row changed between two readings",
        (FindingKind::Changing, _) => "rows changed between two readings",
    };
    match example {
        Some(example) => format!("{count} {what}: {example}"),
        None => format!("{count} {what}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shrinking_beyond_share_and_number_is_not_allowed() {
        let thresholds = Thresholds::default();
        assert!(thresholds.allow(100, 100) && thresholds.allow(100, 500) && thresholds.allow(100, 80));
        assert!(!thresholds.allow(100, 79));
        assert!(thresholds.allow(12, 2));
        assert!(!thresholds.allow(12, 1));
        assert!(Thresholds::accept_shrinking().allow(1000, 0));
    }
}
