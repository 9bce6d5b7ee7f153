//! The tenant: 40 accounts, 3 entitlements on 2 resources, and two associations for each account; and what was changed
//! since, in the file that `FAULT_STORE` names.

use std::collections::BTreeMap;

use lumos_connector::prelude::*;
use serde_json::Value;

pub(crate) const ACCOUNTS: usize = 40;

/// Accounts that were created or changed, by id; null where one was deleted. Each with `account` and `entitlements`.
#[derive(Debug, Default)]
pub(crate) struct Store {
    changed: BTreeMap<String, Value>,
}

/// An account and the entitlements that it has, by id.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) account: FoundAccountData,
    pub(crate) entitlements: Vec<String>,
}

impl Store {
    pub(crate) fn read() -> Self {
        let text = std::env::var_os("FAULT_STORE").and_then(|path| std::fs::read_to_string(path).ok());
        let changed = text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        Self { changed }
    }

    fn write(&self) {
        if let Some(path) = std::env::var_os("FAULT_STORE") {
            // Without a file every call begins with the tenant as it is.
            let _ = std::fs::write(path, serde_json::to_string(&self.changed).unwrap_or_default());
        }
    }

    pub(crate) fn members(&self) -> Vec<Member> {
        let mut members: BTreeMap<String, Member> = (0..ACCOUNTS)
            .map(|number| {
                let entitlements = [0, 1].map(|it| entitlement_id((number + it) % 3)).to_vec();
                (account_id(number), Member { account: account(number), entitlements })
            })
            .collect();
        for (id, value) in &self.changed {
            match member(value) {
                Some(member) => members.insert(id.clone(), member),
                None => members.remove(id),
            };
        }
        members.into_values().collect()
    }

    pub(crate) fn find(&self, id: &str) -> Option<Member> {
        self.members().into_iter().find(|member| member.account.integration_specific_id == id)
    }

    pub(crate) fn put(&mut self, member: &Member) {
        let value = json!({"account": member.account, "entitlements": member.entitlements});
        self.changed.insert(member.account.integration_specific_id.clone(), value);
        self.write();
    }

    pub(crate) fn delete(&mut self, id: &str) {
        self.changed.insert(id.to_owned(), Value::Null);
        self.write();
    }
}

fn member(value: &Value) -> Option<Member> {
    let account = serde_json::from_value(value.get("account")?.clone()).ok()?;
    let entitlements = serde_json::from_value(value.get("entitlements")?.clone()).ok()?;
    Some(Member { account, entitlements })
}

pub(crate) fn account(number: usize) -> FoundAccountData {
    FoundAccountData {
        email: Some(format!("user{number}@acme.test")),
        given_name: Some(format!("User {number} ü")),
        user_status: Some(AccountStatus::Active),
        ..FoundAccountData::new(account_id(number))
    }
}

fn account_id(number: usize) -> String {
    format!("acct-{number:04}")
}

pub(crate) fn entitlement_id(number: usize) -> String {
    format!("role-{number}")
}

pub(crate) fn entitlement(number: usize) -> FoundEntitlementData {
    FoundEntitlementData {
        entitlement_type: "ROLE".to_owned(),
        integration_specific_id: entitlement_id(number),
        integration_specific_resource_id: "space-0".to_owned(),
        is_assignable: Some(true),
        label: format!("Role {number}"),
        ..FoundEntitlementData::default()
    }
}

pub(crate) fn resource(number: usize) -> FoundResourceData {
    FoundResourceData {
        integration_specific_id: format!("space-{number}"),
        label: format!("Space {number}"),
        resource_type: "SPACE".to_owned(),
        ..FoundResourceData::default()
    }
}

pub(crate) fn association(account: &str, entitlement: &str) -> FoundEntitlementAssociation {
    FoundEntitlementAssociation {
        account_id: account.to_owned(),
        integration_specific_entitlement_id: entitlement.to_owned(),
        integration_specific_resource_id: "space-0".to_owned(),
    }
}

/// The attribute that accounts have when it is asked for.
pub(crate) const ATTRIBUTE: &str = "department";
