//! Rows that name rows of other listings: a name that leads nowhere says that one of the two is not whole.

use std::collections::HashSet;

use super::duplicates::{Repeats, report};
use super::judge::Findings;
use crate::plan::Reference;
use crate::row::identity;
use crate::store::{FindingKind, ListingRecord, ROWS_AHEAD, Rows, Store, StoreError};

/// Keys that were looked up with success and need not be again; forgotten when there are more.
const REMEMBERED: usize = 16 * 1024;

/// A listing whose rows are named.
struct Target<'a> {
    listing: &'a ListingRecord,
    rows: Rows<'a>,
    /// Whether its keys are gone through beside the rows that name them, which costs a comparison for each. Otherwise
    /// each is looked up: rows name them in no order, and they are too many to be at hand.
    is_beside: bool,
}

impl<'a> Target<'a> {
    fn new(store: &'a Store, reference: &Reference, listing: &'a ListingRecord) -> Self {
        // Rows come in the order of their keys, and with it in that of the first field.
        let is_beside = reference.fields.first() == Some(&0) || listing.rows < ROWS_AHEAD as u64;
        Self { listing, rows: store.rows(listing.id), is_beside }
    }
}

/// Looks every reference up whose target was read to its end in this sync. Returns the listings that were gone through
/// for it, whose repeated keys were counted on the way.
pub(super) fn check(
    store: &Store,
    listings: &[ListingRecord],
    found: &mut Findings,
) -> Result<HashSet<i64>, StoreError> {
    let mut gone_through = HashSet::new();
    for listing in listings.iter().filter(|listing| listing.reading == 1) {
        let Some(kind) = listing.kind() else { continue };
        let mut checks = Vec::new();
        for reference in kind.references {
            let named =
                |label: &&&str| listings.iter().find(|target| target.reading == 1 && target.label == **label);
            let targets: Vec<&ListingRecord> =
                reference.to.iter().filter_map(|label| named(&label)).collect();
            // Where a target was not read, or not to its end, nothing can be said.
            if !targets.is_empty() && targets.iter().all(|target| target.cut.is_none()) {
                let targets = targets.into_iter().map(|target| Target::new(store, reference, target));
                let targets = targets.collect();
                checks.push(Check { reference, targets, remembered: HashSet::new(), last: String::new() });
            }
        }
        if !checks.is_empty() {
            go_through(store, listing, kind.identity.len(), &mut checks, found)?;
            gone_through.insert(listing.id);
        }
    }
    Ok(gone_through)
}

struct Check<'a> {
    reference: &'a Reference,
    targets: Vec<Target<'a>>,
    remembered: HashSet<String>,
    /// The key that was looked up last with success: rows that follow each other often name the same.
    last: String,
}

fn go_through(
    store: &Store,
    listing: &ListingRecord,
    fields: usize,
    checks: &mut [Check<'_>],
    found: &mut Findings,
) -> Result<(), StoreError> {
    let mut rows = store.rows(listing.id);
    let mut wanted = String::new();
    let mut repeats = Repeats::default();
    while let Some(row) = rows.next_row()? {
        repeats.see(row.key);
        let Some(parts) = identity::split(fields, row.key) else { continue };
        for check in checks.iter_mut() {
            let values =
                || check.reference.fields.iter().map(|&field| parts.get(field).map_or("", |part| part));
            if values().all(str::is_empty) {
                continue;
            }
            identity::join(values(), &mut wanted);
            if check.exists(store, &wanted)? {
                continue;
            }
            let labels = check.reference.to.join(" or ");
            let dangling = found.entry((listing.id, FindingKind::Dangling)).or_default();
            dangling.0 += 1;
            dangling.1.get_or_insert_with(|| format!("{wanted} is not in {labels}"));
            for target in &check.targets {
                let missing = found.entry((target.listing.id, FindingKind::Missing)).or_default();
                missing.0 += 1;
                missing.1.get_or_insert_with(|| format!("{wanted}, named by {}", listing.label));
            }
        }
    }
    report(store, listing.id, repeats.found(), found)
}

impl Check<'_> {
    fn exists(&mut self, store: &Store, key: &str) -> Result<bool, StoreError> {
        if self.last == key || self.remembered.contains(key) {
            return Ok(true);
        }
        for target in &mut self.targets {
            if target.is_beside {
                if target.rows.contains(key)? {
                    key.clone_into(&mut self.last);
                    return Ok(true);
                }
            } else if store.has_key(target.listing.id, key)? {
                if self.remembered.len() >= REMEMBERED {
                    self.remembered.clear();
                }
                self.remembered.insert(key.to_owned());
                key.clone_into(&mut self.last);
                return Ok(true);
            }
        }
        Ok(false)
    }
}
