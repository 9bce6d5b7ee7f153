//! Whether a stopped sync goes on, and why not.

use jiff::Timestamp;

use super::error::SyncError;
use super::options::SyncOptions;
use crate::store::{Store, SyncRecord};

/// What is done about a sync that was stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resume {
    /// It goes on.
    GoOn(Box<SyncRecord>),
    /// Everything is read anew: there was none, or for the reason given.
    Anew(Option<String>),
}

/// What a sync is compared with that was stopped.
#[derive(Clone, Copy, Debug)]
pub struct Now<'a> {
    /// Connection and tenant.
    pub fingerprint: &'a str,
    /// The connector's version.
    pub version: &'a str,
}

/// Decides whether a stopped sync of the connection goes on.
///
/// # Errors
/// When it could, but not with these options.
pub fn decide(store: &Store, options: &SyncOptions, now: Now<'_>) -> Result<Resume, SyncError> {
    let Some(stopped) = store.stopped_sync(&options.connection)? else { return Ok(Resume::Anew(None)) };
    let anew = |reason: String| {
        Ok(Resume::Anew(Some(format!("sync {} was stopped and is left: {reason}", stopped.id))))
    };
    if options.fresh {
        return anew("--fresh".to_owned());
    }
    if stopped.fingerprint != now.fingerprint {
        return anew("the connection has changed".to_owned());
    }
    if stopped.connector_version != now.version {
        return anew(format!(
            "the connector's version was {} and is {}",
            stopped.connector_version, now.version
        ));
    }
    // A clock that was set back makes no token older.
    let age = Timestamp::now().as_millisecond().saturating_sub(store.last_heard_of(stopped.id)?).max(0);
    if u128::try_from(age).unwrap_or_default() > options.resume_within.as_millis() {
        return anew(format!("its last page is {} h old, too old for its page tokens", age / 3_600_000));
    }
    let size = options.page_size.map(i64::from);
    if size.is_some() && size != stopped.page_size {
        let text = |size: Option<i64>| {
            size.map_or_else(|| "the connector's size".to_owned(), |size| size.to_string())
        };
        return Err(SyncError::PageSizeChanged {
            sync: stopped.id,
            before: text(stopped.page_size),
            now: text(size),
        });
    }
    if stopped.options != options.chosen() {
        return Err(SyncError::ChoiceChanged { sync: stopped.id, before: stopped.options });
    }
    Ok(Resume::GoOn(Box::new(stopped)))
}
