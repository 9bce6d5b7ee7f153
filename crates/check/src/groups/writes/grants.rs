//! An entitlement that the test account is given, and that is taken away again.

use std::time::Duration;

use serde_json::{Value, json};

use super::reading::settled;
use super::{ASSIGN_READ_BACK, ASSIGN_TWICE, Account, SUCCEEDS, UNASSIGN_READ_BACK, UNASSIGN_TWICE, again};
use crate::listing::{End, read};
use crate::run::Run;
use crate::subject::Request;
use crate::writing::Template;

/// The request that assigns an entitlement to the account, and its members as an association has them.
fn grant(run: &Run<'_>, account: &Account, template: &Template) -> Option<Value> {
    let chosen = &template.entitlement;
    let rows = run.known.rows("list_entitlements");
    let row = match chosen.get("integration_specific_id") {
        Some(id) => rows.iter().find(|row| {
            row["integration_specific_id"] == *id
                && chosen.get("entitlement_type").is_none_or(|kind| row["entitlement_type"] == *kind)
        }),
        None => rows.iter().find(|row| row["is_assignable"] != false),
    };
    let info = run.known.info.as_ref()?;
    let text = |name: &str| {
        let own = chosen.get(name).cloned();
        own.or_else(|| row.map(|row| row[name].clone())).filter(Value::is_string)
    };
    let kind = text("entitlement_type")?;
    let declared = info.info.entitlement_types.iter().find(|declared| kind == declared.type_id.as_str());
    let resource_type = chosen
        .get("resource_type")
        .cloned()
        .or_else(|| declared.map(|declared| json!(declared.resource_type_id)));
    Some(json!({
        "account_integration_specific_id": account.id,
        "resource_integration_specific_id": text("integration_specific_resource_id").unwrap_or_else(|| json!("")),
        "resource_type": resource_type.unwrap_or_else(|| json!("")),
        "entitlement_type": kind,
        "entitlement_integration_specific_id": text("integration_specific_id")?,
    }))
}

/// Whether the account has the entitlement; `None` when it cannot be read.
async fn has(run: &Run<'_>, grant: &Value) -> Option<bool> {
    let account = grant["account_integration_specific_id"].clone();
    let of_account = "get_account_entitlement_associations";
    let request = if run.known.has(of_account) {
        Request::new(of_account, json!({"account_id": account}))
    } else if run.known.works("find_entitlement_associations") {
        Request::new("find_entitlement_associations", json!({}))
    } else {
        return None;
    };
    let listing = read(run, &request).await;
    let found = listing.rows.iter().any(|row| {
        row["account_id"] == account
            && row["integration_specific_entitlement_id"] == grant["entitlement_integration_specific_id"]
            && row["integration_specific_resource_id"] == grant["resource_integration_specific_id"]
    });
    (found || listing.end == End::Complete).then_some(found)
}

pub(super) async fn entitled(run: &Run<'_>, account: &Account, template: &Template, settle: Duration) {
    let steps = [
        ("assign_entitlement", ASSIGN_READ_BACK, ASSIGN_TWICE, true),
        ("unassign_entitlement", UNASSIGN_READ_BACK, UNASSIGN_TWICE, false),
    ];
    let offered = run.known.has("assign_entitlement") && run.known.has("unassign_entitlement");
    let grant = grant(run, account, template).filter(|_| offered);
    let Some(grant) = grant else {
        for (_, read_back, twice, _) in steps {
            run.skip(read_back, "no entitlement can be assigned and taken away again");
            run.skip(twice, "no entitlement can be assigned and taken away again");
        }
        return;
    };
    for (name, read_back, twice, expected) in steps {
        let call = run.call(&Request::new(name, grant.clone())).await;
        run.expect(SUCCEEDS, call.is_success(), name, || call.summary(), &[&call]);
        if !call.is_success() {
            return;
        }
        match settled(settle, || has(run, &grant), |seen| *seen == Some(expected)).await {
            None => run.skip(read_back, "associations cannot be read"),
            Some(seen) => run.expect(
                read_back,
                seen == expected,
                name,
                || format!("the association is {}", if seen { "still there" } else { "not there" }),
                &[&call],
            ),
        }
        again(run, twice, name, grant.clone()).await;
    }
}
