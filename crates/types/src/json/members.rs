//! The members of an object that count: of duplicate keys the last (contract §2).

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

use super::document::Document;
use super::lexis::Quoted;
use super::scan::small;

/// Objects of up to this many members are searched pairwise for duplicates.
const SMALL_OBJECT: usize = 8;

/// A walk over the members of one object.
#[derive(Debug)]
pub(super) struct Members {
    /// The place of the next member.
    at: usize,
    /// The places of members that come again, in ascending order; empty for nearly every object.
    overwritten: Vec<u32>,
}

impl Members {
    /// The members of the object at a place.
    pub(super) fn of(document: &Document<'_>, object: usize) -> Self {
        let first = document.enter(object);
        Self { at: first, overwritten: overwritten(document, first) }
    }

    /// The next member that counts: its key, and the place of its value. Call [`Members::go_on`] before the next one.
    pub(super) fn next<'j>(&mut self, document: &Document<'j>) -> Option<(Quoted<'j>, usize)> {
        loop {
            let (key, value) = document.member(self.at)?;
            if self.overwritten.is_empty() || self.overwritten.binary_search(&small(self.at)).is_err() {
                return Some((key, value));
            }
            self.go_on(document, document.skip(value));
        }
    }

    /// On to the next member, from the end of a value.
    pub(super) fn go_on(&mut self, document: &Document<'_>, end: usize) {
        self.at = document.next(end);
    }

    /// The place after the object, once all members have been taken.
    pub(super) fn end(&self) -> usize {
        self.at + 1
    }
}

/// The places of the members from here on whose key comes again.
fn overwritten(document: &Document<'_>, first: usize) -> Vec<u32> {
    let mut few = [0; SMALL_OBJECT];
    let mut count = 0;
    let mut overwritten = Vec::new();
    let mut many: Option<Keys<'_, '_>> = None;
    let mut at = first;
    while let Some((key, value)) = document.member(at) {
        let earlier = match &mut many {
            Some(many) => many.insert(at),
            None if count < few.len() => {
                let earlier = few[..count].iter_mut().find(|other| is_same(document, **other, key));
                let earlier = earlier.map(|other| std::mem::replace(other, at));
                if earlier.is_none() {
                    few[count] = at;
                    count += 1;
                }
                earlier
            }
            None => {
                let all = many.insert(Keys::new(document));
                for other in few {
                    all.insert(other);
                }
                all.insert(at)
            }
        };
        overwritten.extend(earlier.map(small));
        at = document.next(document.skip(value));
    }
    overwritten.sort_unstable();
    overwritten
}

/// Whether the key at a place is this one.
fn is_same(document: &Document<'_>, at: usize, key: Quoted<'_>) -> bool {
    let (other, _) = document.quoted(at);
    match (other.plain(), key.plain()) {
        (Some(other), Some(key)) => other == key,
        _ => other.text() == key.text(),
    }
}

/// The keys of a large object, by the places where they stand.
struct Keys<'a, 'j> {
    document: &'a Document<'j>,
    places: HashTable<u32>,
    /// Keyed anew for each object, so that nobody can prepare keys that collide.
    hasher: RandomState,
}

impl<'a, 'j> Keys<'a, 'j> {
    fn new(document: &'a Document<'j>) -> Self {
        Self { document, places: HashTable::new(), hasher: RandomState::new() }
    }

    /// Notes the key at a place; the earlier place of the same key, if there was one.
    fn insert(&mut self, at: usize) -> Option<usize> {
        let document = self.document;
        let (key, _) = document.quoted(at);
        let hash = |place: usize| self.hasher.hash_one(document.quoted(place).0.text().as_ref());
        let is_same = |place: &u32| is_same(document, *place as usize, key);
        match self.places.entry(hash(at), is_same, |place| hash(*place as usize)) {
            hashbrown::hash_table::Entry::Occupied(mut entry) => {
                Some(std::mem::replace(entry.get_mut(), small(at)) as usize)
            }
            hashbrown::hash_table::Entry::Vacant(entry) => {
                entry.insert(small(at));
                None
            }
        }
    }
}
