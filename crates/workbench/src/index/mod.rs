//! The index of a store: a file beside it that makes its rows searchable and sortable, and counts what pictures show.
//!
//! A store keeps rows as they came, in the order in which they came, with their keys alone indexed: that is what reading
//! a tenant fast takes. To look at a million of them takes more, and it is made when a sync is looked at for the first
//! time. The file holds nothing that is not in the store, and may be thrown away.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `file` | opening the file, and the indexes in it |
//! | `build` | making the index of one sync |
//! | `counts` | what pictures show, counted once |
//! | `table` | which columns a table has, and by which it is sorted |
//! | `query` | a page of a table: search, filter, sort, and where it goes on |

pub(crate) mod build;
pub(crate) mod counts;
pub(crate) mod file;
pub(crate) mod query;
pub(crate) mod table;

pub(crate) use build::Progress;
pub(crate) use file::{Built, IndexFile};
