//! The rows of a listing in the order of their keys, a few at a time: memory does not grow with their number.

use std::collections::VecDeque;

use serde::Deserialize;

use super::error::StoreError;
use super::open::Store;
use super::value::values;

/// A row by its key, without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedRow {
    /// Its identity.
    pub key: String,
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
    ahead: VecDeque<KeyedRow>,
    last: Option<KeyedRow>,
    is_done: bool,
}

/// Rows that are fetched at a time.
const CHUNK: usize = 4096;

impl Rows<'_> {
    /// The next row; `None` after the last.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn next_row(&mut self) -> Result<Option<KeyedRow>, StoreError> {
        if self.ahead.is_empty() && !self.is_done {
            self.fetch()?;
        }
        Ok(self.ahead.pop_front())
    }

    fn fetch(&mut self) -> Result<(), StoreError> {
        let (listing, last, ahead) = (self.listing, self.last.take(), &mut self.ahead);
        self.store.with(|session| {
            let bound = if last.is_some() { "(key, digest, rowid) > (?1, ?2, ?3)" } else { "key IS NOT NULL" };
            let query = format!(
                "SELECT key, digest, rowid FROM rows_{listing} WHERE {bound} ORDER BY key, digest, rowid LIMIT {CHUNK}"
            );
            let rows = match &last {
                Some(last) => session.query(&query, values![&last.key, last.digest, last.place])?,
                None => session.query(&query, values![])?,
            };
            for mut row in rows {
                ahead.push_back(KeyedRow { key: row.take(0)?, digest: row.take(1)?, place: row.take(2)? });
            }
            Ok(())
        })?;
        self.is_done = self.ahead.len() < CHUNK;
        self.last = self.ahead.back().cloned();
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
        Rows { store: self, listing, ahead: VecDeque::new(), last: None, is_done: false }
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
