//! The check of associations: it can be found which accounts hold which entitlements.

use std::collections::HashSet;

use lumos_connector_types::account::{FoundAccountData, ListAccounts};
use lumos_connector_types::capability::{StandardCapability, marker};
use lumos_connector_types::entitlement::{
    FindEntitlementAssociations, FoundEntitlementAssociation, GetAccountEntitlementAssociations,
};
use lumos_connector_types::error::Error as WireError;
use lumos_connector_types::probe::{ProbeCheck, ProbeCheckName, ProbeSample, ProbeSampleAssociation};

use super::inner_call::InnerCalls;
use super::outcome;

const CHECK: ProbeCheckName = ProbeCheckName::EntitlementAssociations;
const OF_ONE: StandardCapability = StandardCapability::GetAccountEntitlementAssociations;
const OF_ALL: StandardCapability = StandardCapability::FindEntitlementAssociations;

/// How many accounts are asked about one by one: somebody is waiting for the probe.
const ASKED_ACCOUNTS: usize = 3;

pub(super) async fn check(inner: &InnerCalls<'_>) -> ProbeCheck {
    let accounts = accounts(inner).await;
    if inner.has(OF_ONE) && !accounts.is_empty() {
        one_by_one(inner, accounts).await
    } else if inner.has(OF_ALL) {
        all_at_once(inner, &accounts).await
    } else {
        outcome::unsupported(CHECK, OF_ALL)
    }
}

/// Accounts that associations may belong to. This check stands without them, and the failure of their listing is
/// another check's.
async fn accounts(inner: &InnerCalls<'_>) -> Vec<FoundAccountData> {
    if !inner.has(StandardCapability::ListAccounts) {
        return Vec::new();
    }
    inner.list(marker::ListAccounts, ListAccounts::default()).await.unwrap_or_default()
}

async fn one_by_one(inner: &InnerCalls<'_>, accounts: Vec<FoundAccountData>) -> ProbeCheck {
    let mut associations = Vec::new();
    for account in accounts.into_iter().take(ASKED_ACCOUNTS) {
        let asked = GetAccountEntitlementAssociations { account_id: account.integration_specific_id };
        match inner.list(marker::GetAccountEntitlementAssociations, asked).await {
            Ok(found) => associations.extend(found),
            Err(error) if associations.is_empty() => return outcome::stopped(CHECK, OF_ONE, *error),
            // What was found so far shows that associations can be read.
            Err(_) => break,
        }
    }
    // Whatever was found was found through a listed account.
    report(OF_ONE, associations, |_| true)
}

async fn all_at_once(inner: &InnerCalls<'_>, accounts: &[FoundAccountData]) -> ProbeCheck {
    let listed: Result<Vec<_>, Box<WireError>> =
        inner.list(marker::FindEntitlementAssociations, FindEntitlementAssociations {}).await;
    let ids: HashSet<_> = accounts.iter().map(|account| &account.integration_specific_id).collect();
    match listed {
        Ok(associations) => report(OF_ALL, associations, |account_id| ids.contains(account_id)),
        Err(error) => outcome::stopped(CHECK, OF_ALL, *error),
    }
}

fn report(
    listing: StandardCapability,
    associations: Vec<FoundEntitlementAssociation>,
    linked: impl Fn(&String) -> bool,
) -> ProbeCheck {
    if associations.is_empty() {
        return outcome::nothing(
            CHECK,
            listing,
            "The app lists no associations of accounts with entitlements. Nobody's access could be shown.",
        );
    }
    let accounts = associations.iter().map(|association| &association.account_id);
    let accounts: HashSet<_> = accounts.filter(|account_id| linked(account_id)).collect();
    let message = match (associations.len(), accounts.len()) {
        (count, 0) => {
            format!("Associations read: {count}. None of them is of an account that the probe has seen.")
        }
        (count, accounts) => {
            format!("Associations read: {count}, of accounts that the probe has seen: {accounts}.")
        }
    };
    let samples = associations.into_iter().map(|association| {
        ProbeSample::Association(ProbeSampleAssociation {
            linked_to_sampled_account: linked(&association.account_id),
            account_id: association.account_id,
            integration_specific_entitlement_id: association.integration_specific_entitlement_id,
            integration_specific_resource_id: association.integration_specific_resource_id,
            ..ProbeSampleAssociation::default()
        })
    });
    outcome::found(CHECK, listing, samples.collect(), message)
}
