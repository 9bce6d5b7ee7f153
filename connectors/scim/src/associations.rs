//! Who holds what: the members of groups, then the roles and entitlements of users.
//!
//! A page is cut wherever it is full, even inside a group: the token then says after which member to go on. SCIM cannot
//! give a part of a group, so a group is read again for every page of it; no more than that group, and as many small
//! ones as fit a page, is held at a time.
//!
//! A list of groups without any member proves nothing: many services show members only with a single group, or only the
//! groups of users. Both are looked at before it is believed.

use lumos_connector::listing::{InItem, InPart, sequence};
use lumos_connector::prelude::*;

use crate::entitlement::{Kind, USERS};
use crate::filter::Filter;
use crate::listed::count;
use crate::refusal::is_of_query;
use crate::resource::{Group, Resource, Row};
use crate::service::{Endpoint, Scim};
use crate::settings::Memberships;
use crate::walk::{MAX_BATCHES, Walk, WalkCursor, WalkPage};

/// Groups that are asked for at once when they come with their members.
const AT_ONCE: usize = 10;

/// Where the listing of a part goes on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Place {
    at: WalkCursor,
    /// How memberships are read, when the way that the settings name has shown none.
    way: Option<Memberships>,
    /// Whether there are groups of which no member was seen so far.
    unseen: bool,
    /// Whether a member of any group was seen.
    seen: bool,
}

impl Place {
    fn at(&self, at: WalkCursor) -> Self {
        Self { at, ..self.clone() }
    }
}

type Associations = Batch<Expanded<FoundEntitlementAssociation>, Place>;

pub(crate) async fn find_entitlement_associations(
    scim: Scim,
    _: FindEntitlementAssociations,
) -> Result<Reply<Vec<FoundEntitlementAssociation>>> {
    let listing = scim.open::<InItem<InPart<String, Place>>>()?.max_batches(MAX_BATCHES);
    let (scim, size) = (&scim, listing.size());
    // Where users show their groups, they are gone through once.
    let is_of_users = scim.settings.memberships == Memberships::Users;
    let of_users = if is_of_users { Kind::ALL } else { &[Kind::Role, Kind::Entitlement] };
    let fetch = |part: String, place| async move {
        if part == USERS {
            scim.held(of_users, place, size).await
        } else {
            scim.memberships(place, size).await
        }
    };
    let parts = [Kind::Group.attribute(), USERS].into_iter().filter(|part| *part == USERS || !is_of_users);
    Ok(scim.noted(listing.expand(sequence(parts.map(str::to_owned), fetch)).await?))
}

/// What one account holds. Its groups are those that say so of it as a member: not all services show them with users.
pub(crate) async fn get_account_entitlement_associations(
    scim: Scim,
    request: GetAccountEntitlementAssociations,
) -> Result<Reply<Vec<FoundEntitlementAssociation>>> {
    let account = request.account_id;
    let user = scim.read(&Endpoint::users(), &account, "groups,roles,entitlements").await?;
    let mut held = held_by(&user, &[Kind::Role, Kind::Entitlement]);
    held.extend(match scim.settings.memberships {
        Memberships::Users => held_by(&user, &[Kind::Group]),
        Memberships::Filter => scim.groups_found(&account).await?,
        Memberships::Groups | Memberships::EachGroup => scim.groups_with(&account, &user).await?,
    });
    let held = held.iter().map(|entitlement| association(&account, entitlement)).collect();
    Ok(scim.noted(Reply::new(held)))
}

impl Scim {
    /// A batch of groups with their members, or of users with their groups.
    async fn memberships(&self, mut place: Place, size: usize) -> Result<Associations> {
        match self.way(&place) {
            Memberships::Users => self.held(&[Kind::Group], place, size).await,
            Memberships::Filter => {
                let users = Walk::all(Endpoint::users(), size.min(AT_ONCE)).only("id");
                let page = self.walk::<Resource>(&users, place.at.clone()).await?;
                let mut found = std::collections::VecDeque::new();
                for user in &page.rows {
                    found.push_back(self.groups_found(&user.id).await?);
                }
                Ok(batch(page, &place, size, |user| held(&user.id, found.pop_front().unwrap_or_default())))
            }
            Memberships::Groups | Memberships::EachGroup => {
                // Nobody knows at first how large groups are.
                let groups = Walk { is_large: true, ..Walk::all(self.groups(), size.min(AT_ONCE)) };
                let page = self.groups_with_members(groups, &mut place).await?;
                let mut batch = batch(page, &place, size, |group| {
                    let users = group.users.into_iter();
                    let rows = users.map(|user| (user.clone(), association(&user, &group.id)));
                    Expanded::new(group.id.clone(), rows.collect::<Vec<_>>())
                });
                batch.next = batch.next.or_else(|| self.other_way(&place));
                Ok(batch)
            }
        }
    }

    /// The groups at a place with their members: as their list shows them, or each read on its own.
    async fn groups_with_members(&self, walk: Walk, place: &mut Place) -> Result<WalkPage<Group>> {
        let is_each = self.way(place) == Memberships::EachGroup;
        let walk = walk.only(if is_each { "id" } else { "members" });
        let mut page = self.walk::<Group>(&walk, place.at.clone()).await?;
        for group in page.rows.iter_mut().filter(|_| is_each) {
            match self.read(&self.groups(), &group.id, "members").await {
                Ok(read) => *group = Group::new(std::mem::take(&mut group.id), read.values("members")),
                // A group that cannot be read costs itself.
                Err(error) if is_of_query(&error) => {
                    self.note(format!("group {}: {}", group.id, error.message()));
                }
                Err(error) => return Err(error),
            }
        }
        place.unseen |= page.rows.iter().any(Group::is_empty);
        place.seen |= page.rows.iter().any(|group| !group.is_empty());
        Ok(page)
    }

    /// How memberships are read at a place.
    fn way(&self, place: &Place) -> Memberships {
        place.way.unwrap_or(self.settings.memberships)
    }

    /// Where to go on when no group has shown a member: another way is tried before that is believed.
    fn other_way(&self, place: &Place) -> Option<Place> {
        let way = if self.way(place) == Memberships::EachGroup {
            Memberships::Users
        } else {
            Memberships::EachGroup
        };
        (place.unseen && !place.seen).then(|| Place { way: Some(way), ..Place::default() })
    }

    /// A batch of users with what they hold of these kinds.
    async fn held(&self, kinds: &[Kind], place: Place, size: usize) -> Result<Associations> {
        let page = self.users_with(kinds, place.at.clone(), size).await?;
        Ok(batch(page, &place, size, |user| held(&user.id, held_by(&user, kinds))))
    }

    /// The groups that a filter finds for an account: where the settings say that it is believed, those without members,
    /// too; elsewhere none when the service refuses it.
    async fn groups_found(&self, account: &str) -> Result<Vec<String>> {
        let is_believed = self.settings.memberships == Memberships::Filter;
        let filter = Some(Filter::equals("members.value", account));
        let walk = Walk { filter, ..Walk::all(self.groups(), AT_ONCE).only("members") };
        let mut groups = Vec::new();
        let mut place = Some(WalkCursor::default());
        while let Some(at) = place {
            let page = match self.walk::<Group>(&walk, at).await {
                Err(error) if is_of_query(&error) && !is_believed => return Ok(Vec::new()),
                page => page?,
            };
            let has_it = |group: &Group| group.has(account) || is_believed && group.is_empty();
            groups.extend(page.rows.into_iter().filter(has_it).map(|group| group.id));
            place = page.next;
        }
        Ok(groups)
    }

    /// The groups that have a member. A service that cannot filter is asked for all groups, and so is one whose filter
    /// finds nothing: that proves nothing.
    async fn groups_with(&self, account: &str, user: &Resource) -> Result<Vec<String>> {
        if self.settings.memberships == Memberships::Groups && self.provider().await?.can_filter() {
            let found = self.groups_found(account).await?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        let (mut groups, mut place) = (Vec::new(), Place::default());
        while place.way != Some(Memberships::Users) {
            let page = self.groups_with_members(Walk::all(self.groups(), AT_ONCE), &mut place).await?;
            groups.extend(page.rows.into_iter().filter(|group| group.has(account)).map(|group| group.id));
            let next = page.next.map(|at| place.at(at)).or_else(|| self.other_way(&place));
            let Some(next) = next else { return Ok(groups) };
            place = next;
        }
        Ok(held_by(user, &[Kind::Group]))
    }

    /// A page of the users that have values of these kinds, or of all users when the service cannot tell them.
    pub(crate) async fn users_with(
        &self,
        kinds: &[Kind],
        at: WalkCursor,
        size: usize,
    ) -> Result<WalkPage<Resource>> {
        let attributes: Vec<_> = kinds.iter().map(|kind| kind.attribute()).collect();
        let all = Walk::all(Endpoint::users(), size).only(attributes.join(","));
        let at = self.begun(&all, at).await?;
        if at.unfiltered {
            return self.walk(&all, at).await;
        }
        let filter = attributes.iter().map(|name| Filter::present(name)).reduce(|one, next| one.or(&next));
        let unfiltered = WalkCursor { unfiltered: true, ..at.clone() };
        let is_beginning = at.is_beginning();
        match self.walk(&Walk { filter, ..all.clone() }, at).await {
            Err(error) if is_of_query(&error) && is_beginning => self.walk(&all, unfiltered).await,
            // That a filter finds nobody proves nothing: the first users are looked at.
            Ok(page) if is_beginning && page.rows.is_empty() && page.next.is_none() => {
                let first = self.walk::<Resource>(&all, unfiltered).await?;
                let has_any =
                    |user: &Resource| attributes.iter().any(|name| user.values(name).next().is_some());
                if first.rows.iter().any(has_any) { Ok(first) } else { Ok(page) }
            }
            page => page,
        }
    }
}

/// What the resources of a page bring. The next page has as many resources as fill a page of the listing.
fn batch<R: Row>(
    page: WalkPage<R>,
    place: &Place,
    size: usize,
    make: impl FnMut(R) -> Expanded<FoundEntitlementAssociation>,
) -> Associations {
    let mut batch = page.batch(|at| place.at(at), make);
    for (number, start) in batch.starts.iter_mut().enumerate() {
        start.at.resize(count(number));
    }
    let rows: usize = batch.rows.iter().map(Expanded::len).sum();
    if let Some(next) = batch.next.as_mut().filter(|_| rows * 2 <= size) {
        next.at.resize(next.at.size.saturating_mul(2).min(count(size)));
    }
    batch
}

fn held(account: &str, entitlements: Vec<String>) -> Expanded<FoundEntitlementAssociation> {
    let row = |entitlement: String| {
        let row = association(account, &entitlement);
        (entitlement, row)
    };
    Expanded::new(account, entitlements.into_iter().map(row))
}

/// The roles, entitlements or groups of a user. Groups that a user belongs to through others are left out: they cannot
/// be taken away from the user.
fn held_by(user: &Resource, kinds: &[Kind]) -> Vec<String> {
    let held = kinds.iter().flat_map(|kind| {
        let entries = user.values(kind.attribute()).filter(|entry| !entry.is_indirect);
        entries.map(|entry| kind.id_of(&entry.value))
    });
    held.collect()
}

fn association(account: &str, entitlement: &str) -> FoundEntitlementAssociation {
    // SCIM's groups and roles are the whole tenant's.
    FoundEntitlementAssociation::new(account, entitlement, "")
}
