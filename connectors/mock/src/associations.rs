//! Who has which entitlement.

use lumos_connector::prelude::*;

use crate::accounts::Account;
use crate::listing::listing;
use crate::settings::Mock;

/// After this many accounts the pattern of associations repeats: 2, 3 and 5 divide it.
const PERIOD: i64 = 30;

/// The associations of so many accounts: a license each, a role for every second, a membership for every fifth.
const PER_PERIOD: i64 = PERIOD + PERIOD / 2 + PERIOD / 5;

pub(crate) async fn find_entitlement_associations(
    mock: Mock,
    _: FindEntitlementAssociations,
) -> Result<Reply<Vec<FoundEntitlementAssociation>>> {
    let listing = listing(&mock.call, "associations")?;
    let offset = i64::try_from(listing.position().offset)?;
    let (first, rows) = near(offset, mock.settings.account_count);
    listing.reply_from(first.unsigned_abs(), rows)
}

/// The associations from the last whole period before an offset on, and the number of the first of them.
fn near(offset: i64, account_count: i64) -> (i64, impl Iterator<Item = FoundEntitlementAssociation>) {
    let periods = offset / PER_PERIOD;
    let rows = (periods * PERIOD..account_count).flat_map(|number| of(Account { number }));
    (periods * PER_PERIOD, rows)
}

/// The associations of one account.
fn of(account: Account) -> impl Iterator<Item = FoundEntitlementAssociation> {
    let number = account.number;
    let license = if account.has_pro_license() { "license-pro" } else { "license-basic" };
    let license = Some((license, String::new()));
    let role = (number % 2 == 0).then(|| ("role-viewer", "ws-1".to_owned()));
    let membership = (number % 5 == 0).then(|| ("member", format!("prj-{}", number % 3 + 1)));
    [license, role, membership].into_iter().flatten().map(move |(entitlement_id, resource_id)| {
        FoundEntitlementAssociation {
            account_id: account.id(),
            integration_specific_entitlement_id: entitlement_id.to_owned(),
            integration_specific_resource_id: resource_id,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starting_near_an_offset_is_starting_at_the_front() {
        for account_count in [-3, 0, 1, 29, 30, 31, 64, 200] {
            let all: Vec<_> = (0..account_count).flat_map(|number| of(Account { number })).collect();
            for offset in 0..all.len() + 60 {
                let (first, rows) = near(i64::try_from(offset).unwrap(), account_count);
                let skipped = offset - usize::try_from(first).unwrap();
                let rest: Vec<_> = rows.skip(skipped).collect();
                assert_eq!(rest, all.get(offset..).unwrap_or_default(), "{account_count} from {offset}");
            }
        }
    }

    #[test]
    fn the_largest_tenant_is_not_walked() {
        let (first, mut rows) = near(i64::MAX, i64::MAX);
        assert!(i64::MAX - first < PER_PERIOD);
        assert!(rows.next().is_some());
    }
}
