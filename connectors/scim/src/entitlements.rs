//! Listing what accounts can hold: groups, roles and entitlements, and the resources beside them.
//!
//! Groups are resources, and so are roles and entitlements where the service has endpoints for them. Elsewhere a role is
//! what users have: it is found by walking through the users, and given once.

use lumos_connector::listing::{InItem, InPart, sequence};
use lumos_connector::prelude::*;

use crate::attribute_path::{AttributePath, named, values_of};
use crate::entitlement::Kind;
use crate::resource::{Resource, Row};
use crate::service::{Endpoint, Scim};
use crate::walk::{MAX_BATCHES, Walk, WalkCursor, WalkPage};

wire_enum! {
    /// What the listing is at.
    enum Part {
        /// The groups.
        Groups = "groups",
        /// The roles, which have an endpoint.
        Roles = "roles",
        /// The entitlements, which have an endpoint.
        Entitlements = "entitlements",
        /// The roles and entitlements that users have.
        Users = "users",
    }
}

type Entitlements = Batch<Expanded<FoundEntitlementData>, Option<WalkCursor>>;

pub(crate) async fn list_entitlements(
    scim: Scim,
    request: ListEntitlements,
) -> Result<Reply<Vec<FoundEntitlementData>>> {
    let wanted = named(request.custom_attributes)?;
    let listing = scim.open::<InItem<InPart<Part, Option<WalkCursor>>>>()?.max_batches(MAX_BATCHES);
    let size = listing.size();
    let (scim, wanted) = (&scim, wanted.as_deref());
    let fetch = |part, at| async move { scim.entitlements(part, at, size, wanted).await };
    let reply = listing.expand(sequence(scim.parts(), fetch)).await?;
    Ok(scim.noted(reply))
}

impl Scim {
    fn parts(&self) -> Vec<Part> {
        let mut parts = vec![Part::Groups];
        parts.extend(self.settings.role_endpoint.as_ref().map(|_| Part::Roles));
        parts.extend(self.settings.entitlement_endpoint.as_ref().map(|_| Part::Entitlements));
        parts.extend((!self.kinds_of_users().is_empty()).then_some(Part::Users));
        parts
    }

    /// The entitlements of a part at a place.
    async fn entitlements(
        &self,
        part: Part,
        at: Option<WalkCursor>,
        size: usize,
        wanted: Option<&[AttributePath]>,
    ) -> Result<Entitlements> {
        let at = match at {
            Some(at) => at,
            None => self.begin(size).await?,
        };
        let (kind, endpoint) = match part {
            Part::Groups => (Kind::Group, self.groups()),
            Part::Roles => {
                (Kind::Role, Endpoint::new(self.settings.role_endpoint.clone().unwrap_or_default()))
            }
            Part::Entitlements => {
                let endpoint = self.settings.entitlement_endpoint.clone().unwrap_or_default();
                (Kind::Entitlement, Endpoint::new(endpoint))
            }
            Part::Users => return self.values_of_users(at).await,
        };
        let is_beginning = at.is_beginning();
        let walk = Walk { without: "members", ..Walk::all(endpoint) };
        let page = match self.walk::<Resource>(&walk, at).await {
            Ok(page) => page,
            Err(error) if part == Part::Groups && is_beginning && self.has_no_groups(&error) => {
                self.note(format!("groups: {}", error.message()));
                return Ok(Batch::new(Vec::new(), None));
            }
            Err(error) => return Err(error),
        };
        Ok(batch(page, |row| {
            let found = resource(kind, &row, wanted);
            Expanded::new(row.id, [(found.integration_specific_id.clone(), found)])
        }))
    }

    /// The kinds of entitlements that are listed nowhere but with users.
    fn kinds_of_users(&self) -> Vec<Kind> {
        let endpoints = [
            (Kind::Role, &self.settings.role_endpoint),
            (Kind::Entitlement, &self.settings.entitlement_endpoint),
        ];
        endpoints.into_iter().filter(|(_, endpoint)| endpoint.is_none()).map(|(kind, _)| kind).collect()
    }

    async fn values_of_users(&self, at: WalkCursor) -> Result<Entitlements> {
        let kinds = self.kinds_of_users();
        let page = self.users_with(&kinds, at).await?;
        Ok(batch(page, |user| {
            let values = kinds.iter().flat_map(|kind| {
                user.values(kind.attribute()).map(|entry| {
                    let id = kind.id_of(&entry.value);
                    let label = entry.display.unwrap_or(&entry.value);
                    let found = FoundEntitlementData {
                        is_assignable: Some(true),
                        ..FoundEntitlementData::new(kind.type_id(), id.as_str(), "", label)
                    };
                    (id, found)
                })
            });
            Expanded::new(user.id.clone(), values.collect::<Vec<_>>()).shared()
        }))
    }
}

fn batch<R: Row>(page: WalkPage<R>, make: impl FnMut(R) -> Expanded<FoundEntitlementData>) -> Entitlements {
    let starts = (0..page.rows.len()).map(|number| Some(page.before(number))).collect();
    let next = page.next.map(Some);
    Batch::new(page.rows.into_iter().map(make).collect(), next).starts(starts)
}

/// An entitlement that is a resource of its own.
fn resource(kind: Kind, resource: &Resource, wanted: Option<&[AttributePath]>) -> FoundEntitlementData {
    let value = match kind {
        Kind::Group => &resource.id,
        Kind::Role | Kind::Entitlement => resource.text("value").unwrap_or(&resource.id),
    };
    let names = ["displayName", "display"];
    let label = names.iter().find_map(|name| resource.text(name)).unwrap_or(value);
    FoundEntitlementData {
        is_assignable: Some(true),
        extra_data: Some(resource.extra_data()),
        description: resource.text("description").map(str::to_owned),
        custom_attributes: wanted.map(|paths| values_of(paths, resource)),
        ..FoundEntitlementData::new(kind.type_id(), kind.id_of(value), "", label)
    }
}
