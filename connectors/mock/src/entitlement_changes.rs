//! Granting and taking entitlements. Nothing is kept: the app is the same afterwards.

use lumos_connector::prelude::*;

use crate::entitlements;
use crate::settings::Mock;

pub(crate) async fn assign_entitlement(
    mock: Mock,
    request: AssignEntitlement,
) -> Result<Reply<AssignedEntitlement>> {
    mock.account(&request.account_integration_specific_id)?;
    require(
        &request.entitlement_type,
        &request.entitlement_integration_specific_id,
        &request.resource_integration_specific_id,
    )?;
    let summary = ExecutionSummary::new(Effect::created(), fingerprint::of(&request)?, true);
    Ok(Reply::new(AssignedEntitlement { assigned: true }).summary(summary))
}

pub(crate) async fn unassign_entitlement(
    mock: Mock,
    request: UnassignEntitlement,
) -> Result<UnassignedEntitlement> {
    mock.account(&request.account_integration_specific_id)?;
    if request.entitlement_type == "role" {
        return Err(
            ConnectorError::unsupported_operation("Roles stay").with_hint("Assign another role instead.")
        );
    }
    require(
        &request.entitlement_type,
        &request.entitlement_integration_specific_id,
        &request.resource_integration_specific_id,
    )?;
    Ok(UnassignedEntitlement { unassigned: true })
}

fn require(type_id: &str, id: &str, resource_id: &str) -> Result<()> {
    if entitlements::exists(type_id, id, resource_id) {
        return Ok(());
    }
    Err(ConnectorError::unknown_value(format!("No entitlement {type_id}/{id}")))
}

pub(crate) async fn downgrade_license(mock: Mock, request: DowngradeLicense) -> Result<DowngradedLicense> {
    let success = mock.account(&request.account_id)?.has_pro_license();
    let reason = (!success).then(|| "Already on the basic license.".to_owned());
    Ok(DowngradedLicense { success, reason })
}
