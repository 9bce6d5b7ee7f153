//! Both sides gone through in the order of their keys: cost grows with the number of rows, memory does not.

use std::cmp::Ordering;

use super::fields::{self, FieldChange};
use super::names;
use super::side::{Side, SideError};
use crate::plan::{LISTINGS, ListingKind};
use crate::store::{KeyedRow, ListingRecord, Rows, StoreError};
use crate::verdict::Verdict;

/// What is different about a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// It is new.
    Added,
    /// Some of its fields differ.
    Changed(Vec<FieldChange>),
    /// It is gone, and the new listing was complete.
    Removed,
    /// It did not come, and the new listing was not complete: nothing follows from that.
    NotSeen,
}

impl Change {
    /// Its name in reports.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed(_) => "changed",
            Self::Removed => "removed",
            Self::NotSeen => "not_seen",
        }
    }
}

/// How many rows of a listing differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListingDiff {
    /// What its rows are called.
    pub label: String,
    /// Keyed rows before.
    pub before: u64,
    /// Keyed rows now.
    pub now: u64,
    /// Rows that are new.
    pub added: u64,
    /// Rows of which a field differs.
    pub changed: u64,
    /// Rows that are gone.
    pub removed: u64,
    /// Rows that did not come, of which nothing is known.
    pub not_seen: u64,
    /// Why nothing can be said to be gone; `None` for a complete listing.
    pub doubt: Option<String>,
}

/// A row that differs, while it is reported.
#[derive(Clone, Debug)]
pub struct ChangedRow<'a> {
    /// The listing.
    pub label: &'a str,
    /// The row's identity.
    pub key: &'a str,
    /// What people call it; empty when it has no name.
    pub name: &'a str,
    /// What is different.
    pub change: &'a Change,
}

/// Compares every listing that both sides have, and calls `each` with every row that differs.
///
/// # Errors
/// When a store cannot be read, and that of `each`.
pub fn diff(
    old: &Side,
    new: &Side,
    mut each: impl FnMut(&ChangedRow<'_>) -> Result<(), SideError>,
) -> Result<Vec<ListingDiff>, SideError> {
    let mut listings = Vec::new();
    for kind in LISTINGS {
        let capability = kind.capability.as_str();
        let (Some(before), Some(now)) = (old.listing(capability), new.listing(capability)) else { continue };
        listings.push(Merge::new(kind, (old, before), (new, now)).run(&mut each)?);
    }
    Ok(listings)
}

struct Merge<'a> {
    kind: &'static ListingKind,
    old: (&'a Side, &'a ListingRecord),
    new: (&'a Side, &'a ListingRecord),
    found: ListingDiff,
}

impl<'a> Merge<'a> {
    fn new(
        kind: &'static ListingKind,
        old: (&'a Side, &'a ListingRecord),
        new: (&'a Side, &'a ListingRecord),
    ) -> Self {
        let doubt = match new.1.verdict {
            Some(Verdict::Complete) => None,
            _ => Some(new.1.reason.clone().unwrap_or_else(|| "it has no verdict".to_owned())),
        };
        let found = ListingDiff { label: kind.label.to_owned(), doubt, ..ListingDiff::default() };
        Self { kind, old, new, found }
    }

    fn run(
        mut self,
        each: &mut impl FnMut(&ChangedRow<'_>) -> Result<(), SideError>,
    ) -> Result<ListingDiff, SideError> {
        let mut before = Keys::new(self.old.0.store.rows(self.old.1.id))?;
        let mut now = Keys::new(self.new.0.store.rows(self.new.1.id))?;
        loop {
            let order = match (before.row(), now.row()) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(before), Some(now)) => before.key.cmp(now.key),
            };
            match (order, before.row(), now.row()) {
                (Ordering::Less, Some(row), _) => {
                    let change = if self.found.doubt.is_none() { Change::Removed } else { Change::NotSeen };
                    let data = self.old.0.store.row_data(self.old.1.id, row.place)?;
                    self.report(self.old.0, row, &data, &change, each)?;
                }
                (Ordering::Greater, _, Some(row)) => {
                    let data = self.new.0.store.row_data(self.new.1.id, row.place)?;
                    self.report(self.new.0, row, &data, &Change::Added, each)?;
                }
                (Ordering::Equal, Some(one), Some(other)) if one.digest != other.digest => {
                    let old_data = self.old.0.store.row_data(self.old.1.id, one.place)?;
                    let new_data = self.new.0.store.row_data(self.new.1.id, other.place)?;
                    let fields = fields::compare(&old_data, &new_data);
                    if !fields.is_empty() {
                        self.report(self.new.0, other, &new_data, &Change::Changed(fields), each)?;
                    }
                }
                _ => {}
            }
            if order != Ordering::Greater {
                before.advance()?;
            }
            if order != Ordering::Less {
                now.advance()?;
            }
        }
        self.found.before = before.count;
        self.found.now = now.count;
        Ok(self.found)
    }

    fn report(
        &mut self,
        side: &Side,
        row: KeyedRow<'_>,
        data: &str,
        change: &Change,
        each: &mut impl FnMut(&ChangedRow<'_>) -> Result<(), SideError>,
    ) -> Result<(), SideError> {
        match change {
            Change::Added => self.found.added += 1,
            Change::Changed(_) => self.found.changed += 1,
            Change::Removed => self.found.removed += 1,
            Change::NotSeen => self.found.not_seen += 1,
        }
        let name = names::name_of(side, self.kind, row.key, data)?;
        each(&ChangedRow { label: self.kind.label, key: row.key, name: &name, change })
    }
}

/// The rows of one side, each key once: of rows with the same key the first counts.
struct Keys<'a> {
    rows: Rows<'a>,
    key: String,
    /// Digest and place of the row; `None` after the last.
    rest: Option<(i64, i64)>,
    count: u64,
}

impl<'a> Keys<'a> {
    fn new(rows: Rows<'a>) -> Result<Self, StoreError> {
        let mut keys = Self { rows, key: String::new(), rest: None, count: 0 };
        keys.advance()?;
        Ok(keys)
    }

    fn row(&self) -> Option<KeyedRow<'_>> {
        self.rest.map(|(digest, place)| KeyedRow { key: &self.key, digest, place })
    }

    fn advance(&mut self) -> Result<(), StoreError> {
        loop {
            let Some(next) = self.rows.next_row()? else {
                self.rest = None;
                return Ok(());
            };
            if self.rest.is_some() && next.key == self.key {
                continue;
            }
            self.count += 1;
            self.rest = Some((next.digest, next.place));
            self.key.clear();
            self.key.push_str(next.key);
            return Ok(());
        }
    }
}
