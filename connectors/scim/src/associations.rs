//! Who holds what: the members of groups, then the roles and entitlements of users.
//!
//! A page is cut wherever it is full, even inside a group: the token then says after which member to go on. Members are
//! taken in the order of their ids, so nobody who is a member throughout is missed while others come and go. SCIM cannot
//! give a part of a group, so a group is read again for every page of it; no more than that group, and as many small
//! ones as fit a page, is held at a time.

use lumos_connector::prelude::*;
use serde::{Deserialize, Deserializer};

use crate::bundle::{self, Bundle, Cut};
use crate::entitlement::Kind;
use crate::filter::Filter;
use crate::resource::Resource;
use crate::service::{Endpoint, Scim};
use crate::settings::Memberships;
use crate::user_values::UserValues;
use crate::walk::{Row, Walk, WalkCursor, WalkPage};

/// Requests in a row that find nothing before the page is given as it is.
const PATIENCE: usize = 20;

/// Groups that are asked for at once when they come with their members.
const GROUPS_WITH_MEMBERS: usize = 10;

/// Where the listing goes on.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct AssociationPlace {
    part: Part,
    /// `None` at the beginning of the part.
    place: Option<WalkCursor>,
    users: UserValues,
    cut: Option<Cut>,
}

wire_enum! {
    /// What the listing is at.
    enum Part {
        /// The members of groups.
        Groups = "groups",
        /// What users hold.
        Users = "users",
    }
}

/// A group with its members.
#[derive(Deserialize)]
struct Group {
    id: String,
    #[serde(default)]
    members: Option<Vec<Member>>,
}

#[derive(Deserialize)]
struct Member {
    value: Option<String>,
    /// `User` or `Group`.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Whether the address of the member is that of a group, for services that do not give the type.
    #[serde(rename = "$ref", default, deserialize_with = "leads_to_group")]
    is_group: bool,
}

impl Row for Group {
    fn id(&self) -> &str {
        &self.id
    }
}

pub(crate) async fn find_entitlement_associations(
    scim: Scim,
    _: FindEntitlementAssociations,
) -> Result<Reply<Vec<FoundEntitlementAssociation>>> {
    let listing = scim.open::<AssociationPlace>()?;
    let size = listing.size();
    let mut at = listing.after().cloned().unwrap_or_else(|| AssociationPlace {
        part: match scim.settings.memberships {
            Memberships::Groups => Part::Groups,
            Memberships::Users => Part::Users,
        },
        place: None,
        users: UserValues::default(),
        cut: None,
    });
    for _ in 0..PATIENCE {
        let (rows, next) = scim.associations(at, size).await?;
        match next {
            Some(next) if rows.is_empty() => at = next,
            next => return listing.next_page(rows, next),
        }
    }
    listing.next_page(Vec::new(), Some(at))
}

/// What one account holds. Its groups are those that say so of it as a member: not all services show them with users.
pub(crate) async fn get_account_entitlement_associations(
    scim: Scim,
    request: GetAccountEntitlementAssociations,
) -> Result<Vec<FoundEntitlementAssociation>> {
    let account = request.account_id;
    let user = scim.read(&Endpoint::users(), &account, "groups,roles,entitlements").await?;
    let mut held = Vec::new();
    for kind in [Kind::Role, Kind::Entitlement] {
        held.extend(user.values(kind.attribute()).map(|entry| kind.id_of(entry.value)));
    }
    match scim.settings.memberships {
        Memberships::Groups => held.extend(scim.groups_with(&account).await?),
        Memberships::Users => {
            let groups = user.values(Kind::Group.attribute()).filter(|group| !group.is_indirect);
            held.extend(groups.map(|group| group.value.to_owned()));
        }
    }
    Ok(held.iter().map(|entitlement| association(&account, entitlement)).collect())
}

impl Scim {
    async fn associations(
        &self,
        mut at: AssociationPlace,
        size: usize,
    ) -> Result<(Vec<FoundEntitlementAssociation>, Option<AssociationPlace>)> {
        let place = match (at.place.take(), at.part) {
            (Some(place), _) => place,
            // Nobody knows yet how large groups are, and a service with cursors wants to be told once for all.
            (None, Part::Groups) => self.begin(size.min(GROUPS_WITH_MEMBERS)).await?.sized(1),
            (None, Part::Users) => self.begin(size).await?,
        };
        Ok(match at.part {
            Part::Groups => {
                let walk = Walk { attributes: "members".to_owned(), ..Walk::all(self.groups()) };
                let groups = self.stretch::<Group>(&walk, place).await?;
                at.page(&groups.map(members), size, |group, member| association(member, group))
            }
            Part::Users => {
                let kinds = match self.settings.memberships {
                    Memberships::Groups => &[Kind::Role, Kind::Entitlement][..],
                    Memberships::Users => &Kind::ALL,
                };
                let users = at.users.stretch(self, kinds, place).await?;
                at.page(&users.map(|user| held_by(user, kinds)), size, association)
            }
        })
    }

    /// The groups that have a member. A service that cannot filter is asked for all groups; one that says it can is not
    /// believed before its groups are seen.
    async fn groups_with(&self, account: &str) -> Result<Vec<String>> {
        let filter = self.can_filter().await?.then(|| Filter::equals("members.value", account));
        let walk = Walk { filter, attributes: "members".to_owned(), ..Walk::all(self.groups()) };
        let mut groups = Vec::new();
        let mut place = Some(self.begin(GROUPS_WITH_MEMBERS).await?);
        while let Some(at) = place {
            let stretch = self.stretch::<Group>(&walk, at).await?;
            let has_it = stretch.rows.into_iter().filter(|group| group.has(account));
            groups.extend(has_it.map(|group| group.id));
            place = stretch.next;
        }
        Ok(groups)
    }
}

impl Group {
    fn has(&self, account: &str) -> bool {
        self.members.iter().flatten().any(|member| member.value.as_deref() == Some(account))
    }
}

impl AssociationPlace {
    /// As many associations of a stretch as a page has, and where the listing goes on.
    fn page(
        self,
        stretch: &WalkPage<Bundle<String>>,
        size: usize,
        association: impl Fn(&str, &str) -> FoundEntitlementAssociation,
    ) -> (Vec<FoundEntitlementAssociation>, Option<Self>) {
        let row = |id: &str, other: &String| Some(association(id, other));
        let (rows, next) = bundle::page(stretch, self.cut.as_ref(), size, row);
        let next = match (next, self.part) {
            (Some((place, cut)), part) => Some(Self { part, place: Some(place), cut, ..self }),
            (None, Part::Groups) => Some(Self { part: Part::Users, place: None, cut: None, ..self }),
            (None, Part::Users) => None,
        };
        (rows, next)
    }
}

/// The members of a group that are users. Groups within groups are not followed.
fn members(group: Group) -> Bundle<String> {
    let users = group.members.unwrap_or_default().into_iter().filter(|member| match &member.kind {
        Some(kind) => !kind.eq_ignore_ascii_case("group"),
        None => !member.is_group,
    });
    Bundle::new(group.id, users.filter_map(|member| member.value).collect())
}

/// The roles, entitlements or groups of a user. Groups that a user belongs to through others are left out: they cannot
/// be taken away from the user.
fn held_by(user: Resource, kinds: &[Kind]) -> Bundle<String> {
    let held = kinds.iter().flat_map(|kind| {
        let entries = user.values(kind.attribute()).filter(|entry| !entry.is_indirect);
        entries.map(|entry| kind.id_of(entry.value))
    });
    let held = held.collect();
    Bundle::new(user.id, held)
}

fn association(account: &str, entitlement: &str) -> FoundEntitlementAssociation {
    // SCIM's groups and roles are the whole tenant's.
    FoundEntitlementAssociation::new(account, entitlement, "")
}

fn leads_to_group<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let address = Option::<String>::deserialize(deserializer)?;
    Ok(address.is_some_and(|address| address.contains("/Groups/")))
}
