//! Which checks a probe can make, for `app_info`.

use lumos_connector_types::capability::StandardCapability::{
    self, FindEntitlementAssociations, GetAccountEntitlementAssociations, ListAccounts, ListEntitlements,
};
use lumos_connector_types::probe::ProbeCheckName;

use super::settings::{ProbeCheckSpec, ProbeSettings};
use crate::declaration::Declaration;

/// The declared checks that can be made, in their order; `None` for a connector that does not probe.
pub(crate) fn performable_checks(
    declaration: &Declaration,
    settings: Option<&ProbeSettings>,
) -> Option<Vec<ProbeCheckName>> {
    let declared = settings?.checks();
    if !declaration.has(StandardCapability::ProbeIntegration) {
        return None;
    }
    Some(declared.iter().filter(|spec| is_performable(spec, declaration)).map(|spec| spec.check).collect())
}

/// Whether the connector brings the check itself, or the listings that the SDK's check of that name reads.
fn is_performable(spec: &ProbeCheckSpec, declaration: &Declaration) -> bool {
    let has = |capability: StandardCapability| declaration.has(capability);
    spec.run.is_some()
        || match spec.check {
            ProbeCheckName::Accounts => has(ListAccounts),
            ProbeCheckName::Entitlements => has(ListEntitlements),
            // Associations of single accounts need accounts to ask about.
            ProbeCheckName::EntitlementAssociations => {
                has(FindEntitlementAssociations)
                    || (has(GetAccountEntitlementAssociations) && has(ListAccounts))
            }
            _ => false,
        }
}
