//! Listings that go on after a row: keyset paging.

use std::borrow::Cow;
use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::call::page::Page;
use crate::call::reply::Reply;
use crate::declaration::error::Result;

/// How many rows the pages of a connector have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a constant of the connector")]
pub struct PageSizes {
    /// Rows of a page when the caller asks for none in particular.
    pub default: usize,
    /// Most rows of a page, whatever the caller asks for.
    pub max: usize,
}

/// One page of a listing that goes on after the last row of the page before.
///
/// Rows have a key that orders them and never changes. A page starts after a key and not at a number, so rows that come
/// and go meanwhile neither hide nor repeat others, and the app finds the start by its index.
///
/// ```
/// use lumos_connector_core::Reply;
/// use lumos_connector_core::error::Result;
/// use lumos_connector_core::listing::PageSizes;
/// use lumos_connector_core::page::Page;
///
/// const SIZES: PageSizes = PageSizes { default: 2, max: 100 };
///
/// fn list_numbers(page: &Page) -> Result<Reply<Vec<String>>> {
///     let listing = page.listing("numbers", SIZES)?;
///     let first = listing.after().map_or(1, |last: &u32| last + 1);
///     let rows = (first..=3).take(listing.limit());
///     listing.reply(rows, |number| *number, |number| format!("number {number}"))
/// }
///
/// let reply = list_numbers(&Page::default()).unwrap();
/// assert_eq!(reply.payload, ["number 1", "number 2"]);
/// let reply = list_numbers(&Page::from(reply.page.unwrap())).unwrap();
/// assert_eq!(reply.payload, ["number 3"]);
/// assert_eq!(reply.page.unwrap().token, None);
/// ```
pub struct Listing<K> {
    name: &'static str,
    asked: Option<i64>,
    size: usize,
    after: Option<K>,
}

/// What the token of a page holds.
#[derive(Serialize, Deserialize)]
struct Cursor<'a, K> {
    listing: Cow<'a, str>,
    after: K,
}

impl Page {
    /// The page of a listing by key. The name tells its tokens from those of the connector's other listings.
    ///
    /// # Errors
    /// `invalid_page_token` when the token is not one of this listing.
    pub fn listing<K: DeserializeOwned>(&self, name: &'static str, sizes: PageSizes) -> Result<Listing<K>> {
        let cursor = self.cursors::<Cursor<'static, K>>()?.into_iter().next();
        if let Some(Cursor { listing, .. }) = &cursor {
            super::check_name(listing, name)?;
        }
        Ok(Listing {
            name,
            asked: self.size,
            size: self.size_or(sizes.default, sizes.max),
            after: cursor.map(|cursor| cursor.after),
        })
    }
}

impl<K> Listing<K> {
    /// The key after which this page starts; `None` for the first page.
    #[must_use]
    pub fn after(&self) -> Option<&K> {
        self.after.as_ref()
    }

    /// How many rows the page has at most.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// How many rows to ask the app for: one more than the page has, which says whether another page follows.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.size.saturating_add(1)
    }

    /// The answer with the rows of this page. They are given in the order of their keys, up to the [limit](Self::limit);
    /// what stands beyond the page is dropped.
    ///
    /// # Errors
    /// `internal_error` when a key cannot be serialised.
    pub fn reply<R, T>(
        self,
        rows: impl IntoIterator<Item = R>,
        key: impl Fn(&R) -> K,
        mut show: impl FnMut(R) -> T,
    ) -> Result<Reply<Vec<T>>>
    where
        K: Serialize,
    {
        let mut rows = rows.into_iter();
        let mut last = None;
        let shown = rows
            .by_ref()
            .take(self.size)
            .map(|row| {
                last = Some(key(&row));
                show(row)
            })
            .collect();
        let after = last.filter(|_| rows.next().is_some());
        self.next_page(shown, after)
    }

    /// The answer with the rows of this page, where it is the app that says where the next one starts, if there is one.
    /// What it says stands in the place of a row's key: [`after`](Self::after) gives it back.
    ///
    /// ```
    /// use lumos_connector_core::Reply;
    /// use lumos_connector_core::error::Result;
    /// use lumos_connector_core::listing::PageSizes;
    /// use lumos_connector_core::page::Page;
    ///
    /// /// What the app gives after a cursor of its own.
    /// fn app(cursor: Option<&str>) -> (Vec<&'static str>, Option<String>) {
    ///     if cursor.is_none() { (vec!["Ada"], Some("xyz".to_owned())) } else { (vec!["Grace"], None) }
    /// }
    ///
    /// fn list_names(page: &Page) -> Result<Reply<Vec<&'static str>>> {
    ///     let listing = page.listing("names", PageSizes { default: 1, max: 1 })?;
    ///     let (names, next) = app(listing.after().map(String::as_str));
    ///     listing.next_page(names, next)
    /// }
    ///
    /// let first = list_names(&Page::default()).unwrap();
    /// let second = list_names(&Page::from(first.page.unwrap())).unwrap();
    /// assert_eq!(second.payload, ["Grace"]);
    /// assert_eq!(second.page.unwrap().token, None);
    /// ```
    ///
    /// # Errors
    /// `internal_error` when `next` cannot be serialised.
    pub fn next_page<T>(self, rows: Vec<T>, next: Option<K>) -> Result<Reply<Vec<T>>>
    where
        K: Serialize,
    {
        let next = next.map(|after| Cursor { listing: Cow::Borrowed(self.name), after });
        let page = Page { token: None, size: self.asked }.next(next.as_ref())?;
        Ok(Reply::new(rows).page(page))
    }
}

impl<K> fmt::Debug for Listing<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listing").field("name", &self.name).field("size", &self.size).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::declaration::error::ErrorClass;

    const SIZES: PageSizes = PageSizes { default: 3, max: 5 };

    fn page(token: Option<String>, size: Option<i64>) -> Page {
        Page { token, size }
    }

    /// A page of the numbers from 1 to 7, and the token of the next.
    fn numbers(token: Option<String>, size: Option<i64>) -> (Vec<u32>, Option<String>) {
        let listing = page(token, size).listing::<u32>("numbers", SIZES).unwrap();
        let first = listing.after().map_or(1, |last| last + 1);
        let rows = (first..=7).take(listing.limit());
        let reply = listing.reply(rows, |number| *number, |number| number).unwrap();
        (reply.payload, reply.page.unwrap().token)
    }

    #[test]
    fn pages_follow_each_other_to_the_end() {
        for size in [None, Some(1), Some(2), Some(5), Some(7)] {
            let (mut seen, mut token) = numbers(None, size);
            while let Some(next) = token {
                let (rows, after) = numbers(Some(next), size);
                assert!(!rows.is_empty(), "a token leads to rows");
                seen.extend(rows);
                token = after;
            }
            assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7]);
        }
    }

    #[test]
    fn sizes_are_kept_within_those_of_the_connector() {
        for (asked, given) in [(None, 3), (Some(0), 3), (Some(-4), 3), (Some(4), 4), (Some(i64::MAX), 5)] {
            assert_eq!(numbers(None, asked).0.len(), given, "{asked:?}");
        }
    }

    #[test]
    fn the_answer_repeats_the_size_that_was_asked_for() {
        let listing = page(None, Some(2)).listing::<u32>("numbers", SIZES).unwrap();
        let reply = listing.reply([1, 2, 3], |number| *number, |number| number).unwrap();
        assert_eq!(reply.page.unwrap().size, Some(2));
    }

    #[test]
    fn tokens_of_other_listings_and_of_nothing_are_refused() {
        let (_, token) = numbers(None, None);
        let class = |token, name| page(token, None).listing::<u32>(name, SIZES).unwrap_err().class();
        assert_eq!(class(token.clone(), "letters"), Some(ErrorClass::InvalidPageToken));
        assert_eq!(class(Some("zz".to_owned()), "numbers"), Some(ErrorClass::InvalidPageToken));
        let other_key = page(token, None).listing::<(String, bool)>("numbers", SIZES);
        assert_eq!(other_key.unwrap_err().class(), Some(ErrorClass::InvalidPageToken));
    }
}
