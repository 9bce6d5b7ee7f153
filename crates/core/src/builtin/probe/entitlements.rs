//! The check of entitlements: they can be listed, and there are some of every declared type.

use std::collections::HashSet;

use lumos_connector_types::capability::{StandardCapability, marker};
use lumos_connector_types::entitlement::{EntitlementType, FoundEntitlementData, ListEntitlements};
use lumos_connector_types::error::Error as WireError;
use lumos_connector_types::probe::{
    ProbeCheck, ProbeCheckName, ProbeCoverageStatus, ProbeEntitlementTypeResult, ProbeSample,
    ProbeSampleEntitlement,
};

use super::inner_call::InnerCalls;
use super::outcome;

const CHECK: ProbeCheckName = ProbeCheckName::Entitlements;
const LISTING: StandardCapability = StandardCapability::ListEntitlements;

pub(super) async fn check(inner: &InnerCalls<'_>, max_pages: u32) -> ProbeCheck {
    if !inner.has(LISTING) {
        return outcome::unsupported(CHECK, LISTING);
    }
    let declared = &inner.call.declaration().about.entitlement_types;
    let Search { entitlements, exhausted, interrupted } = search(inner, declared, max_pages).await;
    if entitlements.is_empty() {
        return match interrupted {
            Some(error) => outcome::stopped(CHECK, LISTING, *error),
            None => outcome::nothing(
                CHECK,
                LISTING,
                "The app lists no entitlements. Without them, nobody's access can be shown or changed.",
            ),
        };
    }
    let coverage = coverage(declared, &entitlements, exhausted);
    let message = message(entitlements.len(), &coverage, interrupted.as_deref());
    let samples = entitlements.into_iter().map(sample).collect();
    ProbeCheck {
        entitlement_types: Some(coverage).filter(|coverage| !coverage.is_empty()),
        ..outcome::found(CHECK, LISTING, samples, message)
    }
}

/// What was read in search of all types.
struct Search {
    entitlements: Vec<FoundEntitlementData>,
    /// Whether the listing was read to its end.
    exhausted: bool,
    /// Why reading stopped early. Rows from before that are still worth showing.
    interrupted: Option<Box<WireError>>,
}

/// Reads pages until all declared types have occurred, the listing ends, or enough was read.
async fn search(inner: &InnerCalls<'_>, declared: &[EntitlementType], max_pages: u32) -> Search {
    let mut unseen: HashSet<&str> = declared.iter().map(|declared| declared.type_id.as_str()).collect();
    let mut search = Search { entitlements: Vec::new(), exhausted: false, interrupted: None };
    let mut token = None;
    for _ in 0..max_pages {
        match inner.list_from(token, marker::ListEntitlements, ListEntitlements::default()).await {
            Ok(page) => {
                for entitlement in &page.rows {
                    unseen.remove(entitlement.entitlement_type.as_str());
                }
                search.entitlements.extend(page.rows);
                token = page.next;
            }
            Err(error) => {
                search.interrupted = Some(error);
                break;
            }
        }
        search.exhausted = token.is_none();
        if search.exhausted || unseen.is_empty() {
            break;
        }
    }
    search
}

fn coverage(
    declared: &[EntitlementType],
    entitlements: &[FoundEntitlementData],
    exhausted: bool,
) -> Vec<ProbeEntitlementTypeResult> {
    let seen: HashSet<_> =
        entitlements.iter().map(|entitlement| entitlement.entitlement_type.as_str()).collect();
    let results = declared.iter().map(|EntitlementType { type_id, .. }| ProbeEntitlementTypeResult {
        entitlement_type: type_id.clone(),
        status: match (seen.contains(type_id.as_str()), exhausted) {
            (true, _) => ProbeCoverageStatus::Found,
            (false, true) => ProbeCoverageStatus::NotFound,
            (false, false) => ProbeCoverageStatus::NotChecked,
        },
    });
    results.collect()
}

fn sample(entitlement: FoundEntitlementData) -> ProbeSample {
    ProbeSample::Entitlement(ProbeSampleEntitlement {
        integration_specific_id: entitlement.integration_specific_id,
        integration_specific_resource_id: entitlement.integration_specific_resource_id,
        entitlement_type: entitlement.entitlement_type,
        label: entitlement.label,
        ..ProbeSampleEntitlement::default()
    })
}

fn message(count: usize, coverage: &[ProbeEntitlementTypeResult], interrupted: Option<&WireError>) -> String {
    let mut message = format!("Entitlements read: {count}.");
    let missing = coverage.iter().filter(|result| result.status != ProbeCoverageStatus::Found);
    let missing: Vec<_> = missing.map(|result| result.entitlement_type.as_str()).collect();
    if !missing.is_empty() {
        message += &format!(" None of them is of type: {}.", missing.join(", "));
    }
    if let Some(error) = interrupted {
        message += &format!(" The listing then failed: {}", error.message);
    }
    message
}
