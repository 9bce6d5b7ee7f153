//! Listings whose rows come in batches of the app's, cut into the caller's pages.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::keyset::PageSizes;
use super::problem::PagingError;
use crate::call::page::Page;
use crate::call::reply::Reply;
use crate::call::token;
use crate::declaration::error::Result;

/// One page of a listing that the app gives in batches: users with several roles each, say, of which the caller wants
/// a hundred rows a page.
///
/// The page begins inside a batch where the one before ended, and goes through as many batches as it takes. The app
/// must give the rows of a batch in the same order each time.
///
/// ```
/// use lumos_connector_core::error::Result;
/// use lumos_connector_core::listing::{Batch, Offset, PageSizes};
/// use lumos_connector_core::page::Page;
///
/// const SIZES: PageSizes = PageSizes { default: 3, max: 100 };
///
/// /// Two users at a time, with two roles each; there are three users.
/// async fn roles(at: Offset) -> Result<Batch<String, Offset>> {
///     let users: Vec<_> = (at.offset..3).take(2).collect();
///     let rows = users.iter().flat_map(|user| ["reader", "writer"].map(|role| format!("{user} {role}"))).collect();
///     Ok(Batch { rows, next: at.next_of_total(users.len(), 3)? })
/// }
///
/// # futures_util::FutureExt::now_or_never(async {
/// let reply = Page::default().batches("roles", SIZES)?.fill(roles).await?;
/// assert_eq!(reply.payload, ["0 reader", "0 writer", "1 reader"]);
/// let reply = Page::from(reply.page.unwrap()).batches("roles", SIZES)?.fill(roles).await?;
/// assert_eq!(reply.payload, ["1 writer", "2 reader", "2 writer"]);
/// assert_eq!(reply.page.unwrap().token, None);
/// # Ok::<_, lumos_connector_core::error::ConnectorError>(())
/// # }).unwrap().unwrap();
/// ```
pub struct Batches<C> {
    name: &'static str,
    asked: Option<i64>,
    size: usize,
    at: C,
    skip: usize,
}

/// Rows of the app, and where it goes on after them.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "authors build it")]
pub struct Batch<T, C> {
    /// The rows, in an order that stays.
    pub rows: Vec<T>,
    /// Where the next batch is, if there is one.
    pub next: Option<C>,
}

/// What the token of a page holds.
#[derive(Serialize, Deserialize)]
struct Cursor<'a, C> {
    listing: Cow<'a, str>,
    at: C,
    /// Rows of the batch that pages before have shown.
    skip: usize,
}

impl Page {
    /// The page of a listing that the app gives in batches. The name tells its tokens from those of the connector's
    /// other listings; the first batch is at the default of `C`.
    ///
    /// # Errors
    /// `invalid_page_token` when the token is not one of this listing.
    pub fn batches<C: DeserializeOwned + Default>(
        &self,
        name: &'static str,
        sizes: PageSizes,
    ) -> Result<Batches<C>> {
        let cursor = self.cursors::<Cursor<'static, C>>()?.into_iter().next();
        if let Some(Cursor { listing, .. }) = &cursor {
            super::check_name(listing, name)?;
        }
        let (at, skip) = cursor.map_or_else(Default::default, |cursor| (cursor.at, cursor.skip));
        let size = self.size_or(sizes.default, sizes.max).max(1);
        Ok(Batches { name, asked: self.size, size, at, skip })
    }
}

impl<C: Serialize + Clone> Batches<C> {
    /// The answer with the rows of this page, from as many batches as it takes.
    ///
    /// # Errors
    /// What `fetch` fails with; a [`PagingError`] when a batch leads to itself.
    pub async fn fill<T, F, Fut>(mut self, mut fetch: F) -> Result<Reply<Vec<T>>>
    where
        F: FnMut(C) -> Fut,
        Fut: Future<Output = Result<Batch<T, C>>>,
    {
        let mut shown = Vec::new();
        let next = loop {
            let Batch { rows, next } = fetch(self.at.clone()).await?;
            let mut rows = rows.into_iter().skip(self.skip);
            let before = shown.len();
            shown.extend(rows.by_ref().take(self.size - before));
            if rows.next().is_some() {
                self.skip += shown.len() - before;
                break Some(self.at);
            }
            let Some(next) = next else { break None };
            if token::encode(&[&next])? == token::encode(&[&self.at])? {
                return Err(PagingError::Repeated.into());
            }
            (self.at, self.skip) = (next, 0);
            if shown.len() == self.size {
                break Some(self.at);
            }
        };
        let next = next.map(|at| Cursor { listing: Cow::Borrowed(self.name), at, skip: self.skip });
        let page = Page { token: None, size: self.asked }.next(next.as_ref())?;
        Ok(Reply::new(shown).page(page))
    }
}

impl<C> fmt::Debug for Batches<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches").field("name", &self.name).field("size", &self.size).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::cursors::{Continuation, Offset};
    use super::*;
    use crate::declaration::error::ErrorClass;
    use futures_util::FutureExt;
    use proptest::prelude::*;

    const SIZES: PageSizes = PageSizes { default: 4, max: 1000 };

    /// Reads a list of batches to its end, in pages of a size; every page with its rows.
    fn pages(batches: &[Vec<u32>], size: i64) -> Vec<Vec<u32>> {
        let fetch = |at: Offset| async move {
            let number = usize::try_from(at.offset).unwrap();
            let rows = batches.get(number).cloned().unwrap_or_default();
            Ok(Batch { rows, next: at.next_of_total(1, batches.len() as u64)? })
        };
        let mut pages = Vec::new();
        let mut page = Page { token: None, size: Some(size) };
        loop {
            let reply = page.batches("test", SIZES).unwrap().fill(fetch).now_or_never().unwrap().unwrap();
            pages.push(reply.payload);
            page.token = reply.page.unwrap().token;
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
        ) {
            let mut row = 0..;
            let batches: Vec<Vec<u32>> = lengths.iter().map(|length| row.by_ref().take(*length as usize).collect()).collect();
            let pages = pages(&batches, size);
            let (last, full) = pages.split_last().unwrap();
            prop_assert!(full.iter().all(|page| page.len() as i64 == size));
            prop_assert!(last.len() as i64 <= size);
            prop_assert_eq!(pages.concat(), batches.concat());
        }
    }

    #[test]
    fn a_batch_that_leads_to_itself_ends_in_an_error() {
        let fetch = |at: Continuation| async { Ok(Batch { rows: Vec::<u32>::new(), next: Some(at) }) };
        let filled = Page::default().batches("test", SIZES).unwrap().fill(fetch).now_or_never().unwrap();
        assert_eq!(filled.unwrap_err().source_as::<PagingError>(), Some(&PagingError::Repeated));
    }

    #[test]
    fn tokens_of_other_listings_are_refused() {
        let token =
            token::encode(&[Cursor { listing: "roles".into(), at: Offset { offset: 1 }, skip: 2 }]).unwrap();
        let page = Page { token, size: None };
        assert!(page.batches::<Offset>("roles", SIZES).is_ok());
        let error = page.batches::<Offset>("groups", SIZES).unwrap_err();
        assert_eq!(error.class(), Some(ErrorClass::InvalidPageToken));
    }
}
