//! Listings: how their pages follow each other.
//!
//! | the app, or the connector, pages | use |
//! | --- | --- |
//! | by the key of the last row | [`Page::listing`](crate::page::Page::listing) |
//! | by offset, page number, or a token of its own | a [cursor](cursors): [`Offset`], [`PageNumber`], [`Continuation`] |
//! | in batches whose rows do not fit the caller's pages | [`Page::batches`](crate::page::Page::batches) |
//! | several lists, one after the other | [`Page::endpoints`](crate::page::Page::endpoints) |
//! | and the connector needs the whole list at once | [`whole`] |
//!
//! A listing that does not get on, or ends before the total that the app names, is a [`PagingError`]: an endless loop
//! or half a list would be worse.

mod batches;
pub mod cursors;
mod endpoints;
mod keyset;
mod problem;
mod whole;

pub use batches::{Batch, Batches};
pub use cursors::{Continuation, Offset, PageNumber};
pub use endpoints::Endpoints;
pub use keyset::{Listing, PageSizes};
pub use problem::PagingError;
pub use whole::whole;

use crate::declaration::error::{ConnectorError, ErrorClass, Result};

/// A token says which listing of the connector it belongs to.
fn check_name(listing: &str, expected: &str) -> Result<()> {
    if listing == expected {
        return Ok(());
    }
    Err(ConnectorError::of(ErrorClass::InvalidPageToken)
        .message(format!("The page token belongs to the listing '{listing}', not to '{expected}'.")))
}
