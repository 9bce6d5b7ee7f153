//! What changed between two syncs. Only a complete listing may imply that something is gone.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`side`] | one of the two syncs: a file and a number |
//! | [`merge`](self) | both sides gone through in the order of their keys |
//! | [`fields`] | two texts of one row compared field by field |
//! | [`guard`] | how many removals are believed |
//! | [`updates`](self) | a sync compared with what the connector says has changed since |

pub mod fields;
pub mod guard;
mod merge;
mod names;
pub mod side;
mod updates;

pub use fields::FieldChange;
pub use guard::{RemovalLimit, TooManyRemovals};
pub use merge::{Change, ChangedRow, ListingDiff, diff};
pub use side::{Chosen, Side, SideError, SideName};
pub use updates::{NOT_SEEN, UpdatedSince, UpdatesError, diff_since};
