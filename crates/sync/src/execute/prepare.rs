//! Before the first page: what the connector offers, whether its credentials work, and which sync goes on.

use std::time::Duration;

use jiff::Timestamp;
use lumos_connector_types::capability::StandardCapability;
use lumos_connector_types::info::Info;
use lumos_connector_types::rate_limit::RateLimitRequestInfo;
use serde::{Deserialize, Serialize};

use super::caller::{Caller, PageCall};
use super::error::SyncError;
use super::options::SyncOptions;
use super::page::PageRows;
use super::policy::{Decision, RetryPolicy};
use super::rate_limit::LimitState;
use super::resume::{self, Now, Resume};
use crate::plan::Plan;
use crate::store::{NewSync, Store};

/// What is learned of a connector before the first page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Learned {
    /// The connector.
    pub app_id: String,
    /// Its version.
    pub version: String,
    /// What it can do.
    pub capabilities: Vec<String>,
    /// Connection and tenant: what must be the same when a stopped sync goes on.
    pub fingerprint: String,
    /// What the connector learned about the app's limits.
    pub rate_limit: Option<RateLimitRequestInfo>,
}

/// A sync that may begin or go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// Its number in the store.
    pub sync: i64,
    /// Rows asked for in a page.
    pub page_size: Option<u32>,
    /// The day from which activities and expenses are read.
    pub since: String,
    /// Whether it was stopped before and goes on.
    pub is_resumed: bool,
    /// Why a stopped sync does not go on.
    pub left: Option<String>,
    /// The state of the app's limits.
    pub limits: LimitState,
}

/// Asks the connector what it offers, and checks its credentials where it can.
///
/// # Errors
/// When it does not say what it is, or refuses the credentials.
pub async fn learn<C: Caller>(caller: &C, retry: &RetryPolicy) -> Result<Learned, SyncError> {
    let info = caller.info().await.map_err(SyncError::Info)?;
    let mut limits = LimitState::default();
    let tenant = validate(caller, &info, retry, &mut limits).await?;
    Ok(Learned {
        fingerprint: format!("{}/{tenant}", caller.fingerprint()),
        app_id: info.app_id,
        version: info.version,
        capabilities: info.capabilities,
        rate_limit: limits.for_call(0, 1),
    })
}

/// Begins a sync in the store, or goes on with one that was stopped.
///
/// # Errors
/// When nothing is selected, a stopped sync was asked for something else, or the store cannot be written.
pub fn begin(store: &Store, options: &SyncOptions, learned: &Learned) -> Result<Prepared, SyncError> {
    let plan = Plan::new(&learned.capabilities, &options.selection, options.verify)?;
    let mut limits = LimitState::default();
    limits.restore(learned.rate_limit.as_ref());
    let (fingerprint, version) = (&learned.fingerprint, &learned.version);
    match resume::decide(store, options, Now { fingerprint, version })? {
        Resume::GoOn(stopped) => Ok(Prepared {
            sync: stopped.id,
            page_size: stopped.page_size.and_then(|size| u32::try_from(size).ok()),
            since: stopped.since,
            is_resumed: true,
            left: None,
            limits,
        }),
        Resume::Anew(left) => {
            let since = options.since.clone().unwrap_or_else(month_ago);
            let sync = NewSync {
                connection: &options.connection,
                fingerprint,
                app_id: &learned.app_id,
                connector_version: version,
                page_size: options.page_size.map(i64::from),
                options: &options.chosen(),
                since: &since,
            };
            let sync = store.begin(&sync, &plan.listings)?;
            Ok(Prepared { sync, page_size: options.page_size, since, is_resumed: false, left, limits })
        }
    }
}

/// Checks the credentials where the connector can, and returns the name of the tenant that they lead to.
pub(crate) async fn validate<C: Caller>(
    caller: &C,
    info: &Info,
    retry: &RetryPolicy,
    limits: &mut LimitState,
) -> Result<String, SyncError> {
    let capability = StandardCapability::ValidateCredentials.as_str();
    if !info.capabilities.iter().any(|name| name == capability) {
        return Ok(String::new());
    }
    let (mut attempt, mut waits) = (0, 0);
    loop {
        let call = PageCall {
            capability: capability.to_owned(),
            request: "{}".to_owned(),
            rate_limit: limits.for_call(attempt, 1),
            ..PageCall::default()
        };
        match caller.page(call, &mut PageRows::new(None, 0)).await {
            Ok(answer) => {
                limits.observe(answer.rate_limit.as_ref());
                let member = |name: &str| answer.members.get(name).map(|value| value.text().to_owned());
                if member("valid").as_deref() == Some("false") {
                    return Err(SyncError::Credentials(
                        "the connector says that they are not valid".to_owned(),
                    ));
                }
                return Ok(member("unique_tenant_id").unwrap_or_default());
            }
            Err(failure) => match retry.decide(&failure, attempt, waits) {
                Decision::GiveUp(message) => return Err(SyncError::Credentials(message)),
                Decision::Again { delay, is_failure } => {
                    attempt += u32::from(is_failure);
                    waits += u32::from(!is_failure);
                    tokio::time::sleep(delay).await;
                }
            },
        }
    }
}

/// The day 30 days ago, as `YYYY-MM-DD`.
fn month_ago() -> String {
    const MONTH: Duration = Duration::from_secs(30 * 24 * 60 * 60);
    let moment = Timestamp::now().checked_sub(MONTH).unwrap_or(Timestamp::UNIX_EPOCH).to_string();
    moment.split('T').next().unwrap_or_default().to_owned()
}
