//! Listings whose rows come in batches of the app's, cut into the caller's pages.

use std::future::Future;

use serde::{Deserialize, Serialize};

use super::page::Listing;
use crate::call::reply::Reply;
use crate::call::token;
use crate::declaration::error::PagingError;
use crate::declaration::error::Result;

/// Rows of the app, and where it goes on after them.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Batch<T, C> {
    /// The rows, in an order that stays.
    pub rows: Vec<T>,
    /// Where the next batch is, if there is one.
    pub next: Option<C>,
    /// For each row, a cursor from which the app comes to it again; empty when there is none but the batch's own.
    pub starts: Vec<C>,
}

impl<T, C> Batch<T, C> {
    /// Rows, and where the next batch is, if there is one.
    #[must_use]
    pub fn new(rows: Vec<T>, next: Option<C>) -> Self {
        Self { rows, next, starts: Vec::new() }
    }

    /// Sets for each row a cursor from which the app comes to it again. A page that is cut at a row then goes on from
    /// there, rather than from the front of the batch.
    #[must_use]
    pub fn starts(self, starts: Vec<C>) -> Self {
        Self { starts, ..self }
    }

    /// The same batch with other rows, each made of one that was there.
    ///
    /// ```
    /// use lumos_connector_core::listing::Batch;
    /// let batch = Batch::new(vec![1, 2], Some("next")).map(|id| format!("user {id}"));
    /// assert_eq!((batch.rows, batch.next), (vec!["user 1".to_owned(), "user 2".to_owned()], Some("next")));
    /// ```
    #[must_use]
    pub fn map<U>(self, map: impl FnMut(T) -> U) -> Batch<U, C> {
        Batch { rows: self.rows.into_iter().map(map).collect(), next: self.next, starts: self.starts }
    }

    /// Converts the cursors of the batch.
    pub(super) fn map_cursors<D>(self, mut map: impl FnMut(C) -> D) -> Batch<T, D> {
        let starts = self.starts.into_iter().map(&mut map).collect();
        Batch { rows: self.rows, next: self.next.map(map), starts }
    }
}

impl<C: Serialize + Clone + Default> Listing<C> {
    /// The answer with the rows of one batch of the app: the first from the position on that has any, up to
    /// [`max_batches`](Self::max_batches). For apps whose own pages are passed on as they come, some of which may be empty.
    ///
    /// A batch with more rows than the page is cut where its [starts](Batch::starts) allow it.
    ///
    /// ```
    /// use lumos_connector_core::error::Result;
    /// use lumos_connector_core::listing::{Batch, Continuation, PageSizes};
    /// use lumos_connector_core::page::PageRequest;
    ///
    /// /// An app that searches a part at a time, and finds nothing in the first.
    /// async fn search(at: Continuation) -> Result<Batch<&'static str, Continuation>> {
    ///     let (rows, said) = match at.as_deref() {
    ///         None => (vec![], Some("part 2")),
    ///         Some("part 2") => (vec!["Ada"], Some("part 3")),
    ///         _ => (vec!["Grace"], None),
    ///     };
    ///     Ok(Batch::new(rows, at.next(said)?))
    /// }
    ///
    /// # futures_util::FutureExt::now_or_never(async {
    /// const SIZES: PageSizes = PageSizes { default: 10, max: 100 };
    /// let page = PageRequest::new("list_names");
    /// let reply = page.listing(SIZES)?.first_batch(search).await?;
    /// assert_eq!(reply.payload, ["Ada"]);
    /// let reply = page.with_page(reply.page.unwrap()).listing(SIZES)?.first_batch(search).await?;
    /// assert_eq!((reply.payload, reply.page.unwrap().token), (vec!["Grace"], None));
    /// # Ok::<_, lumos_connector_core::error::ConnectorError>(())
    /// # }).unwrap().unwrap();
    /// ```
    ///
    /// # Errors
    /// What `fetch` fails with; a [`PagingError`] when a batch leads to itself.
    pub async fn first_batch<T, F, Fut>(self, mut fetch: F) -> Result<Reply<Vec<T>>>
    where
        F: FnMut(C) -> Fut,
        Fut: Future<Output = Result<Batch<T, C>>>,
    {
        let mut at = self.position();
        for _ in 0..self.max_batches {
            let Batch { mut rows, mut next, starts } = fetch(at.clone()).await?;
            if let Some(start) = starts.into_iter().nth(self.size()) {
                rows.truncate(self.size());
                next = Some(start);
            }
            match next {
                Some(next) if rows.is_empty() => at = advanced(&at, next)?,
                next => return self.next_page(rows, next),
            }
        }
        self.next_page(Vec::new(), Some(at))
    }
}

/// The position of a page that may start inside a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "tests of connectors write it")]
pub struct InBatch<C> {
    /// The cursor of the batch.
    pub at: C,
    /// Rows of the batch that pages before have shown.
    pub skip: usize,
}

impl<C: Serialize + Clone + Default> Listing<InBatch<C>> {
    /// The answer with the rows of this page, from as many batches of the app as it takes, up to
    /// [`max_batches`](Self::max_batches). The page starts inside a batch where the one before ended.
    ///
    /// The app must give the rows of a batch in the same order each time: rows that pages before have shown are counted.
    /// Where each row comes from an item that can be told by its id, [`expand`](Self::expand) is safer.
    ///
    /// ```
    /// use lumos_connector_core::error::Result;
    /// use lumos_connector_core::listing::{Batch, Offset, PageSizes};
    /// use lumos_connector_core::page::PageRequest;
    ///
    /// const SIZES: PageSizes = PageSizes { default: 3, max: 100 };
    ///
    /// /// Two users at a time, with two roles each; there are three users.
    /// async fn roles(at: Offset) -> Result<Batch<String, Offset>> {
    ///     let users: Vec<_> = (at.offset..3).take(2).collect();
    ///     let rows = users.iter().flat_map(|user| ["reader", "writer"].map(|role| format!("{user} {role}"))).collect();
    ///     Ok(Batch::new(rows, at.next_of_total(users.len(), 3)?))
    /// }
    ///
    /// # futures_util::FutureExt::now_or_never(async {
    /// let page = PageRequest::new("list_roles");
    /// let reply = page.listing(SIZES)?.batches(roles).await?;
    /// assert_eq!(reply.payload, ["0 reader", "0 writer", "1 reader"]);
    /// let reply = page.with_page(reply.page.unwrap()).listing(SIZES)?.batches(roles).await?;
    /// assert_eq!(reply.payload, ["1 writer", "2 reader", "2 writer"]);
    /// assert_eq!(reply.page.unwrap().token, None);
    /// # Ok::<_, lumos_connector_core::error::ConnectorError>(())
    /// # }).unwrap().unwrap();
    /// ```
    ///
    /// # Errors
    /// What `fetch` fails with; a [`PagingError`] when a batch leads to itself.
    pub async fn batches<T, F, Fut>(self, mut fetch: F) -> Result<Reply<Vec<T>>>
    where
        F: FnMut(C) -> Fut,
        Fut: Future<Output = Result<Batch<T, C>>>,
    {
        let InBatch { mut at, mut skip } = self.position();
        let mut shown = Vec::new();
        for _ in 0..self.max_batches {
            let Batch { rows, next, starts } = fetch(at.clone()).await?;
            let available = rows.len();
            let mut rows = rows.into_iter().skip(skip);
            shown.extend(rows.by_ref().take(self.size() - shown.len()));
            let left = rows.len();
            if left > 0 {
                let first = available - left;
                let position = match starts.into_iter().nth(first) {
                    Some(at) => InBatch { at, skip: 0 },
                    None => InBatch { at, skip: first },
                };
                return self.next_page(shown, Some(position));
            }
            let Some(next) = next else { return self.next_page(shown, None) };
            (at, skip) = (advanced(&at, next)?, 0);
            if shown.len() == self.size() {
                break;
            }
        }
        self.next_page(shown, Some(InBatch { at, skip }))
    }
}

/// The next cursor, which must not be that of the batch before.
pub(super) fn advanced<C: Serialize>(at: &C, next: C) -> Result<C> {
    if token::encode(&[&next])? == token::encode(&[at])? {
        return Err(PagingError::Repeated.into());
    }
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::super::cursors::{Continuation, Offset};
    use super::super::page::PageSizes;
    use super::*;
    use crate::call::page::PageRequest;
    use futures_util::FutureExt;
    use proptest::prelude::*;

    const SIZES: PageSizes = PageSizes { default: 4, max: 1000 };

    /// Reads a list of batches to its end, in pages of a size; every page with its rows. `one` batch a page, or as many as
    /// fill it.
    fn pages(batches: &[Vec<u32>], size: i64, with_starts: bool, one: bool) -> Vec<Vec<u32>> {
        // A cursor is a batch and a row in it.
        let fetch = |(number, first): (usize, usize)| async move {
            let rows = batches.get(number).cloned().unwrap_or_default().split_off(first);
            let starts =
                (first..first + rows.len()).map(|row| (number, row)).filter(|_| with_starts).collect();
            let next = (number + 1 < batches.len()).then_some((number + 1, 0));
            Ok(Batch::new(rows, next).starts(starts))
        };
        let mut pages = Vec::new();
        let mut page = PageRequest { size: Some(size), ..PageRequest::new("test") };
        loop {
            let reply = if one {
                page.listing(SIZES).unwrap().first_batch(fetch).now_or_never().unwrap().unwrap()
            } else {
                page.listing(SIZES).unwrap().batches(fetch).now_or_never().unwrap().unwrap()
            };
            pages.push(reply.payload);
            page = page.with_page(reply.page.unwrap());
            if page.token.is_none() {
                return pages;
            }
        }
    }

    proptest! {
        #[test]
        fn no_row_is_lost_or_repeated_and_every_page_but_the_last_is_full(
            lengths in prop::collection::vec(0_u32..6, 1..8),
            size in 1_i64..9,
            with_starts: bool,
        ) {
            let mut row = 0..;
            let batches: Vec<Vec<u32>> = lengths.iter().map(|length| row.by_ref().take(*length as usize).collect()).collect();
            let pages = pages(&batches, size, with_starts, false);
            let (last, full) = pages.split_last().unwrap();
            prop_assert!(full.iter().all(|page| page.len() as i64 == size));
            prop_assert!(last.len() as i64 <= size);
            prop_assert_eq!(pages.concat(), batches.concat());
        }

        #[test]
        fn batches_are_passed_on_one_by_one_but_for_empty_and_long_ones(
            lengths in prop::collection::vec(0_u32..6, 1..8),
            size in 1_usize..9,
        ) {
            let mut row = 0..;
            let batches: Vec<Vec<u32>> = lengths.iter().map(|length| row.by_ref().take(*length as usize).collect()).collect();
            let pages = pages(&batches, i64::try_from(size).unwrap(), true, true);
            let expected: Vec<&[u32]> = batches.iter().flat_map(|batch| batch.chunks(size)).collect();
            let shown: Vec<&[u32]> = pages.iter().map(Vec::as_slice).filter(|page| !page.is_empty()).collect();
            prop_assert_eq!(shown, expected);
            prop_assert!(pages.iter().rev().skip(1).all(|page| !page.is_empty()));
        }
    }

    #[test]
    fn a_batch_that_leads_to_itself_ends_in_an_error() {
        let fetch = |at: Continuation| async { Ok(Batch::new(Vec::<u32>::new(), Some(at))) };
        let listing = PageRequest::default().listing(SIZES).unwrap();
        let filled = listing.batches(fetch).now_or_never().unwrap();
        assert_eq!(filled.unwrap_err().source_as::<PagingError>(), Some(&PagingError::Repeated));
    }

    #[test]
    fn a_page_ends_after_the_most_batches_and_the_next_goes_on() {
        let fetch = |at: Offset| async move {
            let rows = (at.offset == 5).then_some("found").into_iter().collect();
            Ok(Batch::new(rows, (at.offset < 6).then_some(Offset { offset: at.offset + 1 })))
        };
        let mut page = PageRequest::new("test");
        let mut pages = Vec::new();
        loop {
            let listing = page.listing(SIZES).unwrap().max_batches(3);
            let reply = listing.batches(fetch).now_or_never().unwrap().unwrap();
            pages.push(reply.payload.len());
            page = page.with_page(reply.page.unwrap());
            if page.token.is_none() {
                break;
            }
        }
        assert_eq!(pages, [0, 1, 0]);
    }
}
