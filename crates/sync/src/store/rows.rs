//! The rows of a listing in the order of their keys, a few at a time: memory does not grow with their number.

use std::cmp::Ordering;

use serde::Deserialize;

use super::error::StoreError;
use super::open::Store;
use super::value::values;

/// A row by its key, without its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyedRow<'a> {
    /// Its identity.
    pub key: &'a str,
    /// Hash of its text.
    pub digest: i64,
    /// Where it is: for [`Store::row_data`].
    pub place: i64,
}

/// Goes through the keyed rows of an indexed listing in the order of their keys.
#[derive(Debug)]
pub struct Rows<'a> {
    store: &'a Store,
    listing: i64,
    chunk: Chunk,
    /// The place in the chunk of the next row.
    at: usize,
    /// Whether no row comes after those of the chunk.
    is_done: bool,
}

/// Rows that follow each other, their keys in one text.
#[derive(Debug, Default)]
struct Chunk {
    keys: String,
    /// The end of the key in the text, the digest and the place of each row.
    rows: Vec<(usize, i64, i64)>,
}

/// Rows that are fetched at a time.
pub(crate) const CHUNK: usize = 4096;
/// Rows that are looked at one after the other before a key is searched for by halves.
const NEARBY: usize = 8;

impl Chunk {
    fn row(&self, at: usize) -> Option<KeyedRow<'_>> {
        let &(end, digest, place) = self.rows.get(at)?;
        let start = at.checked_sub(1).map_or(0, |before| self.rows[before].0);
        Some(KeyedRow { key: &self.keys[start..end], digest, place })
    }

    fn key(&self, at: usize) -> &str {
        self.row(at).map_or("", |row| row.key)
    }

    fn last(&self) -> Option<KeyedRow<'_>> {
        self.row(self.rows.len().checked_sub(1)?)
    }
}

impl Rows<'_> {
    /// The next row; `None` after the last.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn next_row(&mut self) -> Result<Option<KeyedRow<'_>>, StoreError> {
        if self.at == self.chunk.rows.len() && !self.is_done {
            self.fetch()?;
        }
        let row = self.chunk.row(self.at);
        self.at += usize::from(row.is_some());
        Ok(row)
    }

    /// Whether there is a row with that key. Keys that are asked for in ascending order cost one way through the
    /// listing at the most, one that stands before those that were fetched last costs a look-up of its own.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn contains(&mut self, key: &str) -> Result<bool, StoreError> {
        let reaches_back = self.chunk.row(0).is_some_and(|first| first.key <= key);
        if !reaches_back && (self.is_done || !self.chunk.rows.is_empty()) {
            return self.store.has_key(self.listing, key);
        }
        let is_beyond = self.chunk.last().is_none_or(|last| last.key < key);
        if is_beyond {
            if self.is_done {
                return Ok(false);
            }
            self.fetch_from(key)?;
        }
        let end = self.chunk.rows.len();
        let behind = self.at < end && self.chunk.key(self.at) <= key;
        let mut place = if behind { self.at } else { 0 };
        let near = end.min(place + NEARBY);
        while place < near {
            match self.chunk.key(place).cmp(key) {
                Ordering::Less => place += 1,
                Ordering::Equal => {
                    self.at = place;
                    return Ok(true);
                }
                Ordering::Greater => return Ok(false),
            }
        }
        let (mut low, mut high) = (place, end);
        while low < high {
            let middle = low.midpoint(high);
            if self.chunk.key(middle) < key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        self.at = low.min(end);
        Ok(self.chunk.row(low).is_some_and(|row| row.key == key))
    }

    /// Fetches the rows after those of the chunk.
    fn fetch(&mut self) -> Result<(), StoreError> {
        let last = self.chunk.last().map(|last| (last.key.to_owned(), last.digest, last.place));
        let bound = if last.is_some() { "(key, digest, rowid) > (?1, ?2, ?3)" } else { "key IS NOT NULL" };
        self.fetch_where(bound, last.as_ref().map(|(key, digest, place)| (key.as_str(), *digest, *place)))
    }

    /// Fetches the rows from the first with that key or a later one on.
    fn fetch_from(&mut self, key: &str) -> Result<(), StoreError> {
        self.fetch_where("(key, digest, rowid) >= (?1, ?2, ?3)", Some((key, i64::MIN, 0)))
    }

    fn fetch_where(&mut self, bound: &str, from: Option<(&str, i64, i64)>) -> Result<(), StoreError> {
        let (listing, chunk) = (self.listing, &mut self.chunk);
        chunk.keys.clear();
        chunk.rows.clear();
        self.at = 0;
        self.store.with(|session| {
            let query = format!(
                "SELECT key, digest, rowid FROM rows_{listing} WHERE {bound} ORDER BY key, digest, rowid LIMIT {CHUNK}"
            );
            let mut each = |key: &str, digest, place| {
                chunk.keys.push_str(key);
                chunk.rows.push((chunk.keys.len(), digest, place));
            };
            match from {
                Some((key, digest, place)) => session.keys(&query, values![key, digest, place], &mut each),
                None => session.keys(&query, values![], &mut each),
            }
        })?;
        self.is_done = self.chunk.rows.len() < CHUNK;
        Ok(())
    }
}

#[derive(Deserialize)]
struct Attribute {
    customized_type: String,
    name: String,
}

impl Store {
    /// The keyed rows of an indexed listing in the order of their keys.
    #[must_use]
    pub fn rows(&self, listing: i64) -> Rows<'_> {
        Rows { store: self, listing, chunk: Chunk::default(), at: 0, is_done: false }
    }

    /// The text of a row.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn row_data(&self, listing: i64, place: i64) -> Result<String, StoreError> {
        self.with(|session| {
            let query = format!("SELECT data FROM rows_{listing} WHERE rowid = ?1");
            session.query_row(&query, values![place])?.take(0)
        })
    }

    /// The text of a row with that key, of an indexed listing.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn row_of_key(&self, listing: i64, key: &str) -> Result<Option<String>, StoreError> {
        self.with(|session| {
            let query = format!("SELECT data FROM rows_{listing} WHERE key = ?1 LIMIT 1");
            session.query_first(&query, values![key])?.map(|mut row| row.take(0)).transpose()
        })
    }

    /// Whether an indexed listing has a row with that key.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn has_key(&self, listing: i64, key: &str) -> Result<bool, StoreError> {
        self.with(|session| {
            let query = format!("SELECT EXISTS (SELECT 1 FROM rows_{listing} WHERE key = ?1)");
            session.query_row(&query, values![key])?.take(0)
        })
    }

    /// Kind and name of each custom attribute in a listing of them.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn custom_attributes(&self, listing: i64) -> Result<Vec<(String, String)>, StoreError> {
        let mut attributes = Vec::new();
        self.for_each_row(listing, |row| {
            if let Ok(attribute) = serde_json::from_str::<Attribute>(row) {
                attributes.push((attribute.customized_type, attribute.name));
            }
            Ok::<(), StoreError>(())
        })?;
        Ok(attributes)
    }

    /// Calls `each` with the text of every row, those without a key too, in the order in which they came.
    ///
    /// # Errors
    /// When the store cannot be read, and that of `each`.
    pub fn for_each_row<E: From<StoreError>>(
        &self,
        listing: i64,
        mut each: impl FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut after = 0;
        loop {
            let chunk: Vec<(i64, String)> = self.with(|session| {
                let query = format!(
                    "SELECT rowid, data FROM rows_{listing} WHERE rowid > ?1 ORDER BY rowid LIMIT 1024"
                );
                let rows = session.query(&query, values![after])?.into_iter();
                rows.map(|mut row| Ok((row.take(0)?, row.take(1)?))).collect()
            })?;
            let Some(&(last, _)) = chunk.last() else { return Ok(()) };
            after = last;
            for (_, data) in &chunk {
                each(data)?;
            }
        }
    }
}
