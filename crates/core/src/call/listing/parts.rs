//! Listings over several lists of the app, one after the other.

use std::future::Future;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::batches::Batch;
use super::page::Listing;
use crate::call::reply::Reply;
use crate::declaration::error::{ConnectorError, ErrorClass, Result};

/// A batch that is being fetched.
type BatchFuture<'a, T, C> = BoxFuture<'a, Result<Batch<T, C>>>;

/// The position of a page in one of several lists: within [`InBatch`](super::InBatch) or [`InItem`](super::InItem).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "tests of connectors write it")]
pub struct InPart<P, C> {
    /// The list; `None` for the first.
    pub part: Option<P>,
    /// The cursor in the list.
    pub at: C,
}

impl<P, C: Default> Default for InPart<P, C> {
    fn default() -> Self {
        Self { part: None, at: C::default() }
    }
}

/// Several lists of the app, one after the other, as one list of batches: for [`Listing::batches`] and
/// [`Listing::expand`], which skip those that are empty.
///
/// `fetch` gives the batch of a list at a cursor. The default of `C` is the front of each list.
///
/// ```
/// use lumos_connector_core::error::Result;
/// use lumos_connector_core::listing::{Batch, Offset, PageSizes, sequence};
/// use lumos_connector_core::page::PageRequest;
/// use lumos_connector_core::reply::Reply;
///
/// const SIZES: PageSizes = PageSizes { default: 2, max: 100 };
///
/// async fn list(page: &PageRequest) -> Result<Reply<Vec<String>>> {
///     let lists = [("groups", 3), ("teams", 0), ("roles", 1)];
///     let fetch = |(name, total): (&'static str, u64), at: Offset| async move {
///         let rows: Vec<_> = (at.offset..total).take(2).map(|number| format!("{name} {number}")).collect();
///         let next = at.next_of_total(rows.len(), total)?;
///         Ok(Batch::new(rows, next))
///     };
///     // Lists are told apart by what the page token has of them.
///     let names = lists.map(|(name, _)| name.to_owned());
///     let by_name = move |name: String, at| {
///         fetch(lists.into_iter().find(|list| list.0 == name).unwrap_or_default(), at)
///     };
///     page.listing(SIZES)?.batches(sequence(names, by_name)).await
/// }
///
/// # futures_util::FutureExt::now_or_never(async {
/// let page = PageRequest::new("list");
/// let reply = list(&page).await?;
/// assert_eq!(reply.payload, ["groups 0", "groups 1"]);
/// let reply = list(&page.with_page(reply.page.unwrap())).await?;
/// assert_eq!((reply.payload, reply.page.unwrap().token), (vec!["groups 2".to_owned(), "roles 0".to_owned()], None));
/// # Ok::<_, lumos_connector_core::error::ConnectorError>(())
/// # }).unwrap().unwrap();
/// ```
///
/// # Errors
/// The batch is `invalid_page_token` when the part that the token names is not among the parts.
pub fn sequence<'a, P, C, T, F, Fut>(
    parts: impl IntoIterator<Item = P>,
    mut fetch: F,
) -> impl FnMut(InPart<P, C>) -> BatchFuture<'a, T, InPart<P, C>>
where
    P: Clone + PartialEq + Send + 'a,
    C: Default + Send + 'a,
    T: Send + 'a,
    F: FnMut(P, C) -> Fut,
    Fut: Future<Output = Result<Batch<T, C>>> + Send + 'a,
{
    let parts: Vec<P> = parts.into_iter().collect();
    move |InPart { part, at }| {
        let number = part.map_or(Some(0), |part| parts.iter().position(|known| *known == part));
        let Some(part) = number.map(|number| parts.get(number)) else {
            return std::future::ready(Err(ConnectorError::of(ErrorClass::InvalidPageToken))).boxed();
        };
        let Some(part) = part.cloned() else {
            return std::future::ready(Ok(Batch::new(Vec::new(), None))).boxed();
        };
        let following = number.and_then(|number| parts.get(number + 1).cloned());
        let batch = fetch(part.clone(), at);
        async move {
            let mut batch = batch.await?.map_cursors(|at| InPart { part: Some(part.clone()), at });
            if batch.next.is_none() {
                batch.next = following.map(|part| InPart { part: Some(part), at: C::default() });
            }
            Ok(batch)
        }
        .boxed()
    }
}

/// The position of a page that starts after a key in one of several lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "tests of connectors write it")]
pub struct PartKey<P, K> {
    /// The list.
    pub part: P,
    /// The key of the row.
    pub after: K,
}

impl<P: Clone + Ord + Serialize, K: Clone + Serialize> Listing<PartKey<P, K>> {
    /// The answer with the rows of this page, which come from several lists, one after the other, each in the order of
    /// its keys. Lists are put in an order that stays; those that come and go are neither missed nor repeated.
    ///
    /// `fetch` gives the rows of a list after a key, or from its front, and no more of them than its third argument says.
    ///
    /// ```
    /// use lumos_connector_core::listing::{PageSizes, PartKey};
    /// use lumos_connector_core::page::PageRequest;
    ///
    /// # futures_util::FutureExt::now_or_never(async {
    /// let fetch = |tens: u32, after: Option<u32>, limit: usize| async move {
    ///     let first = after.map_or(0, |last| last + 1);
    ///     Ok((first..3).take(limit).map(|ones| (ones, tens * 10 + ones)).collect())
    /// };
    /// let mut page = PageRequest::new("list_numbers");
    /// let mut pages = Vec::new();
    /// loop {
    ///     let listing = page.listing::<PartKey<u32, u32>>(PageSizes { default: 4, max: 4 })?;
    ///     let reply = listing.reply_parts([1, 2, 3], fetch, |(ones, _)| *ones, |(_, number)| number).await?;
    ///     pages.push(reply.payload);
    ///     page = page.with_page(reply.page.unwrap());
    ///     if page.token.is_none() { break }
    /// }
    /// assert_eq!(pages, [vec![10, 11, 12, 20], vec![21, 22, 30, 31], vec![32]]);
    /// # Ok::<_, lumos_connector_core::error::ConnectorError>(())
    /// # }).unwrap().unwrap();
    /// ```
    ///
    /// # Errors
    /// What `fetch` fails with.
    pub async fn reply_parts<R, T, F, Fut>(
        self,
        parts: impl IntoIterator<Item = P>,
        mut fetch: F,
        key: impl Fn(&R) -> K,
        mut show: impl FnMut(R) -> T,
    ) -> Result<Reply<Vec<T>>>
    where
        F: FnMut(P, Option<K>, usize) -> Fut,
        Fut: Future<Output = Result<Vec<R>>>,
    {
        let start = self.after().cloned();
        let mut rows: Vec<(P, R)> = Vec::new();
        for part in parts {
            let after = match &start {
                Some(start) if part < start.part => continue,
                Some(start) if part == start.part => Some(start.after.clone()),
                _ => None,
            };
            let found = fetch(part.clone(), after, self.limit() - rows.len()).await?;
            rows.extend(found.into_iter().map(|row| (part.clone(), row)));
            if rows.len() >= self.limit() {
                break;
            }
        }
        self.reply(rows, |(part, row)| PartKey { part: part.clone(), after: key(row) }, |(_, row)| show(row))
    }
}

#[cfg(test)]
mod tests {
    use super::super::cursors::Offset;
    use super::super::page::PageSizes;
    use super::*;
    use crate::call::page::PageRequest;

    const SIZES: PageSizes = PageSizes { default: 3, max: 9 };

    async fn numbers(part: char, at: Offset) -> Result<Batch<String, Offset>> {
        let total = if part == 'b' { 0 } else { 5 };
        let rows: Vec<_> = (at.offset..total).take(2).map(|number| format!("{part}{number}")).collect();
        let next = at.next_of_total(rows.len(), total)?;
        Ok(Batch::new(rows, next))
    }

    #[test]
    fn every_list_is_read_to_its_end_and_empty_ones_are_skipped() {
        let mut page = PageRequest::new("test");
        let mut pages = Vec::new();
        loop {
            let reply = page.listing(SIZES).unwrap().batches(sequence(['a', 'b', 'c'], numbers));
            let reply = reply.now_or_never().unwrap().unwrap();
            pages.push(reply.payload.join(" "));
            page = page.with_page(reply.page.unwrap());
            if page.token.is_none() {
                break;
            }
        }
        assert_eq!(pages, ["a0 a1 a2", "a3 a4 c0", "c1 c2 c3", "c4"]);
    }

    #[test]
    fn no_lists_at_all_are_an_empty_listing() {
        let reply = PageRequest::new("test").listing(SIZES).unwrap().batches(sequence([], numbers));
        let reply = reply.now_or_never().unwrap().unwrap();
        assert_eq!((reply.payload.len(), reply.page.unwrap().token), (0, None));
    }

    #[test]
    fn a_token_of_a_list_that_is_none_of_these_is_refused() {
        let page = PageRequest::new("test");
        let first =
            page.listing(SIZES).unwrap().batches(sequence(['a', 'b'], numbers)).now_or_never().unwrap();
        let page = page.with_page(first.unwrap().page.unwrap());
        let error = page.listing(SIZES).unwrap().batches(sequence(['c'], numbers)).now_or_never().unwrap();
        assert_eq!(error.unwrap_err().class(), Some(ErrorClass::InvalidPageToken));
    }

    #[test]
    fn lists_that_come_and_go_are_neither_missed_nor_repeated() {
        let fetch = |part: u32, after: Option<u32>, limit: usize| async move {
            Ok((after.map_or(0, |last| last + 1)..3).take(limit).map(|row| (part, row)).collect::<Vec<_>>())
        };
        let mut page = PageRequest::new("test");
        let mut seen = Vec::new();
        // After the first page list 1, in which it ended, is gone, and list 4 has come.
        for parts in [vec![0, 1, 2], vec![0, 2, 4], vec![0, 2, 4], vec![0, 2, 4]] {
            let listing = page.listing::<PartKey<u32, u32>>(PageSizes { default: 4, max: 4 }).unwrap();
            let reply = listing
                .reply_parts(parts, fetch, |(_, row)| *row, |row| row)
                .now_or_never()
                .unwrap()
                .unwrap();
            seen.extend(reply.payload);
            page = page.with_page(reply.page.unwrap());
            if page.token.is_none() {
                break;
            }
        }
        assert_eq!(seen, [(0, 0), (0, 1), (0, 2), (1, 0), (2, 0), (2, 1), (2, 2), (4, 0), (4, 1), (4, 2)]);
    }
}
