//! Why a sync could not be run at all. What goes wrong with a single listing is in its verdict.

use super::caller::CallFailure;
use crate::plan::SelectionError;
use crate::store::StoreError;

/// Why a sync could not be run, or not go on. What was stored before is kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SyncError {
    /// The connector does not say what it is.
    #[error("cannot learn what the connector offers: {}", .0.message)]
    Info(CallFailure),
    /// The credentials do not work.
    #[error("the credentials were refused: {0}")]
    Credentials(String),
    /// The selection makes no sense.
    #[error(transparent)]
    Selection(#[from] SelectionError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A stopped sync read pages of another size.
    #[error(
        "sync {sync} was stopped and reads pages of {before}, not {now}: its page tokens may not fit; \
         leave --page-size as it was to go on, or read anew with --fresh"
    )]
    PageSizeChanged {
        /// The stopped sync.
        sync: i64,
        /// Its page size.
        before: String,
        /// What is asked for now.
        now: String,
    },
    /// A stopped sync was asked for something else.
    #[error(
        "sync {sync} was stopped and reads another choice of listings ({before}); \
         choose the same to go on, or read anew with --fresh"
    )]
    ChoiceChanged {
        /// The stopped sync.
        sync: i64,
        /// What it was asked for.
        before: String,
    },
}
