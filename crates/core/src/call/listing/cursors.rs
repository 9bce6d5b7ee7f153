//! Where a listing of the app goes on: one type for each way in which apps page.
//!
//! A cursor is the position of a [`Listing`](super::Listing). It is sent to the app as a parameter, and asked for the next
//! one, whose way of ending must be chosen with care: an app that gives less than it is asked for has not always come to
//! its end.
//!
//! ```
//! use lumos_connector_core::{Reply, error::Result, listing::{Offset, PageSizes}, page::PageRequest};
//!
//! struct Users { users: Vec<String>, total: u64 }
//! # fn ask(offset: u64, limit: usize) -> Users { Users { users: vec![offset.to_string(); limit.min(7 - offset as usize)], total: 7 } }
//!
//! const SIZES: PageSizes = PageSizes { default: 50, max: 200 };
//!
//! fn list(page: &PageRequest) -> Result<Reply<Vec<String>>> {
//!     let listing = page.listing::<Offset>(SIZES)?;
//!     let at = listing.position();
//!     let answer = ask(at.offset, listing.size());
//!     let next = at.next_of_total(answer.users.len(), answer.total)?;
//!     listing.next_page(answer.users, next)
//! }
//!
//! assert!(list(&PageRequest::default()).unwrap().page.unwrap().token.is_none());
//! ```

use serde::{Deserialize, Serialize};

use crate::declaration::error::PagingError;

/// A listing that goes on at a row number, which starts at 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "it is a number")]
pub struct Offset {
    /// Rows before this page.
    pub offset: u64,
}

impl Offset {
    /// The next page of an app that names the total: there is one until that many rows have come.
    ///
    /// # Errors
    /// [`Incomplete`](PagingError::Incomplete) when the app gave no rows though it names more.
    pub fn next_of_total(self, rows: usize, total: u64) -> Result<Option<Self>, PagingError> {
        let next = self.plus(rows)?;
        if next.offset >= total {
            Ok(None)
        } else if rows == 0 {
            Err(PagingError::Incomplete { rows: self.offset, total })
        } else {
            Ok(Some(next))
        }
    }

    /// The next page of an app that names no total: there is one until a page is empty. It costs one request more
    /// than [`next_while_full`](Self::next_while_full) and loses nothing when the app gives less than it is asked for.
    ///
    /// # Errors
    /// [`TooMany`](PagingError::TooMany) beyond 2⁶⁴ rows.
    pub fn next_until_empty(self, rows: usize) -> Result<Option<Self>, PagingError> {
        Ok(if rows == 0 { None } else { Some(self.plus(rows)?) })
    }

    /// The next page of an app that always gives as much as it is asked for: there is one after a full page.
    ///
    /// # Errors
    /// [`TooMany`](PagingError::TooMany) beyond 2⁶⁴ rows.
    pub fn next_while_full(self, rows: usize, asked: usize) -> Result<Option<Self>, PagingError> {
        if rows < asked { Ok(None) } else { self.next_until_empty(rows) }
    }

    fn plus(self, rows: usize) -> Result<Self, PagingError> {
        let rows = u64::try_from(rows).map_err(|_| PagingError::TooMany)?;
        Ok(Self { offset: self.offset.checked_add(rows).ok_or(PagingError::TooMany)? })
    }
}

/// A listing that goes on at a page number, which starts at 1; for apps that count from 0 ask for
/// `page - 1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "it is a number")]
pub struct PageNumber {
    /// The number of this page.
    pub page: u64,
}

impl Default for PageNumber {
    fn default() -> Self {
        Self { page: 1 }
    }
}

impl PageNumber {
    /// The next page of an app that names its last page.
    ///
    /// # Errors
    /// [`TooMany`](PagingError::TooMany) beyond 2⁶⁴ pages.
    pub fn next_until(self, last: u64) -> Result<Option<Self>, PagingError> {
        if self.page >= last { Ok(None) } else { self.following().map(Some) }
    }

    /// The next page of an app that names nothing: there is one until a page is empty.
    ///
    /// # Errors
    /// [`TooMany`](PagingError::TooMany) beyond 2⁶⁴ pages.
    pub fn next_until_empty(self, rows: usize) -> Result<Option<Self>, PagingError> {
        if rows == 0 { Ok(None) } else { self.following().map(Some) }
    }

    /// The next page of an app that always gives as much as it is asked for: there is one after a full page.
    ///
    /// # Errors
    /// [`TooMany`](PagingError::TooMany) beyond 2⁶⁴ pages.
    pub fn next_while_full(self, rows: usize, asked: usize) -> Result<Option<Self>, PagingError> {
        if rows < asked { Ok(None) } else { self.next_until_empty(rows) }
    }

    fn following(self) -> Result<Self, PagingError> {
        Ok(Self { page: self.page.checked_add(1).ok_or(PagingError::TooMany)? })
    }
}

/// A listing that goes on where the app says: at a token, or at the address of a `Link` header.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "it is a text")]
pub struct Continuation {
    /// What the app said; `None` for the first page.
    pub next: Option<String>,
}

impl Continuation {
    /// What the app said, for the first page nothing.
    #[must_use]
    pub fn as_deref(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// The next page; there is none when the app says nothing, or an empty text.
    ///
    /// # Errors
    /// [`Repeated`](PagingError::Repeated) when the app says what it said for this page.
    pub fn next(&self, said: Option<impl Into<String>>) -> Result<Option<Self>, PagingError> {
        let said = said.map(Into::into).filter(|said: &String| !said.is_empty());
        match said {
            None => Ok(None),
            said if said == self.next => Err(PagingError::Repeated),
            next => Ok(Some(Self { next })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_end_at_the_total_even_when_pages_are_short() {
        let at = Offset { offset: 100 };
        assert_eq!(at.next_of_total(50, 300), Ok(Some(Offset { offset: 150 })));
        assert_eq!(at.next_of_total(200, 300), Ok(None));
        assert_eq!(at.next_of_total(0, 300), Err(PagingError::Incomplete { rows: 100, total: 300 }));
        assert_eq!(at.next_of_total(0, 0), Ok(None));
        assert_eq!(Offset { offset: u64::MAX }.next_until_empty(1), Err(PagingError::TooMany));
    }

    #[test]
    fn without_a_total_a_listing_ends_with_an_empty_page_or_a_short_one() {
        let at = Offset::default();
        assert_eq!(at.next_until_empty(3), Ok(Some(Offset { offset: 3 })));
        assert_eq!((at.next_until_empty(0), at.next_while_full(3, 4)), (Ok(None), Ok(None)));
        let at = PageNumber::default();
        assert_eq!(at.next_while_full(4, 4), Ok(Some(PageNumber { page: 2 })));
        assert_eq!((at.next_until(1), at.next_until(2)), (Ok(None), Ok(Some(PageNumber { page: 2 }))));
        assert_eq!(at.next_while_full(0, 0), Ok(None), "nothing asked, nothing given");
    }

    #[test]
    fn a_token_that_is_given_again_is_an_error() {
        let first = Continuation::default();
        let second = first.next(Some("a")).unwrap().unwrap();
        assert_eq!(second.as_deref(), Some("a"));
        assert_eq!(second.next(Some("a")), Err(PagingError::Repeated));
        assert_eq!((second.next(Some("")), second.next(None::<&str>)), (Ok(None), Ok(None)));
    }
}
