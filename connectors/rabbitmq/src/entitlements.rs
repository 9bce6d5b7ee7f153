//! Entitlements that there are, and who holds which.

use std::collections::{BTreeMap, BTreeSet};

use lumos_connector::prelude::*;

use crate::broker::{Broker, Permission, SIZES, User};
use crate::entitlement::{Entitlement, Operation};

/// The tags that the broker itself knows; others may be in use for plugins and for people.
const TAGS: [&str; 5] = ["administrator", "impersonator", "management", "monitoring", "policymaker"];

/// The known tags and those in use; of each virtual host access and each operation on everything, and the regular
/// expressions in use.
pub(crate) async fn list_entitlements(
    (broker, page): (Broker, PageRequest),
    _: ListEntitlements,
) -> Result<Reply<Vec<FoundEntitlementData>>> {
    let listing = page.listing(SIZES)?;
    let mut all: BTreeSet<Entitlement> = TAGS.map(|tag| Entitlement::Tag(tag.to_owned())).into();
    all.extend(broker.users().await?.iter().flat_map(User::tags).map(Entitlement::Tag));
    for host in broker.virtual_hosts().await? {
        all.extend(Operation::EVERY.map(|operation| Entitlement::all(&host.name, operation)));
        all.insert(Entitlement::Access { vhost: host.name });
    }
    all.extend(broker.permissions().await?.iter().flat_map(Entitlement::of_permission));
    Ok(broker.noted(listing.reply_sorted(all, key, |entitlement| entitlement.found())?))
}

pub(crate) async fn find_entitlement_associations(
    (broker, page): (Broker, PageRequest),
    _: FindEntitlementAssociations,
) -> Result<Reply<Vec<FoundEntitlementAssociation>>> {
    let listing = page.listing(SIZES)?;
    let mut held: BTreeMap<String, Vec<Entitlement>> = BTreeMap::new();
    for user in broker.users().await? {
        held.insert(user.name.clone(), user.tags().into_iter().map(Entitlement::Tag).collect());
    }
    for permission in broker.permissions().await? {
        // A user that was deleted between the two answers has no account.
        if let Some(held) = held.get_mut(&permission.user) {
            held.extend(Entitlement::of_permission(&permission));
        }
    }
    let rows =
        held.into_iter().flat_map(|(user, held)| held.into_iter().map(move |held| (user.clone(), held)));
    let key = |(user, entitlement): &(String, Entitlement)| (user.clone(), key(entitlement));
    Ok(broker.noted(listing.reply_sorted(rows, key, |(user, entitlement)| association(&user, &entitlement))?))
}

pub(crate) async fn get_account_entitlement_associations(
    broker: Broker,
    request: GetAccountEntitlementAssociations,
) -> Result<Reply<Vec<FoundEntitlementAssociation>>> {
    let user = broker.user(&request.account_id).await?;
    let permissions: Vec<Permission> = broker.permissions_of(&user.name).await?;
    let tags = user.tags().into_iter().map(Entitlement::Tag);
    let held = tags.chain(permissions.iter().flat_map(Entitlement::of_permission));
    let held = held.map(|entitlement| association(&user.name, &entitlement)).collect();
    Ok(broker.noted(Reply::new(held)))
}

/// What tells entitlements apart.
fn key(entitlement: &Entitlement) -> (String, String) {
    (entitlement.vhost().to_owned(), entitlement.id())
}

fn association(user: &str, entitlement: &Entitlement) -> FoundEntitlementAssociation {
    FoundEntitlementAssociation::new(user, entitlement.id(), entitlement.vhost())
}
