//! Listings over several lists of the app: a bag of cursors in one token.

use std::collections::VecDeque;
use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::problem::PagingError;
use crate::call::page::Page;
use crate::call::token;
use crate::declaration::error::Result;

/// The lists that a listing has still to go through, each with its own cursor.
///
/// The page is made from the first of them. When that goes on, its cursor is replaced; when it ends, the next list has
/// its turn; when all have ended, so has the listing.
///
/// ```
/// use lumos_connector_core::{error::Result, page::Page, reply::Reply};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(PartialEq, Serialize, Deserialize)]
/// struct Cursor { endpoint: String, offset: u64 }
///
/// fn list(page: &Page) -> Result<Reply<Vec<String>>> {
///     let first = |endpoint: &str| Cursor { endpoint: endpoint.to_owned(), offset: 0 };
///     let mut lists = page.endpoints([first("groups"), first("roles")])?;
///     let Some(at) = lists.current() else { return Ok(Reply::new(Vec::new())) };
///     let rows = vec![format!("a row of {}", at.endpoint)];
///     lists.go_on(None)?; // or `Some(Cursor { … })` when the app has more in this list
///     Ok(Reply::new(rows).page(lists.page()?))
/// }
///
/// let reply = list(&Page::default()).unwrap();
/// assert_eq!(reply.payload, ["a row of groups"]);
/// let reply = list(&Page::from(reply.page.unwrap())).unwrap();
/// assert_eq!((reply.payload, reply.page.unwrap().token), (vec!["a row of roles".to_owned()], None));
/// ```
pub struct Endpoints<C> {
    asked: Option<i64>,
    cursors: VecDeque<C>,
}

impl Page {
    /// The lists that are still to go through; those given for the first page.
    ///
    /// # Errors
    /// `invalid_page_token` when the token does not hold such cursors.
    pub fn endpoints<C: DeserializeOwned>(&self, first: impl IntoIterator<Item = C>) -> Result<Endpoints<C>> {
        let cursors = match &self.token {
            None => first.into_iter().collect(),
            Some(_) => self.cursors()?.into(),
        };
        Ok(Endpoints { asked: self.size, cursors })
    }
}

impl<C: Serialize> Endpoints<C> {
    /// The cursor that this page is made from; `None` when there is no list at all.
    #[must_use]
    pub fn current(&self) -> Option<&C> {
        self.cursors.front()
    }

    /// Says where the current list goes on; `None` when it has ended.
    ///
    /// # Errors
    /// [`Repeated`](PagingError::Repeated) when it goes on where it is.
    pub fn go_on(&mut self, next: Option<C>) -> Result<()> {
        let current = self.cursors.pop_front();
        if let Some(next) = next {
            let is_current = current.is_some_and(|current| {
                token::encode(&[current]).ok().flatten() == token::encode(&[&next]).ok().flatten()
            });
            if is_current {
                return Err(PagingError::Repeated.into());
            }
            self.cursors.push_front(next);
        }
        Ok(())
    }

    /// The page of the answer: what is still to go through.
    ///
    /// # Errors
    /// `internal_error` when a cursor cannot be serialised.
    pub fn page(self) -> Result<lumos_connector_types::page::Page> {
        let cursors: Vec<C> = self.cursors.into();
        Ok(lumos_connector_types::page::Page { token: token::encode(&cursors)?, size: self.asked })
    }
}

impl<C> fmt::Debug for Endpoints<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoints").field("lists", &self.cursors.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_gone_through_to_its_end() {
        let mut page = Page::default();
        let mut seen = Vec::new();
        loop {
            let mut lists = page.endpoints([("a".to_owned(), 0), ("b".to_owned(), 0)]).unwrap();
            let (name, number) = lists.current().unwrap().clone();
            seen.push(format!("{name}{number}"));
            lists.go_on((number < 2).then(|| (name, number + 1))).unwrap();
            page = Page::from(lists.page().unwrap());
            if page.token.is_none() {
                break;
            }
        }
        assert_eq!(seen, ["a0", "a1", "a2", "b0", "b1", "b2"]);
    }

    #[test]
    fn a_list_that_stays_where_it_is_ends_in_an_error() {
        let mut lists = Page::default().endpoints([7]).unwrap();
        let error = lists.go_on(Some(7)).unwrap_err();
        assert_eq!(error.source_as::<PagingError>(), Some(&PagingError::Repeated));
    }
}
