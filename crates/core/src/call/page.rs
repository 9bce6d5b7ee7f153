//! The page of a listing that a request asks for.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::call::token;
use crate::declaration::error::{ConnectorError, ErrorClass, Result};

/// The page that a request asks for: an argument of handlers.
///
/// ```
/// use lumos_connector_core::page::Page;
///
/// #[derive(Default, serde::Serialize, serde::Deserialize)]
/// struct Cursor { offset: usize }
///
/// let first = Page::default();
/// assert_eq!(first.cursor::<Cursor>().unwrap().offset, 0);
/// assert_eq!(first.size_or(100, 500), 100);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// The token that the listing gave with its last page; `None` for the first page.
    pub token: Option<String>,
    /// How many rows are asked for, as the caller wrote it: it may be zero or negative.
    pub size: Option<i64>,
}

impl Page {
    /// How many rows to give: what was asked for within 1 and `max`, or `default` when it was nothing useful.
    #[must_use]
    pub fn size_or(&self, default: usize, max: usize) -> usize {
        let asked = self.size.and_then(|size| usize::try_from(size).ok()).filter(|size| *size > 0);
        asked.unwrap_or(default).min(max)
    }

    /// Where the listing goes on; the cursor's default for the first page.
    ///
    /// # Errors
    /// `invalid_page_token` when the token was not made from such a cursor. A cursor that serves several listings
    /// should say which one it belongs to, and the handler should check that.
    pub fn cursor<C: DeserializeOwned + Default>(&self) -> Result<C> {
        Ok(self.cursors()?.into_iter().next().unwrap_or_default())
    }

    /// Where the listing goes on; `first` for the first page.
    ///
    /// # Errors
    /// `invalid_page_token` when the token was not made from such a cursor.
    pub fn cursor_or<C: DeserializeOwned>(&self, first: C) -> Result<C> {
        Ok(self.cursors()?.into_iter().next().unwrap_or(first))
    }

    /// All cursors of the token: a listing over several endpoints has one for each.
    ///
    /// # Errors
    /// `invalid_page_token` when the token was not made from such cursors.
    pub fn cursors<C: DeserializeOwned>(&self) -> Result<Vec<C>> {
        let Some(token) = &self.token else { return Ok(Vec::new()) };
        token::decode(token)
            .map_err(|error| ConnectorError::of(ErrorClass::InvalidPageToken).caused_by(error))
    }

    /// The page of an answer: where the listing goes on after these rows, if anywhere.
    ///
    /// # Errors
    /// `internal_error` when the cursor cannot be serialised.
    pub fn next<C: Serialize>(&self, cursor: Option<&C>) -> Result<lumos_connector_types::page::Page> {
        let token = match cursor {
            Some(cursor) => token::encode(std::slice::from_ref(cursor))?,
            None => None,
        };
        Ok(lumos_connector_types::page::Page { token, size: self.size })
    }
}

impl From<lumos_connector_types::page::Page> for Page {
    fn from(page: lumos_connector_types::page::Page) -> Self {
        Self { token: page.token, size: page.size }
    }
}
