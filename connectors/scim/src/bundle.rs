//! Resources that each bring several rows to a listing, and pages that end in the middle of one.
//!
//! The SDK's batches count the rows that were given. Here the key of the last one is kept: members of a group come and
//! go, and its order is the service's whim.

use lumos_connector::prelude::*;

use crate::walk::{Row, WalkCursor, WalkPage, count};

/// What one resource brings to a listing: its items, in the order of their keys, each once.
pub(crate) struct Bundle<T> {
    pub(crate) id: String,
    items: Vec<T>,
}

/// Something with a key by which a listing goes on after it.
pub(crate) trait Keyed {
    /// The key, unique within the resource that brings it.
    fn key(&self) -> &str;
}

impl Keyed for String {
    fn key(&self) -> &str {
        self
    }
}

/// A page ended inside a resource.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Cut {
    /// The resource.
    within: String,
    /// The key of the last of its items that was given.
    after: String,
}

impl<T: Keyed> Bundle<T> {
    pub(crate) fn new(id: String, mut items: Vec<T>) -> Self {
        items.sort_unstable_by(|one, other| one.key().cmp(other.key()));
        items.dedup_by(|one, other| one.key() == other.key());
        Self { id, items }
    }
}

impl<T> Row for Bundle<T> {
    fn id(&self) -> &str {
        &self.id
    }
}

/// As many rows of a stretch as a page has, and where the listing goes on: `None` when the walk is over.
///
/// `row` makes the row of an item, or none when there is nothing to tell. The next stretch has as many resources as this
/// one showed to fill a page.
pub(crate) fn page<T: Keyed, R>(
    stretch: &WalkPage<Bundle<T>>,
    cut: Option<&Cut>,
    size: usize,
    mut row: impl FnMut(&str, &T) -> Option<R>,
) -> (Vec<R>, Option<(WalkCursor, Option<Cut>)>) {
    let mut rows = Vec::new();
    for (number, Bundle { id, items }) in stretch.rows.iter().enumerate() {
        let given = match cut {
            Some(cut) if cut.within == *id => items.partition_point(|item| *item.key() <= *cut.after),
            _ => 0,
        };
        for (place, item) in items.iter().enumerate().skip(given) {
            if rows.len() == size {
                let last = place.checked_sub(1).map(|last| items[last].key().to_owned());
                let cut = last.map(|after| Cut { within: id.clone(), after });
                return (rows, Some((stretch.before(number).sized(count(number).max(1)), cut)));
            }
            rows.extend(row(id, item));
        }
    }
    let next = stretch.next.clone().map(|place| {
        let fills_half = rows.len() * 2 > size;
        let resources =
            if fills_half { place.size() } else { place.size().saturating_mul(2).min(count(size)) };
        (place.sized(resources), None)
    });
    (rows, next)
}
