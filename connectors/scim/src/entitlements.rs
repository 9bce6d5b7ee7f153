//! Listing what accounts can hold: groups, roles and entitlements.
//!
//! Groups are resources, and so are roles and entitlements where the service has endpoints for them. Elsewhere a role is
//! what users have: it is found by walking through the users, and given once.

use lumos_connector::listing::{InItem, InPart, sequence};
use lumos_connector::prelude::*;

use crate::attribute_path::{AttributePath, named, values_of};
use crate::entitlement::{Kind, USERS};
use crate::resource::Resource;
use crate::service::Scim;
use crate::walk::{MAX_BATCHES, Walk, WalkCursor};

type Entitlements = Batch<Expanded<FoundEntitlementData>, WalkCursor>;

pub(crate) async fn list_entitlements(
    scim: Scim,
    request: ListEntitlements,
) -> Result<Reply<Vec<FoundEntitlementData>>> {
    let wanted = named(request.custom_attributes)?;
    let listing = scim.open::<InItem<InPart<String, WalkCursor>>>()?.max_batches(MAX_BATCHES);
    let size = listing.size();
    let (scim, wanted) = (&scim, wanted.as_deref());
    // Endpoints first; then, as the last part, what users have.
    let listed = Kind::ALL.iter().filter(|kind| scim.endpoint_of(**kind).is_some());
    let mut parts: Vec<String> = listed.map(|kind| kind.attribute().to_owned()).collect();
    parts.extend((!scim.kinds_of_users().is_empty()).then(|| USERS.to_owned()));
    let fetch = |part: String, at| async move {
        match Kind::ALL.iter().find(|kind| kind.attribute() == part) {
            Some(kind) => scim.entitlements(*kind, at, size, wanted).await,
            None => scim.values_of_users(at, size).await,
        }
    };
    Ok(scim.noted(listing.expand(sequence(parts, fetch)).await?))
}

impl Scim {
    /// The entitlements of a kind, where an endpoint lists them.
    async fn entitlements(
        &self,
        kind: Kind,
        at: WalkCursor,
        size: usize,
        wanted: Option<&[AttributePath]>,
    ) -> Result<Entitlements> {
        let Some(endpoint) = self.endpoint_of(kind) else { return Ok(Batch::new(Vec::new(), None)) };
        let page = self.walk(&Walk::all(endpoint, size).without("members"), at).await?;
        Ok(page.batch(Into::into, |resource: Resource| {
            let found = found(kind, &resource, wanted);
            Expanded::new(resource.id, [(found.integration_specific_id.clone(), found)])
        }))
    }

    /// The kinds of entitlements that are listed nowhere but with users.
    fn kinds_of_users(&self) -> Vec<Kind> {
        Kind::ALL.iter().copied().filter(|kind| self.endpoint_of(*kind).is_none()).collect()
    }

    async fn values_of_users(&self, at: WalkCursor, size: usize) -> Result<Entitlements> {
        let kinds = self.kinds_of_users();
        let page = self.users_with(&kinds, at, size).await?;
        Ok(page.batch(Into::into, |user| {
            let values = kinds.iter().flat_map(|kind| {
                user.values(kind.attribute()).map(|entry| {
                    let id = kind.id_of(&entry.value);
                    let label = entry.display.unwrap_or(entry.value);
                    let found = FoundEntitlementData {
                        is_assignable: Some(true),
                        ..FoundEntitlementData::new(kind.as_str(), id.as_str(), "", label)
                    };
                    (id, found)
                })
            });
            Expanded::new(user.id.clone(), values.collect::<Vec<_>>()).shared()
        }))
    }
}

/// An entitlement that is a resource of its own.
fn found(kind: Kind, resource: &Resource, wanted: Option<&[AttributePath]>) -> FoundEntitlementData {
    let value = match kind {
        Kind::Group => &resource.id,
        Kind::Role | Kind::Entitlement => resource.text("value").unwrap_or(&resource.id),
    };
    let label = resource.any_text(&["displayName", "display"]).unwrap_or(value);
    FoundEntitlementData {
        is_assignable: Some(true),
        extra_data: Some(resource.extra_data()),
        description: resource.text("description").map(str::to_owned),
        custom_attributes: wanted.map(|paths| values_of(paths, resource)),
        ..FoundEntitlementData::new(kind.as_str(), kind.id_of(value), "", label)
    }
}
