//! Keys that came more than once.

use std::collections::HashSet;

use super::judge::Findings;
use crate::store::{FindingKind, ListingRecord, RepeatedKeys, Store, StoreError};

/// Counts repeated keys among those that are seen, in their order.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    last: String,
    /// How often the last key was seen; 0 before the first.
    times: u64,
    found: RepeatedKeys,
}

impl Repeats {
    pub(super) fn see(&mut self, key: &str) {
        if self.times == 0 || self.last != key {
            key.clone_into(&mut self.last);
            self.times = 1;
            return;
        }
        self.times += 1;
        if self.times == 2 {
            self.found.keys += 1;
            self.found.rows += 1;
            self.found.first.get_or_insert_with(|| key.to_owned());
        }
        self.found.rows += 1;
    }

    pub(super) fn found(self) -> RepeatedKeys {
        self.found
    }
}

/// Counts those of all listings but the ones whose keys were seen already.
pub(super) fn count(
    store: &Store,
    listings: &[ListingRecord],
    seen: &HashSet<i64>,
    found: &mut Findings,
) -> Result<(), StoreError> {
    for listing in listings.iter().filter(|listing| !seen.contains(&listing.id)) {
        report(store, listing.id, store.repeated_keys(listing.id)?, found)?;
    }
    Ok(())
}

/// Notes repeated keys as a finding, with the first of them and where it came.
pub(super) fn report(
    store: &Store,
    listing: i64,
    repeated: RepeatedKeys,
    found: &mut Findings,
) -> Result<(), StoreError> {
    let Some(first) = repeated.first else { return Ok(()) };
    let of_pages =
        if store.pages_of_key(listing, &first)? > 1 { "on different pages" } else { "on one page" };
    let example = format!("{first} {of_pages} ({} rows in all)", repeated.rows);
    found.insert((listing, FindingKind::Duplicates), (repeated.keys, Some(example)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_rows_are_counted_once_for_each() {
        let mut repeats = Repeats::default();
        ["", "a", "b", "b", "c", "d", "d", "d"].into_iter().for_each(|key| repeats.see(key));
        assert_eq!(repeats.found(), RepeatedKeys { keys: 2, rows: 5, first: Some("b".to_owned()) });
    }
}
