//! Large tenants: time, and memory that does not grow with them.

use anyhow::{Result, ensure};
use serde_json::json;

use super::connection;
use super::service::{Api, Service, Tenant, user};
use crate::harness::large_listing::{LargeListing, check_growth};
use crate::harness::stage::Stage;

/// Users of the full size, each in [`MEMBERSHIPS`] of the groups.
const USERS: usize = 5_000;
const MEMBERSHIPS: usize = 10;
const GROUPS: usize = 50;

const LISTINGS: [&str; 3] = ["list_accounts", "list_entitlements", "find_entitlement_associations"];

pub(super) fn run(stage: &mut Stage, service: &Service) -> Result<()> {
    let full = if stage.is_full() { USERS } else { USERS / 10 };
    // So small that the smaller tenant fills one: a page is what takes memory.
    let page = full / 10;
    let mut listed = Vec::new();
    for (tenant, users) in [(Tenant::Small, full / 10), (Tenant::Large, full)] {
        let memberships = users * MEMBERSHIPS;
        let api = service.api(tenant);
        stage.step(format!("{users} users with {memberships} memberships in {GROUPS} groups"), |_| {
            make(&api, users)
        })?;
        let lumos = connection(stage, service, tenant)?;
        for (listing, expected) in LISTINGS.into_iter().zip([users, GROUPS, memberships]) {
            let large = LargeListing::of(&stage.binary("scim-connector"), &lumos, listing, page)?;
            stage.check(&large, |_| {
                ensure!(large.rows == expected, "there are {expected}");
                Ok(())
            });
            listed.push(large);
        }
    }
    check_growth(stage, &listed);
    Ok(())
}

fn make(api: &Api, users: usize) -> Result<()> {
    let ids = api.users((0..users).map(|number| user(&format!("scale{number}"), &json!({}))))?;
    let step = GROUPS / MEMBERSHIPS;
    for group in 0..GROUPS {
        let members: Vec<_> = ids.iter().skip(group % step).step_by(step).collect();
        api.group(&format!("Scale {group}"), &members)?;
    }
    Ok(())
}
