//! `find_entitlement_associations`: one role for each account.

use lumos_connector::prelude::*;

use crate::accounts::identifier;
use crate::settings::BenchSettings;

pub(crate) async fn find(
    (Settings(settings), page): (Settings<BenchSettings>, PageRequest),
    _: FindEntitlementAssociations,
) -> Result<Vec<FoundEntitlementAssociation>> {
    let association = |number| FoundEntitlementAssociation {
        account_id: identifier(number),
        integration_specific_entitlement_id: format!("role-{:02}", number % 16),
        integration_specific_resource_id: String::new(),
    };
    Ok(settings.rows(&page).map(association).collect())
}
