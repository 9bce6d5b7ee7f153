//! Listing what accounts can hold: groups, roles and entitlements, and the resources beside them.
//!
//! Groups are resources, and so are roles and entitlements where the service has endpoints for them. Elsewhere a role is
//! what users have: it is found by walking through the users, and told once. What was told is remembered in the page
//! token, as hashes, up to [`REMEMBERED`]; beyond that a value may be told twice, and none is left out.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use lumos_connector::prelude::*;

use crate::attribute_path::{AttributePath, named, values_of};
use crate::bundle::{self, Bundle, Cut, Keyed};
use crate::entitlement::Kind;
use crate::resource::{Entry, Resource};
use crate::service::{Endpoint, Scim};
use crate::user_values::UserValues;
use crate::walk::{Walk, WalkCursor};

/// Values told so far that a page token remembers: 9 bytes each.
const REMEMBERED: usize = 2_000;

/// Requests in a row that find nothing new before the page is given as it is.
const PATIENCE: usize = 20;

/// Where the listing goes on.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct EntitlementPlace {
    part: Part,
    place: WalkCursor,
    users: UserValues,
    cut: Option<Cut>,
    told: Vec<i64>,
}

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

pub(crate) async fn list_entitlements(
    scim: Scim,
    request: ListEntitlements,
) -> Result<Reply<Vec<FoundEntitlementData>>> {
    let wanted = named(request.custom_attributes)?;
    let listing = scim.open::<EntitlementPlace>()?;
    let size = listing.size();
    let mut at = match listing.after() {
        Some(place) => place.clone(),
        None => EntitlementPlace {
            part: Part::Groups,
            place: scim.begin(size).await?,
            users: UserValues::default(),
            cut: None,
            told: Vec::new(),
        },
    };
    for _ in 0..PATIENCE {
        let (rows, next) = scim.entitlements(at, size, wanted.as_deref()).await?;
        match next {
            Some(next) if rows.is_empty() => at = next,
            next => return listing.next_page(rows, next),
        }
    }
    listing.next_page(Vec::new(), Some(at))
}

impl Scim {
    /// The entitlements at a place, and where the listing goes on.
    async fn entitlements(
        &self,
        at: EntitlementPlace,
        size: usize,
        wanted: Option<&[AttributePath]>,
    ) -> Result<(Vec<FoundEntitlementData>, Option<EntitlementPlace>)> {
        let (kind, endpoint) = match at.part {
            Part::Groups => (Kind::Group, Some(self.groups())),
            Part::Roles => (Kind::Role, self.settings.role_endpoint.as_ref().map(Endpoint::new)),
            Part::Entitlements => {
                (Kind::Entitlement, self.settings.entitlement_endpoint.as_ref().map(Endpoint::new))
            }
            Part::Users => return self.values_of_users(at, size).await,
        };
        let (rows, place) = match endpoint {
            None => (Vec::new(), None),
            Some(endpoint) => {
                let walk = Walk { without: "members", ..Walk::all(endpoint) };
                let stretch = self.stretch::<Resource>(&walk, at.place.clone()).await?;
                (stretch.rows.iter().map(|row| resource(kind, row, wanted)).collect(), stretch.next)
            }
        };
        let next = match place {
            Some(place) => Some(EntitlementPlace { place, ..at }),
            None => {
                self.part_after(at.part).map(|part| EntitlementPlace { part, place: at.place.first(), ..at })
            }
        };
        Ok((rows, next))
    }

    fn part_after(&self, part: Part) -> Option<Part> {
        match part {
            Part::Groups => Some(Part::Roles),
            Part::Roles => Some(Part::Entitlements),
            Part::Entitlements if !self.kinds_of_users().is_empty() => Some(Part::Users),
            Part::Entitlements | Part::Users => None,
        }
    }

    /// The kinds of entitlements that are listed nowhere but with users.
    fn kinds_of_users(&self) -> Vec<Kind> {
        let endpoints = [
            (Kind::Role, &self.settings.role_endpoint),
            (Kind::Entitlement, &self.settings.entitlement_endpoint),
        ];
        endpoints.into_iter().filter(|(_, endpoint)| endpoint.is_none()).map(|(kind, _)| kind).collect()
    }

    async fn values_of_users(
        &self,
        mut at: EntitlementPlace,
        size: usize,
    ) -> Result<(Vec<FoundEntitlementData>, Option<EntitlementPlace>)> {
        let kinds = self.kinds_of_users();
        let users = at.users.stretch(self, &kinds, at.place.clone()).await?;
        let users = users.map(|user| {
            let values = kinds
                .iter()
                .flat_map(|kind| user.values(kind.attribute()).map(|entry| Value::of(*kind, entry)));
            let values = values.collect();
            Bundle::new(user.id, values)
        });
        let cut = at.cut.take();
        let (rows, next) = bundle::page(&users, cut.as_ref(), size, |_, value| at.tells(value));
        Ok((rows, next.map(|(place, cut)| EntitlementPlace { place, cut, ..at })))
    }

    /// The endpoint of groups.
    pub(crate) fn groups(&self) -> Endpoint {
        Endpoint::new(&self.settings.group_endpoint)
    }
}

impl EntitlementPlace {
    /// An entitlement that was not told yet; it is now.
    fn tells(&mut self, value: &Value) -> Option<FoundEntitlementData> {
        let mut hasher = DefaultHasher::new();
        value.id.hash(&mut hasher);
        let hash = hasher.finish().cast_signed();
        if self.told.contains(&hash) {
            return None;
        }
        if self.told.len() < REMEMBERED {
            self.told.push(hash);
        }
        Some(FoundEntitlementData {
            is_assignable: Some(true),
            ..FoundEntitlementData::new(value.kind.type_id(), value.id.as_str(), "", value.label.as_str())
        })
    }
}

/// A role or entitlement as a user has it.
struct Value {
    kind: Kind,
    id: String,
    label: String,
}

impl Value {
    fn of(kind: Kind, entry: Entry<'_>) -> Self {
        Self { kind, id: kind.id_of(entry.value), label: entry.display.unwrap_or(entry.value).to_owned() }
    }
}

impl Keyed for Value {
    fn key(&self) -> &str {
        &self.id
    }
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
