//! Which checks a probe can make, for `app_info`.

use lumos_connector_types::capability::StandardCapability::{
    self, FindEntitlementAssociations, GetAccountEntitlementAssociations, ListAccounts, ListEntitlements,
};
use lumos_connector_types::probe::ProbeCheckName;

use super::settings::ProbeCheckSpec;
use crate::integration::Integration;

/// The declared checks that can be made, in their order; `None` for a connector that does not probe.
pub(crate) fn performable_checks(integration: &Integration) -> Option<Vec<ProbeCheckName>> {
    let declared = integration.declaration().probe.checks();
    if declared.is_empty() || !integration.has_capability(StandardCapability::ProbeIntegration.as_str()) {
        return None;
    }
    Some(declared.iter().filter(|spec| is_performable(spec, integration)).map(|spec| spec.check).collect())
}

/// Whether the connector brings the check itself, or the listings that the SDK's check of that name reads.
fn is_performable(spec: &ProbeCheckSpec, integration: &Integration) -> bool {
    let has = |capability: StandardCapability| integration.has_capability(capability.as_str());
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

#[cfg(test)]
mod tests {
    use lumos_connector_types::capability::marker;
    use lumos_connector_types::payload::{self, FoundAccountData, FoundEntitlementAssociation, ProbeCheck};
    use lumos_connector_types::probe::ProbeCheckName::{
        Accounts, CapabilityConfig, EntitlementAssociations, Entitlements,
    };

    use super::*;
    use crate::builtin::probe::ProbeSettings;
    use crate::call::Call;
    use crate::declaration::error::{ConnectorError, Result};
    use crate::integration::Builder;

    fn acme() -> Builder {
        Integration::builder("acme", "1.0.0")
    }

    fn performable(builder: Builder) -> Option<Vec<ProbeCheckName>> {
        performable_checks(&builder.build().unwrap())
    }

    async fn accounts(_: (), _: payload::ListAccounts) -> Result<Vec<FoundAccountData>> {
        Ok(Vec::new())
    }

    async fn associations(
        _: (),
        _: payload::GetAccountEntitlementAssociations,
    ) -> Result<Vec<FoundEntitlementAssociation>> {
        Ok(Vec::new())
    }

    async fn own(_: Call, _: payload::ProbeIntegration) -> Result<ProbeCheck> {
        Err(ConnectorError::new("never called"))
    }

    #[test]
    fn the_sdk_makes_the_checks_whose_listings_there_are() {
        assert_eq!(performable(acme()), Some(vec![]));
        assert_eq!(performable(acme().capability(marker::ListAccounts, accounts)), Some(vec![Accounts]));
        let of_one = || acme().capability(marker::GetAccountEntitlementAssociations, associations);
        assert_eq!(performable(of_one()), Some(vec![]));
        assert_eq!(
            performable(of_one().capability(marker::ListAccounts, accounts)),
            Some(vec![Accounts, EntitlementAssociations])
        );
    }

    #[test]
    fn own_checks_are_always_made() {
        let settings = ProbeSettings::default()
            .check(ProbeCheckSpec::own(CapabilityConfig, own))
            .check(ProbeCheckSpec::sdk(Accounts))
            .check(ProbeCheckSpec::own(Entitlements, own));
        assert_eq!(performable(acme().probe(settings)), Some(vec![CapabilityConfig, Entitlements]));
    }

    #[test]
    fn without_a_probe_there_are_no_checks_to_speak_of() {
        async fn probe(_: (), _: payload::ProbeIntegration) -> Result<payload::ProbeResults> {
            Err(ConnectorError::new("never called"))
        }

        assert_eq!(performable(acme().without_probe()), None);
        assert_eq!(performable(acme().without_probe().capability(marker::ProbeIntegration, probe)), None);
        let told = ProbeSettings::default().check(ProbeCheckSpec::own(Accounts, own));
        let own_probe = acme().probe(told).capability(marker::ProbeIntegration, probe);
        assert_eq!(performable(own_probe), Some(vec![Accounts]));
    }
}
