//! The store: one SQLite file with the rows of several syncs and the evidence for their verdicts.
//!
//! | part | what lives there |
//! | --- | --- |
//! | `schema.sql` | the tables, version 1 |
//! | [`file`](self) | opening: version, mode, the lock against a second sync |
//! | `syncs` | the syncs of a file: begin, go on, end, throw away old ones |
//! | `listings` | the listings of a sync and how far each is |
//! | `frontier` | heads and the commit of a page |
//! | `rows` | the rows of a listing in the order of their keys |
//! | `views` | the rows of the latest sync as columns |

mod error;
mod file;
mod frontier;
mod listings;
mod rows;
mod syncs;
mod views;

pub use error::StoreError;
pub use file::Store;
pub use frontier::SqliteFrontier;
pub use listings::{Finding, FindingKind, ListingRecord, ListingState};
pub use rows::{KeyedRow, Rows};
pub use syncs::{NewSync, SyncRecord, SyncState};
