//! A sync compared with what the connector says has changed since: less work than a second sync, and less to see.

use std::collections::HashSet;
use std::io;
use std::time::Duration;

use jiff::Timestamp;
use lumos_connector_types::capability::StandardCapability;

use super::fields;
use super::merge::{Change, ChangedRow};
use super::names;
use super::side::{Side, SideError};
use crate::execute::page::PageRows;
use crate::execute::policy::{Decision, RetryPolicy};
use crate::execute::rate_limit::LimitState;
use crate::execute::{CallFailure, Caller, PageAnswer, PageCall, SyncError, validate};
use crate::plan::{ListingKind, RequestValues};
use crate::row::buffer::digest;
use crate::verdict::Verdict;

/// What [`diff_since`] cannot see.
pub const NOT_SEEN: &str = "accounts that are gone, and everything besides accounts (resources, entitlements, associations \
                            and all else), are not seen: `connector sync` reads them";

/// Changes are asked for from so long before the accounts were read: clocks differ, and an account that did not change
/// does no harm.
const OVERLAP: Duration = Duration::from_secs(5 * 60);
/// Bytes of a page that are held in memory; more goes to a file.
const PAGE_MEMORY: usize = 2 * 1024 * 1024;
/// How many pages without a row may come in a row.
const EMPTY_PAGES: u32 = 1000;

/// What changed since a sync, as far as the connector says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpdatedSince {
    /// The moment from which changes were asked for (RFC 3339).
    pub since: String,
    /// Accounts that the connector named.
    pub updated: u64,
    /// Those that the sync did not have.
    pub added: u64,
    /// Those of which a field differs.
    pub changed: u64,
    /// Those that are as they were.
    pub unchanged: u64,
    /// Rows that cannot be told from others, and were left out.
    pub without_identity: u64,
    /// Why an account that is added may have been there before; `None` where the accounts of the sync are complete.
    pub doubt: Option<String>,
}

/// Why it cannot be said what changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpdatesError {
    /// The store cannot be read, or what is found not be written.
    #[error(transparent)]
    Side(#[from] SideError),
    /// The connector cannot be asked.
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// The connector does not know what changed.
    #[error(
        "the connector has no list_updated_accounts; read the tenant again with `connector sync` and compare the two syncs"
    )]
    NoCapability,
    /// The connection leads elsewhere.
    #[error("the connection leads to another tenant than sync {sync} was read from")]
    OtherTenant {
        /// The sync.
        sync: i64,
    },
    /// The sync has no accounts to compare with.
    #[error("sync {sync} did not read accounts")]
    NoAccounts {
        /// The sync.
        sync: i64,
    },
    /// The changes were not read to their end: some may be missing.
    #[error("list_updated_accounts: page {page}: {reason}; not all that changed was read")]
    Cut {
        /// The page, from 0.
        page: u64,
        /// Why.
        reason: String,
    },
}

/// Asks the connector which accounts changed since a sync read them (`list_updated_accounts`), and calls `each` with every
/// one that is new or of which a field differs.
///
/// [`NOT_SEEN`] says what this cannot see.
///
/// # Errors
/// [`UpdatesError`], and that of `each`.
pub async fn diff_since<C: Caller>(
    caller: &C,
    side: &Side,
    retry: &RetryPolicy,
    mut each: impl FnMut(&ChangedRow<'_>) -> Result<(), SideError>,
) -> Result<UpdatedSince, UpdatesError> {
    let sync = side.sync.id;
    let capability = StandardCapability::ListUpdatedAccounts.as_str();
    let accounts = StandardCapability::ListAccounts.as_str();
    let kind = ListingKind::of(accounts).ok_or(UpdatesError::NoAccounts { sync })?;
    let before = side.listing(accounts).filter(|listing| listing.is_indexed());
    let before = before.ok_or(UpdatesError::NoAccounts { sync })?;
    let info = caller.info().await.map_err(SyncError::Info)?;
    if !info.capabilities.iter().any(|name| name == capability) {
        return Err(UpdatesError::NoCapability);
    }
    let mut limits = LimitState::default();
    let tenant = validate(caller, &info, retry, &mut limits).await?;
    if format!("{}/{tenant}", caller.fingerprint()) != side.sync.fingerprint {
        return Err(UpdatesError::OtherTenant { sync });
    }
    let doubt = (before.verdict != Some(Verdict::Complete)).then(|| {
        before.reason.clone().unwrap_or_else(|| "the accounts of the sync have no verdict".to_owned())
    });
    let since = moment(before.started_at.unwrap_or(side.sync.started_at));
    let mut found = UpdatedSince { since, doubt, ..UpdatedSince::default() };
    let mut pages = Pages {
        caller,
        retry,
        limits,
        kind,
        request: RequestValues { attributes: attributes(side)?, since: found.since.clone() }
            .updated_accounts(),
        token: None,
        tokens: HashSet::new(),
        number: 0,
        empty: 0,
    };
    let mut seen = HashSet::new();
    loop {
        let (rows, next) = pages.read().await?;
        let (mut buffer, facts) = rows.into_parts();
        found.without_identity += facts.without_identity + facts.not_objects;
        buffer.for_each(|row| {
            // An account that changes while it is read comes again: the first counts, as in a sync.
            let Some(key) = row.key.filter(|key| seen.insert(digest(key))) else { return Ok(()) };
            found.updated += 1;
            let change = match side.store.row_of_key(before.id, key)? {
                None => Change::Added,
                Some(old) => match fields::compare(&old, row.data) {
                    fields if fields.is_empty() => {
                        found.unchanged += 1;
                        return Ok(());
                    }
                    fields => Change::Changed(fields),
                },
            };
            match change {
                Change::Added => found.added += 1,
                _ => found.changed += 1,
            }
            let name = names::name_of(side, kind, key, row.data)?;
            each(&ChangedRow { label: kind.label, key, name: &name, change: &change })
        })?;
        if !next {
            return Ok(found);
        }
    }
}

fn moment(started_at: i64) -> String {
    let started = Timestamp::from_millisecond(started_at).unwrap_or(Timestamp::UNIX_EPOCH);
    started.checked_sub(OVERLAP).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}

/// The custom attributes that the accounts were read with: the same must be asked for, or they would seem to be gone.
fn attributes(side: &Side) -> Result<Vec<(String, String)>, SideError> {
    let listing = side.listings.iter().find(|listing| listing.label == "custom_attributes");
    let attributes = listing.map(|listing| side.store.custom_attributes(listing.id)).transpose()?;
    Ok(attributes.unwrap_or_default())
}

/// The pages of `list_updated_accounts`, to their end.
struct Pages<'a, C> {
    caller: &'a C,
    retry: &'a RetryPolicy,
    limits: LimitState,
    kind: &'static ListingKind,
    request: String,
    token: Option<String>,
    /// Hashes of the tokens so far: one that comes again leads round in circles.
    tokens: HashSet<i64>,
    number: u64,
    empty: u32,
}

impl<C: Caller> Pages<'_, C> {
    /// The next page, and whether there is another one after it.
    async fn read(&mut self) -> Result<(PageRows, bool), UpdatesError> {
        let (rows, answer) = self.try_read().await?;
        self.empty = if rows.is_empty() { self.empty + 1 } else { 0 };
        if self.empty >= EMPTY_PAGES {
            return Err(self.cut(format!("{EMPTY_PAGES} empty pages in a row")));
        }
        if let Some(next) = &answer.next
            && !self.tokens.insert(digest(next))
        {
            return Err(self.cut("gave a token that an earlier page was asked with".to_owned()));
        }
        self.number += 1;
        self.token = answer.next;
        Ok((rows, self.token.is_some()))
    }

    fn cut(&self, reason: String) -> UpdatesError {
        UpdatesError::Cut { page: self.number, reason }
    }

    async fn try_read(&mut self) -> Result<(PageRows, PageAnswer), UpdatesError> {
        let (mut attempt, mut waits) = (0, 0);
        loop {
            let call = PageCall {
                capability: StandardCapability::ListUpdatedAccounts.as_str().to_owned(),
                request: self.request.clone(),
                token: self.token.clone(),
                size: None,
                rate_limit: self.limits.for_call(attempt, 1),
            };
            let mut rows = PageRows::new(Some(self.kind), PAGE_MEMORY);
            let failure: CallFailure = match self.caller.page(call, &mut rows).await {
                Ok(answer) => {
                    self.limits.observe(answer.rate_limit.as_ref());
                    return Ok((rows, answer));
                }
                Err(failure) => failure,
            };
            match self.retry.decide(&failure, attempt, waits) {
                Decision::GiveUp(reason) => return Err(self.cut(reason)),
                Decision::Again { delay, is_failure } => {
                    attempt += u32::from(is_failure);
                    waits += u32::from(!is_failure);
                    tokio::time::sleep(delay).await;
                }
            }
        }
    }
}

impl From<io::Error> for UpdatesError {
    fn from(error: io::Error) -> Self {
        Self::Side(error.into())
    }
}

impl From<crate::store::StoreError> for UpdatesError {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Side(error.into())
    }
}
