//! Two readings of one listing compared: what only one of them has was lost, or changed meanwhile.

use std::cmp::Ordering;

use super::judge::Findings;
use crate::store::{FindingKind, ListingRecord, Store, StoreError};

pub(super) fn compare(
    store: &Store,
    listings: &[ListingRecord],
    found: &mut Findings,
) -> Result<(), StoreError> {
    for first in listings.iter().filter(|listing| listing.reading == 1 && listing.cut.is_none()) {
        let again = |other: &&ListingRecord| other.reading == 2 && other.capability == first.capability;
        let Some(second) = listings.iter().find(again).filter(|second| second.cut.is_none()) else {
            continue;
        };
        compare_two(store, first, second, found)?;
    }
    Ok(())
}

fn compare_two(
    store: &Store,
    first: &ListingRecord,
    second: &ListingRecord,
    found: &mut Findings,
) -> Result<(), StoreError> {
    let (mut left_rows, mut right_rows) = (store.rows(first.id), store.rows(second.id));
    let (mut left, mut right) = (left_rows.next_row()?, right_rows.next_row()?);
    let mut find = |kind, key: &str| {
        let finding = found.entry((first.id, kind)).or_default();
        finding.0 += 1;
        finding.1.get_or_insert_with(|| key.to_owned());
    };
    loop {
        let order = match (&left, &right) {
            (None, None) => return Ok(()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(left), Some(right)) => left.key.cmp(right.key),
        };
        match (order, &left, &right) {
            (Ordering::Less, Some(row), _) | (Ordering::Greater, _, Some(row)) => {
                find(FindingKind::Unstable, row.key);
            }
            (_, Some(one), Some(other)) if one.digest != other.digest => {
                find(FindingKind::Changing, one.key);
            }
            _ => {}
        }
        if order != Ordering::Greater {
            left = left_rows.next_row()?;
        }
        if order != Ordering::Less {
            right = right_rows.next_row()?;
        }
    }
}
