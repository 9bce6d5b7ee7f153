//! The store: the rows of several syncs and the evidence for their verdicts, in a SQLite file or on a PostgreSQL server.
//!
//! | part | what lives there |
//! | --- | --- |
//! | `schema.sql` | the tables, version 1 |
//! | [`open`](self) | a store on either engine |
//! | `sqlite`, `postgres` | the engines: a file with its lock, a session with a server |
//! | `session`, `value` | statements, written once for both |
//! | `syncs` | the syncs of a file: begin, go on, end, throw away old ones |
//! | `listings` | the listings of a sync and how far each is |
//! | `frontier` | heads: who reads which page |
//! | `commit` | the commit of a page, behind the fence |
//! | `rows` | the rows of a listing in the order of their keys |
//! | `views` | the rows of the latest sync as columns |

mod commit;
mod error;
mod frontier;
mod listings;
mod open;
mod postgres;
mod rows;
mod session;
mod sqlite;
mod syncs;
mod value;
mod views;

pub use error::{ServerError, StoreError};
pub use frontier::{Collected, ReadElsewhere, Scope, StoreFrontier};
pub use listings::{Finding, FindingKind, ListingRecord, ListingState, RepeatedKeys};
pub use open::Store;
pub(crate) use rows::CHUNK as ROWS_AHEAD;
pub use rows::{KeyedRow, Rows};
pub use syncs::{NewSync, SyncRecord, SyncState};

/// The version of the schema that this tool writes.
const VERSION: i64 = 1;
/// The tables, in the words of SQLite.
const SCHEMA: &str = include_str!("schema.sql");
