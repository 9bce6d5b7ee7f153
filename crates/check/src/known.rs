//! What is known about the app, from the answers so far, and requests that can be made of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lumos_connection::ConnectorInfo;
use lumos_connector_types::capability::{Level, StandardCapability};
use serde_json::{Value, json};

/// How many ids are asked for at once.
const SOME: usize = 3;

/// How far back activity is asked for, in days.
const DAYS: i64 = 30;

/// What is known about the app.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) info: Option<Arc<ConnectorInfo>>,
    /// The rows of each listing that was read, and whether it was read to its end.
    pub(crate) listings: BTreeMap<String, ReadListing>,
    /// Capabilities that do not answer a request that is right: nothing else can be said about them.
    pub(crate) broken: BTreeSet<String>,
}

/// A listing that was read.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReadListing {
    pub(crate) rows: Vec<Value>,
    pub(crate) complete: bool,
    /// The token of its second page.
    pub(crate) token: Option<String>,
    /// How many rows its first page had.
    pub(crate) first: usize,
}

impl Known {
    pub(crate) fn has(&self, capability: &str) -> bool {
        self.info.as_ref().is_some_and(|info| info.has(capability))
    }

    /// Whether it is there and answers.
    pub(crate) fn works(&self, capability: &str) -> bool {
        self.has(capability) && !self.broken.contains(capability)
    }

    pub(crate) fn capabilities(&self) -> Vec<String> {
        self.info.as_ref().map(|info| info.info.capabilities.clone()).unwrap_or_default()
    }

    pub(crate) fn rows(&self, capability: &str) -> &[Value] {
        self.listings.get(capability).map_or(&[], |listing| listing.rows.as_slice())
    }

    fn texts(&self, capability: &str, field: &str) -> Vec<&str> {
        self.rows(capability)
            .iter()
            .filter_map(|row| row[field].as_str())
            .filter(|id| !id.is_empty())
            .collect()
    }

    /// The ids of accounts.
    pub(crate) fn accounts(&self) -> Vec<&str> {
        self.texts("list_accounts", "integration_specific_id")
    }

    /// The id of the credential that people sign in with, of a connector that has several.
    fn oauth_credential(&self) -> Option<String> {
        let schemas = &self.info.as_ref()?.info.credentials_schema;
        schemas.iter().find_map(|schema| {
            let schema: Value = serde_json::from_str(schema.text()).ok()?;
            (schema["x-credential-type"] == "oauth").then(|| schema["id"].as_str().map(str::to_owned))?
        })
    }

    /// A request that is right for a capability that reads; why there is none otherwise.
    pub(crate) fn payload(&self, capability: &str) -> Result<Value, &'static str> {
        let account = || self.accounts().first().map(|&id| id.to_owned()).ok_or("no account is known");
        let application = || {
            let ids = self.texts("list_applications", "id");
            ids.first().map(|&id| id.to_owned()).ok_or("no application is known")
        };
        Ok(match capability {
            "get_account" | "get_account_entitlement_associations" => json!({"account_id": account()?}),
            "get_last_activity" => {
                let ids: Vec<_> = self.accounts().into_iter().take(SOME).collect();
                if ids.is_empty() {
                    return Err("no account is known");
                }
                json!({"account_ids": ids})
            }
            "list_activity_records" | "list_applications_activity_records" => {
                json!({"since_date": days_ago(), "actors": []})
            }
            "list_expenses" => {
                json!({"filters": {"transaction_date": {"start_date": days_ago(), "end_date": null}}})
            }
            "get_application" => json!({"application_instance_id": application()?}),
            "get_application_account" => {
                let row = self
                    .rows("list_applications_accounts")
                    .first()
                    .ok_or("no account of an application is known")?;
                json!({"application_instance_id": row["application_instance_id"], "account_id": row["account_id"]})
            }
            "get_authorization_url" => {
                json!({
                    "credential_id": self.oauth_credential(), "client_id": "check", "scopes": [],
                    "redirect_uri": "https://check.invalid/callback", "state": "check",
                })
            }
            "fulfill_arbitrary_endpoint" => {
                return Err("it needs an address of the app; give one with --requests");
            }
            "validate_credential_config" => return Err("it is checked with the credentials"),
            _ => match StandardCapability::from_wire(capability) {
                Some(standard) if standard.level() == Level::Read || capability == "app_info" => json!({}),
                Some(_) => return Err("it writes"),
                None => return Err("it is the connector's own; give a request with --requests"),
            },
        })
    }
}

fn days_ago() -> String {
    let now = jiff::Timestamp::now();
    let day = now.checked_sub(jiff::SignedDuration::from_hours(24 * DAYS)).unwrap_or(now);
    day.strftime("%Y-%m-%dT00:00:00Z").to_string()
}

/// Whether a capability lists rows in pages.
pub(crate) fn is_listing(capability: &str) -> bool {
    let paged = capability.starts_with("list_") || capability.starts_with("find_");
    let objects = ["list_updated_accounts", "find_resource_graph", "find_entitlement_graph"];
    paged && !objects.contains(&capability)
}

/// The fields that say which row a row is; empty where rows have no identity.
pub(crate) fn identity(capability: &str) -> &'static [&'static str] {
    match capability {
        "list_accounts" => &["integration_specific_id"],
        "list_entitlements" => {
            &["entitlement_type", "integration_specific_id", "integration_specific_resource_id"]
        }
        "list_resources" => &["resource_type", "integration_specific_id"],
        "find_entitlement_associations" | "get_account_entitlement_associations" => {
            &["account_id", "integration_specific_entitlement_id", "integration_specific_resource_id"]
        }
        "list_custom_attributes_schema" => &["customized_type", "name"],
        "list_non_human_accounts" | "list_expenses" | "list_applications" | "list_activity_records" => {
            &["id"]
        }
        "list_credentials" => &["external_id"],
        "list_applications_accounts" => &["application_instance_id", "account_id"],
        "list_applications_entitlements" => {
            &["application_instance_id", "entitlement_type", "integration_specific_id"]
        }
        "list_applications_resources" => {
            &["application_instance_id", "resource_type", "integration_specific_id"]
        }
        "find_entitlement_assignments" => &["resource_id", "entitlement_id", "entitlement_resource_id"],
        _ => &[],
    }
}

/// The fields of a row that must not be empty.
pub(crate) fn ids(capability: &str) -> &'static [&'static str] {
    match capability {
        "list_entitlements" => &["entitlement_type", "integration_specific_id"],
        "find_entitlement_associations" | "get_account_entitlement_associations" => {
            &["account_id", "integration_specific_entitlement_id"]
        }
        "find_entitlement_assignments" => &["entitlement_id"],
        other => identity(other),
    }
}

/// What a row is: its identity, or all of it.
pub(crate) fn key(capability: &str, row: &Value) -> String {
    let fields = identity(capability);
    if fields.is_empty() {
        return row.to_string();
    }
    let parts: Vec<_> = fields.iter().map(|field| row[*field].to_string()).collect();
    parts.join("/")
}
