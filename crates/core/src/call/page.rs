//! The page of a listing that a request asks for.

use lumos_connector_types::page::Page;
use serde::de::DeserializeOwned;

use crate::call::listing::{Listing, PageSizes};
use crate::declaration::error::Result;

/// The page that a request asks for, and the listing it belongs to: an argument of handlers.
///
/// ```
/// use lumos_connector_core::error::Result;
/// use lumos_connector_core::listing::{Offset, PageSizes};
/// use lumos_connector_core::page::PageRequest;
/// use lumos_connector_core::{Call, Integration, Reply};
/// use lumos_connector_types::payload::{FoundAccountData, ListAccounts};
///
/// const SIZES: PageSizes = PageSizes { default: 100, max: 500 };
///
/// async fn list_accounts(page: PageRequest, _: ListAccounts) -> Result<Reply<Vec<FoundAccountData>>> {
///     let listing = page.listing::<Offset>(SIZES)?;
///     let (offset, limit) = (listing.position().offset, listing.size());
///     // … ask the app for `limit` rows from `offset` on …
///     listing.next_page(Vec::new(), None)
/// }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PageRequest {
    /// The token that the listing gave with its last page; `None` for the first page.
    pub token: Option<String>,
    /// How many rows are asked for, as the caller wrote it: it may be zero or negative.
    pub size: Option<i64>,
    /// The capability that lists: what tells its page tokens from those of the connector's other listings.
    pub capability: &'static str,
}

impl PageRequest {
    /// The request for the first page of the listing that a capability gives.
    #[must_use]
    pub fn new(capability: &'static str) -> Self {
        Self { capability, ..Self::default() }
    }

    /// The request for another page of the same listing: that of an answer, say, for the page after it.
    #[must_use]
    pub fn with_page(self, page: Page) -> Self {
        Self { token: page.token, size: page.size, ..self }
    }

    /// How many rows to give: what was asked for within 1 and `max`, or `default` when it was nothing useful.
    #[must_use]
    pub fn size_or(&self, default: usize, max: usize) -> usize {
        let asked = self.size.and_then(|size| usize::try_from(size).ok()).filter(|size| *size > 0);
        asked.unwrap_or(default).min(max)
    }

    /// The listing, at the page that is asked for. `P` is what the connector needs to know where a page starts: a key,
    /// an offset, the app's cursor; see [`listing`](crate::listing) for what there is.
    ///
    /// # Errors
    /// `invalid_page_token` when the token was made by another listing, or from another kind of position.
    pub fn listing<P: DeserializeOwned>(&self, sizes: PageSizes) -> Result<Listing<P>> {
        Listing::open(self, sizes)
    }

    /// The listing at a position that the connector has read itself, from page tokens in a format of its own; see
    /// [`Listing::tokens`].
    #[must_use]
    pub fn listing_at<P>(&self, sizes: PageSizes, position: Option<P>) -> Listing<P> {
        Listing::at(self, sizes, position)
    }
}
