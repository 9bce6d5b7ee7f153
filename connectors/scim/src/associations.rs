//! Who holds what: the members of groups, then the roles and entitlements of users.
//!
//! A page is cut wherever it is full, even inside a group: the token then says after which member to go on. Members are
//! taken in the order of their ids, so nobody who is a member throughout is missed while others come and go. SCIM cannot
//! give a part of a group, so a group is read again for every page of it; no more than that group, and as many small
//! ones as fit a page, is held at a time.

use lumos_connector::prelude::*;
use serde::{Deserialize, Deserializer};

use crate::entitlement::Kind;
use crate::filter::Filter;
use crate::resource::Resource;
use crate::service::{Endpoint, MAX_PAGE_SIZE, Scim};
use crate::settings::Memberships;
use crate::user_values::UserValues;
use crate::walk::{Place, Row, Stretch, Walk, count};

/// Requests in a row that find nothing before the page is given as it is.
const PATIENCE: usize = 20;

/// Where the listing goes on.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct AssociationPlace {
    part: Part,
    place: Place,
    users: UserValues,
    cut: Option<Cut>,
}

/// A page ended inside a resource.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Cut {
    /// The resource.
    within: String,
    /// The last of what it brings that was given.
    after: String,
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

/// What one resource brings to the listing: the other sides of its associations, in order, each once.
struct Held {
    id: String,
    others: Vec<String>,
}

impl Row for Held {
    fn id(&self) -> &str {
        &self.id
    }
}

pub(crate) async fn find_entitlement_associations(
    scim: Scim,
    _: FindEntitlementAssociations,
) -> Result<Reply<Vec<FoundEntitlementAssociation>>> {
    let listing = scim.open::<AssociationPlace>("associations")?;
    let size = listing.size();
    let mut at = match listing.after() {
        Some(place) => place.clone(),
        None => {
            let place = scim.begin(size).await?;
            let (part, place) = match scim.settings.memberships {
                // Nobody knows yet how large groups are.
                Memberships::Groups => (Part::Groups, place.sized(1)),
                Memberships::Users => (Part::Users, place),
            };
            AssociationPlace { part, place, users: UserValues::default(), cut: None }
        }
    };
    for _ in 0..PATIENCE {
        let (rows, next) = scim.associations(at, size).await?;
        match next {
            Some(next) if rows.is_empty() => at = next,
            next => return listing.going_on(rows, next),
        }
    }
    listing.going_on(Vec::new(), Some(at))
}

/// What one account holds. Its groups are those that say so of it as a member: not all services show them with users.
pub(crate) async fn get_account_entitlement_associations(
    scim: Scim,
    request: GetAccountEntitlementAssociations,
) -> Result<Vec<FoundEntitlementAssociation>> {
    let account_id = request.account_id;
    let user = scim.read(&Endpoint::users(), &account_id, "groups,roles,entitlements").await?;
    let asks_groups = scim.settings.memberships == Memberships::Groups && scim.can_filter().await?;
    let kinds = if asks_groups { &[Kind::Role, Kind::Entitlement][..] } else { &Kind::ALL };
    let mut held = Held::by(user, kinds).others;
    if asks_groups {
        held.extend(scim.groups_with(&account_id).await?);
    }
    Ok(held.iter().map(|entitlement| association(&account_id, entitlement)).collect())
}

impl Scim {
    async fn associations(
        &self,
        mut at: AssociationPlace,
        size: usize,
    ) -> Result<(Vec<FoundEntitlementAssociation>, Option<AssociationPlace>)> {
        Ok(match at.part {
            Part::Groups => {
                let walk = Walk { attributes: "members".to_owned(), ..Walk::all(self.groups()) };
                let groups = self.stretch::<Group>(&walk, at.place.clone()).await?;
                at.page(&groups.map(Held::from), size, |group, member| association(member, group))
            }
            Part::Users => {
                let kinds = match self.settings.memberships {
                    Memberships::Groups => &[Kind::Role, Kind::Entitlement][..],
                    Memberships::Users => &Kind::ALL,
                };
                let users = at.users.stretch(self, kinds, at.place.clone()).await?;
                at.page(&users.map(|user| Held::by(user, kinds)), size, association)
            }
        })
    }

    /// The groups that have a member.
    async fn groups_with(&self, account_id: &str) -> Result<Vec<String>> {
        let walk = Walk {
            filter: Some(Filter::equals("members.value", account_id)),
            attributes: "id".to_owned(),
            ..Walk::all(self.groups())
        };
        let mut groups = Vec::new();
        let mut place = Some(self.begin(MAX_PAGE_SIZE).await?);
        while let Some(at) = place {
            let stretch = self.stretch::<Resource>(&walk, at).await?;
            groups.extend(stretch.rows.into_iter().map(|group| group.id));
            place = stretch.next;
        }
        Ok(groups)
    }
}

impl AssociationPlace {
    /// As many associations of a stretch as a page has, and where the listing goes on.
    fn page(
        self,
        stretch: &Stretch<Held>,
        size: usize,
        association: impl Fn(&str, &str) -> FoundEntitlementAssociation,
    ) -> (Vec<FoundEntitlementAssociation>, Option<Self>) {
        let mut rows = Vec::new();
        for (number, held) in stretch.rows.iter().enumerate() {
            let rest = held.rest(self.cut.as_ref());
            let fitting = rest.len().min(size - rows.len());
            rows.extend(rest[..fitting].iter().map(|other| association(&held.id, other)));
            if fitting < rest.len() {
                let last = rest[..fitting].last();
                let cut = last.map(|last| Cut { within: held.id.clone(), after: last.clone() });
                let place = stretch.before(number).sized(count(number).max(1));
                return (rows, Some(Self { place, cut, ..self }));
            }
        }
        let next = match (&stretch.next, self.part) {
            (Some(place), _) => Some((self.part, place.clone())),
            (None, Part::Groups) => Some((Part::Users, self.place.first())),
            (None, Part::Users) => None,
        };
        let next = next.map(|(part, place)| {
            // What filled less than half a page may bring twice as much next time.
            let more = if rows.len() * 2 <= size {
                place.size().saturating_mul(2).min(count(size))
            } else {
                place.size()
            };
            Self { part, place: place.sized(more), cut: None, users: self.users }
        });
        (rows, next)
    }
}

impl Held {
    /// The roles, entitlements or groups of a user. Groups that a user belongs to through others are left out: they
    /// cannot be taken away from the user.
    fn by(user: Resource, kinds: &[Kind]) -> Self {
        let held = kinds.iter().flat_map(|kind| {
            let entries = user.values(kind.attribute()).filter(|entry| !entry.is_indirect);
            entries.map(|entry| kind.id_of(entry.value))
        });
        let others = in_order(held.collect());
        Self { id: user.id, others }
    }

    /// What comes after the place where the page before was cut.
    fn rest(&self, cut: Option<&Cut>) -> &[String] {
        let given = match cut {
            Some(cut) if cut.within == self.id => self.others.partition_point(|other| *other <= cut.after),
            _ => 0,
        };
        &self.others[given..]
    }
}

impl From<Group> for Held {
    /// The members that are users. Groups within groups are not followed.
    fn from(group: Group) -> Self {
        let users = group.members.unwrap_or_default().into_iter().filter(|member| match &member.kind {
            Some(kind) => !kind.eq_ignore_ascii_case("group"),
            None => !member.is_group,
        });
        Self { id: group.id, others: in_order(users.filter_map(|member| member.value).collect()) }
    }
}

fn in_order(mut ids: Vec<String>) -> Vec<String> {
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn association(account: &str, entitlement: &str) -> FoundEntitlementAssociation {
    // SCIM's groups and roles are the whole tenant's.
    FoundEntitlementAssociation::new(account, entitlement, "")
}

fn leads_to_group<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let address = Option::<String>::deserialize(deserializer)?;
    Ok(address.is_some_and(|address| address.contains("/Groups/")))
}
