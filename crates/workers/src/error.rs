//! What can be wrong with a cluster of workers.

use std::path::PathBuf;

use lumos_sync::execute::SyncError;
use lumos_sync::store::StoreError;

/// Why something could not be done on the cluster.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// The broker cannot be reached, or refuses the credentials.
    #[error("cannot connect to {url}: {message}")]
    Connect {
        /// The broker, without user and password.
        url: String,
        /// Why.
        message: String,
    },
    /// The address or the credentials are not complete.
    #[error("{0}")]
    Access(String),
    /// A file of credentials cannot be read.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The broker did not do what it was asked for.
    #[error("{what}: {message}")]
    Broker {
        /// What it was asked for.
        what: &'static str,
        /// What it says.
        message: String,
    },
    /// A message holds something unexpected.
    #[error("a message on {subject} cannot be read: {message}")]
    Message {
        /// Its subject.
        subject: String,
        /// What is wrong.
        message: String,
    },
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A sync cannot begin.
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// A file of schedules is wrong.
    #[error("{path}: {message}")]
    Schedule {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
}

impl ClusterError {
    pub(crate) fn broker(what: &'static str, error: &dyn std::error::Error) -> Self {
        Self::Broker { what, message: chain(error) }
    }
}

/// An error with its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
