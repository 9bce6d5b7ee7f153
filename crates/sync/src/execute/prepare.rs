//! Before the first page: what the connector offers, whether its credentials work, and which sync goes on.

use std::time::Duration;

use jiff::Timestamp;
use lumos_connector_types::capability::StandardCapability;
use lumos_connector_types::info::Info;

use super::caller::{Caller, PageCall};
use super::error::SyncError;
use super::options::SyncOptions;
use super::page::PageRows;
use super::policy::{Decision, RetryPolicy};
use super::rate_limit::LimitState;
use super::resume::{self, Now, Resume};
use crate::plan::Plan;
use crate::store::{NewSync, Store};

/// A sync that may begin or go on.
pub(super) struct Prepared {
    pub(super) sync: i64,
    pub(super) page_size: Option<u32>,
    pub(super) since: String,
    pub(super) is_resumed: bool,
    pub(super) left: Option<String>,
    pub(super) limits: LimitState,
}

pub(super) async fn prepare<C: Caller>(
    caller: &C,
    store: &Store,
    options: &SyncOptions,
) -> Result<Prepared, SyncError> {
    let info = caller.info().await.map_err(SyncError::Info)?;
    let plan = Plan::new(&info.capabilities, &options.selection, options.verify)?;
    let mut limits = LimitState::default();
    let tenant = validate(caller, &info, &options.retry, &mut limits).await?;
    let fingerprint = format!("{}/{tenant}", caller.fingerprint());
    let version = &info.version;
    match resume::decide(store, options, Now { fingerprint: &fingerprint, version })? {
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
                fingerprint: &fingerprint,
                app_id: &info.app_id,
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
