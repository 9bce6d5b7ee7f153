//! Listings of items that bring several rows each: users with their roles, groups with their members.

use std::collections::HashSet;
use std::future::Future;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};

use super::batches::{Batch, advanced};
use super::page::Listing;
use crate::call::reply::Reply;
use crate::declaration::error::Result;

/// Keys of rows given before that a page token remembers, of rows that [several items bring](Expanded::shared): 9 bytes
/// each. Beyond that such a row may be given twice; none is left out.
const REMEMBERED: usize = 2_000;

/// An item of the app and the rows that it brings, each with a key: a user with its roles, say.
#[derive(Debug, Clone)]
pub struct Expanded<T> {
    id: String,
    rows: Vec<(String, T)>,
    shared: bool,
}

impl<T> Expanded<T> {
    /// An item with an id and its rows, each with a key that no other row of the item has. Rows with a key that came
    /// before are dropped, and the rows are put in the order of their keys.
    pub fn new(id: impl Into<String>, rows: impl IntoIterator<Item = (String, T)>) -> Self {
        let mut rows: Vec<_> = rows.into_iter().collect();
        rows.sort_by(|(one, _), (other, _)| one.cmp(other));
        rows.dedup_by(|(one, _), (other, _)| one == other);
        Self { id: id.into(), rows, shared: false }
    }

    /// Says that other items may bring the same rows, with the same keys. Each is given once: the page token remembers the
    /// keys of up to 2,000 of them; beyond that a row may be given again, and none is left out.
    #[must_use]
    pub fn shared(self) -> Self {
        Self { shared: true, ..self }
    }

    /// How many rows the item brings.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether the item brings no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// The position of a page that may start inside an item.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "tests of connectors write it")]
pub struct InItem<C> {
    /// The cursor of a batch.
    pub at: C,
    /// The item in the batch that the page starts with; `None` for the first.
    pub item: Option<String>,
    /// The key of the item's last row that was shown; `None` when none was.
    pub after: Option<String>,
    /// Hashes of the keys of [shared](Expanded::shared) rows that were shown.
    pub seen: Vec<i64>,
}

impl<C: Serialize + Clone + Default> Listing<InItem<C>> {
    /// The answer with the rows of this page, which items of the app bring, from as many batches of items as it takes, up
    /// to [`max_batches`](Self::max_batches).
    ///
    /// A page may end inside an item. The next one goes on after the key of the last row: rows that come and go in
    /// between neither hide nor repeat others. When the item itself is gone, the page starts at the front of its batch,
    /// and rows may be given twice rather than left out.
    ///
    /// ```
    /// use lumos_connector_core::error::Result;
    /// use lumos_connector_core::listing::{Batch, Expanded, Offset, PageSizes};
    /// use lumos_connector_core::page::PageRequest;
    ///
    /// const SIZES: PageSizes = PageSizes { default: 3, max: 100 };
    ///
    /// /// Two users at a time, with two roles each; there are three users.
    /// async fn roles(at: Offset) -> Result<Batch<Expanded<String>, Offset>> {
    ///     let users: Vec<_> = (at.offset..3).take(2).collect();
    ///     let roles = |user: &u64| ["reader", "writer"].map(|role| (role.to_owned(), format!("{user} {role}")));
    ///     let items = users.iter().map(|user| Expanded::new(user.to_string(), roles(user))).collect();
    ///     Ok(Batch::new(items, at.next_of_total(users.len(), 3)?))
    /// }
    ///
    /// # futures_util::FutureExt::now_or_never(async {
    /// let page = PageRequest::new("list_roles");
    /// let reply = page.listing(SIZES)?.expand(roles).await?;
    /// assert_eq!(reply.payload, ["0 reader", "0 writer", "1 reader"]);
    /// let reply = page.with_page(reply.page.unwrap()).listing(SIZES)?.expand(roles).await?;
    /// assert_eq!(reply.payload, ["1 writer", "2 reader", "2 writer"]);
    /// assert_eq!(reply.page.unwrap().token, None);
    /// # Ok::<_, lumos_connector_core::error::ConnectorError>(())
    /// # }).unwrap().unwrap();
    /// ```
    ///
    /// # Errors
    /// What `fetch` fails with; a [`PagingError`](super::PagingError) when a batch leads to itself.
    pub async fn expand<T, F, Fut>(self, mut fetch: F) -> Result<Reply<Vec<T>>>
    where
        F: FnMut(C) -> Fut,
        Fut: Future<Output = Result<Batch<Expanded<T>, C>>>,
    {
        let mut position = self.position();
        let mut seen: HashSet<i64> = position.seen.iter().copied().collect();
        let mut shown = Vec::new();
        for _ in 0..self.max_batches {
            let Batch { rows: items, next, starts } = fetch(position.at.clone()).await?;
            let start = items.iter().position(|item| Some(&item.id) == position.item.as_ref());
            let first = start.unwrap_or(0);
            let mut starts = starts.into_iter().skip(first);
            for (number, item) in items.into_iter().enumerate().skip(first) {
                let from = starts.next();
                let mut after = if start == Some(number) { position.after.take() } else { None };
                for (key, row) in item.rows {
                    if after.as_ref().is_some_and(|after| key <= *after) {
                        continue;
                    }
                    let hash = item.shared.then(|| hash_of(&key));
                    if hash.is_some_and(|hash| seen.contains(&hash)) {
                        continue;
                    }
                    if shown.len() == self.size() {
                        let at = from.unwrap_or(position.at);
                        let position = InItem { at, item: Some(item.id), after, seen: position.seen };
                        return self.next_page(shown, Some(position));
                    }
                    if let Some(hash) = hash.filter(|_| seen.len() < REMEMBERED) {
                        seen.insert(hash);
                        position.seen.push(hash);
                    }
                    shown.push(row);
                    after = Some(key);
                }
            }
            let Some(next) = next else { return self.next_page(shown, None) };
            let at = advanced(&position.at, next)?;
            position = InItem { at, item: None, after: None, seen: position.seen };
            if shown.len() == self.size() {
                break;
            }
        }
        self.next_page(shown, Some(position))
    }
}

fn hash_of(key: &str) -> i64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish().cast_signed()
}

#[cfg(test)]
mod tests {
    use super::super::cursors::Offset;
    use super::super::page::PageSizes;
    use super::*;
    use crate::call::page::PageRequest;
    use futures_util::FutureExt;
    use proptest::prelude::*;

    const SIZES: PageSizes = PageSizes { default: 4, max: 1000 };

    type Items = Vec<(String, Vec<String>)>;

    fn batch(
        items: &Items,
        at: Offset,
        size: usize,
        with_starts: bool,
        shared: bool,
    ) -> Batch<Expanded<String>, Offset> {
        let first = usize::try_from(at.offset).unwrap();
        let here = items.iter().skip(first).take(size);
        let expanded = |(id, rows): &(String, Vec<String>)| {
            let prefix = if shared { String::new() } else { format!("{id} ") };
            let rows = rows.iter().rev().map(|row| (row.clone(), format!("{prefix}{row}")));
            let item = Expanded::new(id.as_str(), rows);
            if shared { item.shared() } else { item }
        };
        let rows: Vec<_> = here.map(expanded).collect();
        let starts = (0..rows.len())
            .map(|row| Offset { offset: (first + row) as u64 })
            .filter(|_| with_starts)
            .collect();
        let next = at.next_of_total(rows.len(), items.len() as u64).unwrap();
        Batch::new(rows, next).starts(starts)
    }

    /// Reads all items to the end; `between` changes them after each page.
    fn walk(
        mut items: Items,
        size: i64,
        (batch_size, with_starts, shared): (usize, bool, bool),
        mut between: impl FnMut(&mut Items, usize),
    ) -> Vec<String> {
        let mut seen = Vec::new();
        let mut page = PageRequest { size: Some(size), ..PageRequest::new("test") };
        for number in 0.. {
            let listing = page.listing(SIZES).unwrap();
            let fetch = |at| std::future::ready(Ok(batch(&items, at, batch_size, with_starts, shared)));
            let reply = listing.expand(fetch).now_or_never().unwrap().unwrap();
            assert!(reply.payload.len() as i64 <= size);
            seen.extend(reply.payload);
            page = page.with_page(reply.page.unwrap());
            if page.token.is_none() {
                break;
            }
            between(&mut items, number);
        }
        seen
    }

    fn items(lengths: &[usize]) -> Items {
        let rows = |length: usize| (0..length).map(|row| format!("{row:02}")).collect();
        lengths.iter().enumerate().map(|(number, length)| (format!("i{number}"), rows(*length))).collect()
    }

    proptest! {
        #[test]
        fn no_row_is_lost_or_repeated(
            lengths in prop::collection::vec(0_usize..9, 1..8),
            size in 1_i64..9,
            batch_size in 1_usize..4,
            with_starts: bool,
        ) {
            let items = items(&lengths);
            let all: Vec<String> = items.iter().flat_map(|(id, rows)| rows.iter().map(move |row| format!("{id} {row}"))).collect();
            prop_assert_eq!(walk(items, size, (batch_size, with_starts, false), |_, _| {}), all);
        }

        #[test]
        fn rows_that_several_items_bring_are_given_once(
            lengths in prop::collection::vec(0_usize..9, 1..8),
            size in 1_i64..5,
            with_starts: bool,
        ) {
            let most = lengths.iter().copied().max().unwrap_or_default();
            let mut seen = walk(items(&lengths), size, (2, with_starts, true), |_, _| {});
            seen.sort();
            prop_assert_eq!(seen, (0..most).map(|row| format!("{row:02}")).collect::<Vec<_>>());
        }
    }

    #[test]
    fn rows_that_come_and_go_inside_an_item_neither_hide_nor_repeat_others() {
        // After the first page, which ended after row 02, rows 00 and 01 vanish and one comes in front.
        let seen = walk(items(&[6]), 3, (1, false, false), |items, number| {
            if number == 0 {
                items[0].1.drain(..2);
                items[0].1.insert(0, "000".to_owned());
            }
        });
        assert_eq!(seen, ["i0 00", "i0 01", "i0 02", "i0 03", "i0 04", "i0 05"]);
    }

    #[test]
    fn when_the_item_is_gone_rows_are_given_twice_rather_than_left_out() {
        let seen = walk(items(&[2, 4, 1]), 3, (3, false, false), |items, number| {
            if number == 0 {
                items.remove(1);
            }
        });
        assert_eq!(seen, ["i0 00", "i0 01", "i1 00", "i0 00", "i0 01", "i2 00"]);
    }
}
