//! `find_entitlement_associations`: one role for each account, or five where the tenant is paged.

use lumos_connector::prelude::*;

use crate::accounts::identifier;
use crate::settings::BenchSettings;

/// How many associations an account of a paged tenant has.
const PER_ACCOUNT: i64 = 5;

pub(crate) async fn find(
    (Settings(settings), page): (Settings<BenchSettings>, PageRequest),
    _: FindEntitlementAssociations,
) -> Result<Reply<Vec<FoundEntitlementAssociation>>> {
    let is_paged = settings.is_paged();
    let association = |number| FoundEntitlementAssociation {
        account_id: identifier(if is_paged { number / PER_ACCOUNT } else { number }),
        integration_specific_entitlement_id: format!("role-{:02}", number % 16),
        integration_specific_resource_id: String::new(),
    };
    let numbers = settings.numbers(&page, PER_ACCOUNT);
    let reply = Reply::new(numbers.rows.map(association).collect());
    Ok(if is_paged { reply.page(numbers.next) } else { reply })
}
