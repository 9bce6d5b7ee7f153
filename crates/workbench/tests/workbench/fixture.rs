//! A tenant with hostile names in a store.

use std::path::PathBuf;
use std::sync::Arc;

use lumos_connector_types::info::Info;
use lumos_sync::execute::page::PageRows;
use lumos_sync::execute::{CallFailure, Caller, PageAnswer, PageCall, SyncOptions, run};
use lumos_sync::store::Store;
use serde_json::{Value, json};

/// Names as an attacker would choose them.
pub(crate) const HOSTILE: [&str; 4] = [
    "<script>alert(1)</script>",
    "\"><svg onload=alert(1)>",
    "=HYPERLINK(\"http://evil.test\")",
    "'--><img src=x onerror=alert(1)>",
];

/// A tenant behind a connector that answers from memory.
pub(crate) struct Tenant {
    pub(crate) accounts: usize,
    /// Whether the tenant has what a second sync finds changed.
    pub(crate) is_changed: bool,
}

impl Tenant {
    fn rows(&self, call: &PageCall) -> Vec<Value> {
        let accounts = 0..self.accounts;
        match call.capability.as_str() {
            "list_accounts" => accounts
                .map(|number| {
                    let name = HOSTILE.get(number).map_or_else(|| format!("Person {number:04}"), |&name| name.to_owned());
                    let status = if number % 5 == 0 { "SUSPENDED" } else { "ACTIVE" };
                    let family = if self.is_changed && number == 7 { "Changed" } else { "" };
                    json!({"integration_specific_id": format!("a{number}"), "email": format!("p{number}@acme.test"),
                           "given_name": name, "family_name": family, "user_status": status, "account_type": "user"})
                })
                .collect(),
            "list_resources" => (0..3)
                .map(|number| json!({"integration_specific_id": format!("r{number}"), "label": HOSTILE[number],
                                     "resource_type": HOSTILE[0]}))
                .collect(),
            "list_entitlements" => (0..6)
                .map(|number| json!({"integration_specific_id": format!("e{number}"), "entitlement_type": HOSTILE[1],
                                     "integration_specific_resource_id": if number < 3 { format!("r{number}") } else { String::new() },
                                     "label": HOSTILE.get(number).map_or_else(|| format!("Role {number}"), |&name| name.to_owned())}))
                .collect(),
            "find_entitlement_associations" => accounts
                .filter(|number| !self.is_changed || *number != 9)
                .flat_map(|account| (0..=account % 4).map(move |number| (account, number)))
                .map(|(account, number)| json!({"account_id": format!("a{account}"),
                    "integration_specific_entitlement_id": format!("e{number}"),
                    "integration_specific_resource_id": if number < 3 { format!("r{number}") } else { String::new() }}))
                .collect(),
            "get_last_activity" => {
                let request: Value = serde_json::from_str(&call.request).unwrap();
                let ids = request["account_ids"].as_array().unwrap();
                ids.iter().map(|id| json!({"account_id": id, "event_type": HOSTILE[0], "happened_at": "2026-11-01T00:00:00Z"})).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl Caller for Tenant {
    fn fingerprint(&self) -> String {
        "one".to_owned()
    }

    async fn info(&self) -> Result<Info, CallFailure> {
        let capabilities = [
            "list_accounts",
            "list_resources",
            "list_entitlements",
            "find_entitlement_associations",
            "get_last_activity",
        ];
        Ok(Info {
            app_id: "acme".to_owned(),
            version: "1.0.0".to_owned(),
            capabilities: capabilities.map(str::to_owned).into(),
            ..Info::default()
        })
    }

    async fn page(&self, call: PageCall, rows: &mut PageRows) -> Result<PageAnswer, CallFailure> {
        for row in self.rows(&call) {
            rows.push(None, &row.to_string()).unwrap();
        }
        Ok(PageAnswer::default())
    }

    async fn reload_secrets(&self) {}
}

/// A store with a sync of each of the tenants.
pub(crate) fn store(folder: &tempfile::TempDir, tenants: &[Tenant]) -> PathBuf {
    let path = folder.path().join("tenant.db");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = Arc::new(Store::open(&path).unwrap());
    for tenant in tenants {
        runtime.block_on(run(tenant, &store, &SyncOptions::new("acme"), &())).unwrap();
    }
    path
}
