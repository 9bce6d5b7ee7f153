//! The check of accounts: they can be listed, and have the custom attributes that would be synced.

use lumos_connector_types::account::{FoundAccountData, ListAccounts};
use lumos_connector_types::capability::{StandardCapability, marker};
use lumos_connector_types::custom_attribute::{
    CustomAttributeCustomizedType, CustomAttributeSchema, ListCustomAttributesSchema,
};
use lumos_connector_types::probe::{
    ProbeCheck, ProbeCheckName, ProbeCoverageStatus, ProbeCustomAttributeResult, ProbeIntegration,
    ProbeSample, ProbeSampleAccount, ProbeSampleCustomAttribute,
};

use super::inner_call::InnerCalls;
use super::outcome;

const CHECK: ProbeCheckName = ProbeCheckName::Accounts;
const LISTING: StandardCapability = StandardCapability::ListAccounts;

pub(super) async fn check(inner: &InnerCalls<'_>, request: &ProbeIntegration) -> ProbeCheck {
    if !inner.has(LISTING) {
        return outcome::unsupported(CHECK, LISTING);
    }
    let attributes = attributes(inner, request.custom_attributes.as_deref()).await;
    let names = attributes.iter().map(|attribute| attribute.name.clone()).collect();
    let asked = ListAccounts { custom_attributes: Some(names).filter(|names: &Vec<_>| !names.is_empty()) };
    let accounts = match inner.list(marker::ListAccounts, asked).await {
        Ok(accounts) => accounts,
        Err(error) => return outcome::stopped(CHECK, LISTING, *error),
    };
    let Some(first) = accounts.first() else {
        return outcome::nothing(
            CHECK,
            LISTING,
            "The app lists no accounts. Check that these credentials may see the accounts of other people.",
        );
    };
    let coverage = coverage(&attributes, &accounts);
    let message = message(accounts.len(), &first.integration_specific_id, &coverage);
    let samples = accounts.iter().map(|account| sample(account, &attributes)).collect();
    ProbeCheck {
        custom_attributes: Some(coverage).filter(|coverage| !coverage.is_empty()),
        ..outcome::found(CHECK, LISTING, samples, message)
    }
}

/// The attributes of accounts that are looked for: those of the connector's schema, as far as the request names
/// them, if it names any. Accounts are worth listing without a schema, so its failure is no failure of the check.
async fn attributes(inner: &InnerCalls<'_>, wanted: Option<&[String]>) -> Vec<CustomAttributeSchema> {
    if !inner.has(StandardCapability::ListCustomAttributesSchema) {
        return Vec::new();
    }
    let listed = inner.list(marker::ListCustomAttributesSchema, ListCustomAttributesSchema {}).await;
    let wanted = wanted.filter(|names| !names.is_empty());
    let mut attributes = listed.unwrap_or_default();
    attributes.retain(|attribute| {
        attribute.customized_type == CustomAttributeCustomizedType::Account
            && wanted.is_none_or(|names| names.contains(&attribute.name))
    });
    attributes
}

fn coverage(
    attributes: &[CustomAttributeSchema],
    accounts: &[FoundAccountData],
) -> Vec<ProbeCustomAttributeResult> {
    let results = attributes.iter().map(|CustomAttributeSchema { name, .. }| ProbeCustomAttributeResult {
        name: name.clone(),
        status: if accounts.iter().any(|account| value(account, name).is_some()) {
            ProbeCoverageStatus::Found
        } else {
            ProbeCoverageStatus::NotFound
        },
    });
    results.collect()
}

/// The value of an attribute; an empty text is none.
fn value<'a>(account: &'a FoundAccountData, name: &str) -> Option<&'a String> {
    account.custom_attributes.as_ref()?.get(name).filter(|value| !value.is_empty())
}

fn sample(account: &FoundAccountData, attributes: &[CustomAttributeSchema]) -> ProbeSample {
    let values = attributes.iter().map(|attribute| ProbeSampleCustomAttribute {
        name: attribute.name.clone(),
        value: value(account, &attribute.name).cloned(),
        customized_type: Some(attribute.customized_type),
        attribute_type: Some(attribute.attribute_type),
    });
    ProbeSample::Account(ProbeSampleAccount {
        integration_specific_id: account.integration_specific_id.clone(),
        email: account.email.clone(),
        username: account.username.clone(),
        user_status: account.user_status,
        custom_attributes: (!attributes.is_empty()).then(|| values.collect()),
        ..ProbeSampleAccount::default()
    })
}

fn message(count: usize, first: &str, coverage: &[ProbeCustomAttributeResult]) -> String {
    let missing = coverage.iter().filter(|result| result.status != ProbeCoverageStatus::Found);
    let missing: Vec<_> = missing.map(|result| result.name.as_str()).collect();
    let read = format!("Accounts read: {count}, starting with {first}.");
    if missing.is_empty() {
        return read;
    }
    format!("{read} None of them has a value for: {}.", missing.join(", "))
}
