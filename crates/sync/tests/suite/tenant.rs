//! A tenant behind a connector that answers from memory, and misbehaves when told to.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lumos_connector_types::info::Info;
use lumos_connector_types::json::JsonObject;
use lumos_connector_types::rate_limit::RateLimitResponseInfo;
use lumos_sync::execute::page::PageRows;
use lumos_sync::execute::{
    CallFailure, Caller, Observer, PageAnswer, PageCall, SyncEnd, SyncError, SyncOptions, run,
};
use lumos_sync::store::Store;
use lumos_sync::verdict::Verdict;

/// What a call is answered with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    pub(crate) rows: Vec<String>,
    pub(crate) next: Option<String>,
    /// After the rows.
    pub(crate) failure: Option<CallFailure>,
    pub(crate) rate_limit: Option<RateLimitResponseInfo>,
}

type Fault = Box<dyn Fn(&PageCall, usize, Reply) -> Reply + Send + Sync>;

/// A tenant and its connector.
pub(crate) struct Tenant {
    pub(crate) version: String,
    pub(crate) fingerprint: String,
    /// The pages of each listing.
    pub(crate) pages: BTreeMap<&'static str, Vec<Vec<String>>>,
    fault: Fault,
    /// Every call so far.
    pub(crate) calls: Mutex<Vec<PageCall>>,
}

pub(crate) fn account(number: usize) -> String {
    format!(r#"{{"integration_specific_id":"a{number:04}","email":"{number}@example.test"}}"#)
}

pub(crate) fn association(account: usize, entitlement: usize) -> String {
    format!(
        r#"{{"account_id":"a{account:04}","integration_specific_entitlement_id":"e{entitlement}","integration_specific_resource_id":""}}"#
    )
}

fn entitlement(number: usize) -> String {
    format!(
        r#"{{"entitlement_type":"ROLE","integration_specific_id":"e{number}","integration_specific_resource_id":"","label":"Role {number}"}}"#
    )
}

fn in_pages(rows: impl Iterator<Item = String>, size: usize) -> Vec<Vec<String>> {
    rows.collect::<Vec<_>>().chunks(size).map(<[String]>::to_vec).collect()
}

impl Tenant {
    /// 30 accounts, 4 entitlements, 60 associations and the last activity of each account, in pages of 5.
    pub(crate) fn small() -> Self {
        Self::of(30)
    }

    pub(crate) fn of(accounts: usize) -> Self {
        let pages = BTreeMap::from([
            ("list_accounts", in_pages((0..accounts).map(account), 5)),
            ("list_entitlements", in_pages((0..4).map(entitlement), 5)),
            (
                "find_entitlement_associations",
                in_pages(
                    (0..accounts).flat_map(|it| [association(it, it % 4), association(it, (it + 1) % 4)]),
                    5,
                ),
            ),
            ("get_last_activity", Vec::new()),
            ("validate_credentials", Vec::new()),
        ]);
        Self {
            version: "1.0.0".to_owned(),
            fingerprint: "one".to_owned(),
            pages,
            fault: Box::new(|_, _, reply| reply),
            calls: Mutex::default(),
        }
    }

    /// The same with a fault: it is given the call, how many calls of this capability came before, and the reply of a
    /// healthy connector.
    pub(crate) fn fault(
        mut self,
        fault: impl Fn(&PageCall, usize, Reply) -> Reply + Send + Sync + 'static,
    ) -> Self {
        self.fault = Box::new(fault);
        self
    }

    fn healthy(&self, call: &PageCall) -> Reply {
        if call.capability == "get_last_activity" {
            let request: serde_json::Value = serde_json::from_str(&call.request).unwrap();
            let row = |id: &serde_json::Value| {
                format!(
                    r#"{{"account_id":{id},"event_type":"last_login","happened_at":"2026-11-01T00:00:00Z"}}"#
                )
            };
            let rows = request["account_ids"].as_array().unwrap().iter().map(row).collect();
            return Reply { rows, ..Reply::default() };
        }
        let page: usize =
            call.token.as_deref().map_or(0, |token| token.rsplit(':').next().unwrap().parse().unwrap());
        let pages = &self.pages[call.capability.as_str()];
        Reply {
            rows: pages.get(page).cloned().unwrap_or_default(),
            next: (page + 1 < pages.len()).then(|| format!("{}:{}", call.capability, page + 1)),
            ..Reply::default()
        }
    }

    pub(crate) fn calls_of(&self, capability: &str) -> usize {
        self.calls.lock().unwrap().iter().filter(|call| call.capability == capability).count()
    }
}

impl Caller for Tenant {
    fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }

    async fn info(&self) -> Result<Info, CallFailure> {
        Ok(Info {
            app_id: "tenant".to_owned(),
            version: self.version.clone(),
            capabilities: self.pages.keys().map(|&name| name.to_owned()).collect(),
            ..Info::default()
        })
    }

    async fn page(&self, call: PageCall, rows: &mut PageRows) -> Result<PageAnswer, CallFailure> {
        let before = self.calls_of(&call.capability);
        self.calls.lock().unwrap().push(call.clone());
        if call.capability == "validate_credentials" {
            let members = JsonObject::from_iter([
                ("valid".to_owned(), serde_json::json!(true)),
                ("unique_tenant_id".to_owned(), serde_json::json!("t")),
            ]);
            return Ok(PageAnswer { members, ..PageAnswer::default() });
        }
        tokio::task::yield_now().await;
        let reply = (self.fault)(&call, before, self.healthy(&call));
        for row in &reply.rows {
            rows.push(None, row).unwrap();
        }
        match reply.failure {
            Some(failure) => Err(failure),
            None => Ok(PageAnswer {
                next: reply.next,
                rate_limit: reply.rate_limit,
                elapsed: Duration::from_millis(3),
                ..PageAnswer::default()
            }),
        }
    }

    async fn reload_secrets(&self) {}
}

/// A folder with a store.
pub(crate) struct Place {
    pub(crate) folder: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("tenant.db")
    }

    pub(crate) async fn sync(&self, tenant: &Tenant) -> SyncEnd {
        self.sync_with(tenant, &SyncOptions::new("acme")).await.unwrap()
    }

    pub(crate) async fn sync_with(
        &self,
        tenant: &Tenant,
        options: &SyncOptions,
    ) -> Result<SyncEnd, SyncError> {
        self.watched(tenant, options, &()).await
    }

    pub(crate) async fn watched<O: Observer>(
        &self,
        tenant: &Tenant,
        options: &SyncOptions,
        observer: &O,
    ) -> Result<SyncEnd, SyncError> {
        let store = Arc::new(Store::open(&self.path())?);
        run(tenant, &store, options, observer).await
    }

    /// Every row of every listing of a sync, in the order of the text: what a run leaves.
    pub(crate) fn rows(&self, sync: i64) -> Vec<String> {
        let store = Store::read(&self.path()).unwrap();
        let mut rows = Vec::new();
        for listing in store.listings(sync).unwrap().iter().filter(|listing| listing.reading == 1) {
            store
                .for_each_row(listing.id, |row| {
                    rows.push(format!("{} {row}", listing.label));
                    Ok::<(), lumos_sync::store::StoreError>(())
                })
                .unwrap();
        }
        rows.sort();
        rows
    }
}

/// The verdict of a listing.
pub(crate) fn verdict(end: &SyncEnd, label: &str) -> Verdict {
    end.listings.iter().find(|(listing, _)| listing.label == label).unwrap().0.verdict.unwrap()
}

/// The verdict of a listing in one sentence.
pub(crate) fn reason(end: &SyncEnd, label: &str) -> String {
    end.listings.iter().find(|(listing, _)| listing.label == label).unwrap().0.reason.clone().unwrap()
}
