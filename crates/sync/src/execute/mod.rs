//! The local executor: it runs the page jobs of one sync on this machine, to the end of every listing.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`options`] | what is wanted of a sync |
//! | [`caller`] | what a sync needs of a connector, and the connection that has it |
//! | [`coordinator`] | which listings may start, and with which requests |
//! | [`reader`] | a page read by whoever has its head |
//! | [`page`] | the rows of a page while they arrive |
//! | [`policy`] | which failures are tried again, when, and how often |
//! | [`rate_limit`] | what answers say about the app's limits, and what that allows |
//! | [`prepare`] | what is learned of a connector before the first page |
//! | [`resume`] | whether a stopped sync goes on |
//! | [`run`] | the sync from its begin to its verdicts |
//! | [`event`] | what happens meanwhile |

pub mod caller;
pub mod coordinator;
mod error;
pub mod event;
mod lanes;
pub mod options;
pub mod page;
pub mod policy;
pub mod prepare;
pub mod rate_limit;
pub mod reader;
pub mod resume;
mod run;

pub use caller::{CallFailure, Caller, PageAnswer, PageCall};
pub use coordinator::Coordinator;
pub use error::SyncError;
pub use event::{Event, Observer};
pub use options::SyncOptions;
pub(crate) use prepare::validate;
pub use prepare::{Learned, Prepared};
pub use reader::{PageOutcome, PageReader};
pub use run::{SyncEnd, end_of, finish, run};
