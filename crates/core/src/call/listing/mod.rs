//! Listings: how their pages follow each other.
//!
//! [`PageRequest::listing`](crate::page::PageRequest::listing) gives the [`Listing`] at the page that is asked for. Its
//! type parameter is the *position*: what is kept in the page token so that the next page starts in the right place.
//! The token also names the capability, so that the token of another listing is refused.
//!
//! | the app, or the connector, pages | position | answer with |
//! | --- | --- | --- |
//! | by the key of the last row | the key | [`reply`](Listing::reply) |
//! | by offset, page number, or a token of its own | a [cursor](cursors): [`Offset`], [`PageNumber`], [`Continuation`] | [`next_page`](Listing::next_page) |
//! | in pages that are passed on as they come, and may be empty | any cursor | [`first_batch`](Listing::first_batch) |
//! | by offset, over rows that the connector makes | [`Offset`] | [`reply_from`](Listing::reply_from) |
//! | in batches whose rows do not fit the caller's pages | [`InBatch`] | [`batches`](Listing::batches) |
//! | in batches of items that have several rows each | [`InItem`] | [`expand`](Listing::expand) |
//! | several lists, one after the other | [`InPart`] within one of the two above | [`sequence`] |
//! | several lists, one after the other, by key | [`PartKey`] | [`reply_parts`](Listing::reply_parts) |
//!
//! [`whole`] is for connectors that need all rows at once.
//!
//! A listing that does not advance, or ends before the total that the app names, is a [`PagingError`]: an endless loop
//! or half a list would be worse.

mod batches;
pub mod cursors;
mod expansion;
mod page;
mod parts;
mod whole;

pub use crate::declaration::error::PagingError;
pub use batches::{Batch, InBatch};
pub use cursors::{Continuation, Offset, PageNumber};
pub use expansion::{Expanded, InItem};
pub use page::{Listing, PageSizes};
pub use parts::{InPart, PartKey, sequence};
pub use whole::whole;
