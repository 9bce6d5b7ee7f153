//! Accounts of people, and what they hold.

use lumos_connector::prelude::*;

pub(crate) async fn list_updated(_: (), request: ListUpdatedAccounts) -> Result<Reply<UpdatedAccounts>> {
    let raw_data = Json::new(&IndexMap::from([("since", &request.since)]))?;
    let updated = UpdatedAccounts {
        accounts: vec![FoundAccountData {
            integration_specific_id: "fresh".to_owned(),
            ..Default::default()
        }],
        cursor: request.cursor,
    };
    Ok(Reply::new(updated).raw_data(raw_data))
}

pub(crate) async fn get_entitlement_associations(
    _: (),
    request: GetAccountEntitlementAssociations,
) -> Result<Vec<FoundEntitlementAssociation>> {
    Ok(vec![FoundEntitlementAssociation {
        account_id: request.account_id,
        integration_specific_entitlement_id: "open".to_owned(),
        integration_specific_resource_id: String::new(),
    }])
}
