//! One page of a listing: where it starts, and the answer with its rows.

use std::borrow::Cow;
use std::fmt;

use lumos_connector_types::page::Page;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::cursors::Offset;
use crate::call::page::PageRequest;
use crate::call::reply::Reply;
use crate::call::token::{self, TokenError};
use crate::declaration::error::{ConnectorError, ErrorClass, Result};

/// How many rows the pages of a connector have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a constant of the connector")]
pub struct PageSizes {
    /// Rows of a page when the caller asks for none in particular.
    pub default: usize,
    /// Most rows of a page, whatever the caller asks for.
    pub max: usize,
}

/// One page of a listing: where it starts, how many rows it has, and the answer with them. The [module](super) has a
/// table of the ways to page.
///
/// Here the position is the key of a row. Keys order the rows and never change; a page starts after a key and not at a
/// number, so rows that come and go meanwhile neither hide nor repeat others, and the app finds the start by its index.
///
/// ```
/// use lumos_connector_core::Reply;
/// use lumos_connector_core::error::Result;
/// use lumos_connector_core::listing::PageSizes;
/// use lumos_connector_core::page::PageRequest;
///
/// const SIZES: PageSizes = PageSizes { default: 2, max: 100 };
///
/// fn list_numbers(page: &PageRequest) -> Result<Reply<Vec<String>>> {
///     let listing = page.listing(SIZES)?;
///     let first = listing.after().map_or(1, |last: &u32| last + 1);
///     let rows = (first..=3).take(listing.limit());
///     listing.reply(rows, |number| *number, |number| format!("number {number}"))
/// }
///
/// let page = PageRequest::new("list_numbers");
/// let reply = list_numbers(&page).unwrap();
/// assert_eq!(reply.payload, ["number 1", "number 2"]);
/// let reply = list_numbers(&page.with_page(reply.page.unwrap())).unwrap();
/// assert_eq!(reply.payload, ["number 3"]);
/// assert_eq!(reply.page.unwrap().token, None);
/// ```
pub struct Listing<P> {
    name: &'static str,
    asked: Option<i64>,
    size: usize,
    pub(super) position: Option<P>,
    pub(super) max_batches: usize,
    write: Option<WriteToken<P>>,
}

/// How a connector with a token format of its own writes the position of the next page.
type WriteToken<P> = Box<dyn Fn(&P) -> Result<Option<String>, TokenError> + Send>;

/// Batches that one page asks the app for, unless the connector says otherwise.
const MAX_BATCHES: usize = 100;

/// What the token of a page holds.
#[derive(Serialize, Deserialize)]
struct Token<'a, P> {
    listing: Cow<'a, str>,
    at: P,
}

impl<P> Listing<P> {
    pub(crate) fn open(request: &PageRequest, sizes: PageSizes) -> Result<Self>
    where
        P: DeserializeOwned,
    {
        let Some(token) = &request.token else { return Ok(Self::at(request, sizes, None)) };
        let tokens = token::decode::<Token<'static, P>>(token);
        let refused = || ConnectorError::of(ErrorClass::InvalidPageToken);
        let Some(Token { listing, at }) =
            tokens.map_err(|error| refused().with_source(error))?.into_iter().next()
        else {
            return Ok(Self::at(request, sizes, None));
        };
        if listing != request.capability {
            let expected = request.capability;
            return Err(refused().with_message(format!(
                "The page token belongs to the listing '{listing}', not to '{expected}'."
            )));
        }
        Ok(Self::at(request, sizes, Some(at)))
    }

    pub(crate) fn at(request: &PageRequest, sizes: PageSizes, position: Option<P>) -> Self {
        Self {
            name: request.capability,
            asked: request.size,
            size: request.size_or(sizes.default, sizes.max).max(1),
            position,
            max_batches: MAX_BATCHES,
            write: None,
        }
    }

    /// Sets how page tokens are written, for a connector that takes over from another one whose tokens are in use. It
    /// reads them itself, with [`token::decode`], and opens the listing with
    /// [`listing_at`](crate::page::PageRequest::listing_at).
    #[must_use]
    pub fn tokens(
        mut self,
        write: impl Fn(&P) -> Result<Option<String>, TokenError> + Send + 'static,
    ) -> Self {
        self.write = Some(Box::new(write));
        self
    }

    /// Sets how many batches one page asks the app for at most (100 unless set); see [`batches`](Self::batches) and
    /// [`expand`](Self::expand). A page for which that is not enough has fewer rows than were asked for, or none, and
    /// the next one goes on.
    #[must_use]
    pub fn max_batches(mut self, max_batches: usize) -> Self {
        self.max_batches = max_batches.max(1);
        self
    }

    /// The position after which, or at which, this page starts; `None` for the first page.
    #[must_use]
    pub fn after(&self) -> Option<&P> {
        self.position.as_ref()
    }

    /// The position at which this page starts; the default of its type for the first page.
    #[must_use]
    pub fn position(&self) -> P
    where
        P: Clone + Default,
    {
        self.position.clone().unwrap_or_default()
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
        key: impl Fn(&R) -> P,
        mut show: impl FnMut(R) -> T,
    ) -> Result<Reply<Vec<T>>>
    where
        P: Serialize,
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

    /// The answer with the page of rows that the app gives all at once, in whatever order: they are put in the order of
    /// their keys, and those after the position are shown. Rows that come and go between two pages hide no others. No two
    /// rows may have the same key.
    ///
    /// ```
    /// use lumos_connector_core::listing::PageSizes;
    /// use lumos_connector_core::page::PageRequest;
    ///
    /// const SIZES: PageSizes = PageSizes { default: 2, max: 100 };
    /// let page = PageRequest::new("list_names");
    /// let all = || ["Grace", "Ada", "Edsger"];
    /// let reply = page.listing::<String>(SIZES).unwrap().reply_sorted(all(), |name| (*name).to_owned(), |name| name).unwrap();
    /// assert_eq!(reply.payload, ["Ada", "Edsger"]);
    /// let page = page.with_page(reply.page.unwrap());
    /// let reply = page.listing::<String>(SIZES).unwrap().reply_sorted(all(), |name| (*name).to_owned(), |name| name).unwrap();
    /// assert_eq!((reply.payload, reply.page.unwrap().token), (vec!["Grace"], None));
    /// ```
    ///
    /// # Errors
    /// `internal_error` when a key cannot be serialised.
    pub fn reply_sorted<R, T>(
        self,
        rows: impl IntoIterator<Item = R>,
        key: impl Fn(&R) -> P,
        mut show: impl FnMut(R) -> T,
    ) -> Result<Reply<Vec<T>>>
    where
        P: Ord + Clone + Serialize,
    {
        let is_after = |key: &P| self.position.as_ref().is_none_or(|position| key > position);
        let keyed = rows.into_iter().map(|row| (key(&row), row));
        let mut keyed: Vec<(P, R)> = keyed.filter(|(key, _)| is_after(key)).collect();
        keyed.sort_by(|one, other| one.0.cmp(&other.0));
        self.reply(keyed, |(key, _)| key.clone(), |(_, row)| show(row))
    }

    /// The answer with the rows of this page, and where the next one starts, if there is one.
    ///
    /// ```
    /// use lumos_connector_core::Reply;
    /// use lumos_connector_core::error::Result;
    /// use lumos_connector_core::listing::{Continuation, PageSizes};
    /// use lumos_connector_core::page::PageRequest;
    ///
    /// /// What the app gives at a cursor of its own.
    /// fn app(cursor: Option<&str>) -> (Vec<&'static str>, Option<String>) {
    ///     if cursor.is_none() { (vec!["Ada"], Some("xyz".to_owned())) } else { (vec!["Grace"], None) }
    /// }
    ///
    /// fn list_names(page: &PageRequest) -> Result<Reply<Vec<&'static str>>> {
    ///     let listing = page.listing::<Continuation>(PageSizes { default: 1, max: 1 })?;
    ///     let at = listing.position();
    ///     let (names, next) = app(at.as_deref());
    ///     listing.next_page(names, at.next(next)?)
    /// }
    ///
    /// let page = PageRequest::new("list_names");
    /// let first = list_names(&page).unwrap();
    /// let second = list_names(&page.with_page(first.page.unwrap())).unwrap();
    /// assert_eq!(second.payload, ["Grace"]);
    /// assert_eq!(second.page.unwrap().token, None);
    /// ```
    ///
    /// # Errors
    /// `internal_error` when `next` cannot be serialised.
    pub fn next_page<T>(self, rows: Vec<T>, next: Option<P>) -> Result<Reply<Vec<T>>>
    where
        P: Serialize,
    {
        let page = self.page(next)?;
        Ok(Reply::new(rows).page(page))
    }

    /// The page of an answer whose next page starts at `next`, for [streamed](Reply::stream) replies; others have it
    /// from [`next_page`](Self::next_page).
    ///
    /// # Errors
    /// `internal_error` when `next` cannot be serialised.
    pub fn page(self, next: Option<P>) -> Result<Page>
    where
        P: Serialize,
    {
        let token = match (next, self.write) {
            (None, _) => None,
            (Some(next), Some(write)) => write(&next)?,
            (Some(at), None) => token::encode(&[Token { listing: Cow::Borrowed(self.name), at }])?,
        };
        Ok(Page { token, size: self.asked })
    }
}

impl Listing<Offset> {
    /// The answer with this page of the rows, which are made by the connector. They start with row number `first`, at or
    /// before the position; no more of them are made than the page has, and one to see whether any follow.
    ///
    /// ```
    /// use lumos_connector_core::listing::{Offset, PageSizes};
    /// use lumos_connector_core::page::PageRequest;
    ///
    /// let listing = PageRequest::new("list_letters").listing::<Offset>(PageSizes { default: 2, max: 9 }).unwrap();
    /// let reply = listing.reply_from(0, ["a", "b", "c"]).unwrap();
    /// assert_eq!(reply.payload, ["a", "b"]);
    /// assert!(reply.page.unwrap().token.is_some());
    /// ```
    ///
    /// # Errors
    /// None in practice: an offset can always be serialised.
    pub fn reply_from<T>(self, first: u64, rows: impl IntoIterator<Item = T>) -> Result<Reply<Vec<T>>> {
        let Offset { offset } = self.position();
        let skipped = usize::try_from(offset.saturating_sub(first)).unwrap_or(usize::MAX);
        let mut rows = rows.into_iter().skip(skipped);
        let shown: Vec<T> = rows.by_ref().take(self.size).collect();
        let next = rows.next().and_then(|_| offset.checked_add(u64::try_from(shown.len()).ok()?));
        self.next_page(shown, next.map(|offset| Offset { offset }))
    }
}

impl<P> fmt::Debug for Listing<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listing").field("name", &self.name).field("size", &self.size).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: PageSizes = PageSizes { default: 3, max: 5 };

    fn request(token: Option<String>, size: Option<i64>) -> PageRequest {
        PageRequest { token, size, capability: "list_numbers" }
    }

    /// A page of the numbers from 1 to 7, and the token of the next.
    fn numbers(token: Option<String>, size: Option<i64>) -> (Vec<u32>, Option<String>) {
        let listing = request(token, size).listing::<u32>(SIZES).unwrap();
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
    fn rows_of_the_connectors_own_are_counted() {
        for size in [1, 3, 7, 8] {
            let mut page = request(None, Some(size));
            let mut seen = Vec::new();
            loop {
                // The rows start anywhere before the page.
                let listing = page.listing::<Offset>(PageSizes { default: 1, max: 10 }).unwrap();
                let first = listing.position().offset / 2;
                let reply = listing.reply_from(first, (0..8).skip(first as usize)).unwrap();
                assert!(!reply.payload.is_empty());
                seen.extend(reply.payload);
                page = page.with_page(reply.page.unwrap());
                if page.token.is_none() {
                    break;
                }
            }
            assert_eq!(seen, [0, 1, 2, 3, 4, 5, 6, 7]);
        }
        let beyond = request(None, None).listing_at(SIZES, Some(Offset { offset: u64::MAX }));
        let reply = beyond.reply_from(0, 0..7).unwrap();
        assert_eq!((reply.payload, reply.page.unwrap().token), (vec![], None));
    }

    #[test]
    fn sizes_are_kept_within_those_of_the_connector() {
        for (asked, given) in [(None, 3), (Some(0), 3), (Some(-4), 3), (Some(4), 4), (Some(i64::MAX), 5)] {
            assert_eq!(numbers(None, asked).0.len(), given, "{asked:?}");
        }
    }

    #[test]
    fn the_answer_repeats_the_size_that_was_asked_for() {
        let listing = request(None, Some(2)).listing::<u32>(SIZES).unwrap();
        let reply = listing.reply([1, 2, 3], |number| *number, |number| number).unwrap();
        assert_eq!(reply.page.unwrap().size, Some(2));
    }

    #[test]
    fn tokens_name_their_listing_and_the_position() {
        let (_, token) = numbers(None, None);
        let read: Vec<serde_json::Value> = token::decode(&token.unwrap()).unwrap();
        assert_eq!(read, [serde_json::json!({"listing": "list_numbers", "at": 3})]);
    }

    #[test]
    fn tokens_of_other_listings_and_of_other_positions_are_refused() {
        let (_, token) = numbers(None, None);
        let class = |page: PageRequest| page.listing::<u32>(SIZES).unwrap_err().class();
        let letters = PageRequest { capability: "list_letters", ..request(token.clone(), None) };
        assert_eq!(class(letters), Some(ErrorClass::InvalidPageToken));
        assert_eq!(class(request(Some("zz".to_owned()), None)), Some(ErrorClass::InvalidPageToken));
        let other_key = request(token, None).listing::<(String, bool)>(SIZES);
        assert_eq!(other_key.unwrap_err().class(), Some(ErrorClass::InvalidPageToken));
    }

    #[test]
    fn a_connector_may_keep_the_tokens_of_another() {
        let page = request(None, None);
        let tokens = |at: &u32| token::encode(&[serde_json::json!({"endpoint": "numbers", "offset": at})]);
        let reply = page.listing_at(SIZES, None).tokens(tokens).next_page(vec![1], Some(2)).unwrap();
        let token = reply.page.unwrap().token.unwrap();
        assert_eq!(token, "9182a8656e64706f696e74a76e756d62657273a66f666673657402");
    }
}
