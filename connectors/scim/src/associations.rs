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

use crate::entitlement::Kind;
use crate::filter::Filter;
use crate::refusal::is_about_filter;
use crate::resource::{Group, MemberKind, Resource};
use crate::service::{Endpoint, Scim};
use crate::settings::Memberships;
use crate::walk::{MAX_BATCHES, Walk, WalkCursor, WalkPage, count};

/// Groups that are asked for at once when they come with their members.
const GROUPS_WITH_MEMBERS: usize = 10;

/// Where the listing of a part goes on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// `None` at the beginning of the part.
    at: Option<WalkCursor>,
    /// How memberships are read.
    way: Way,
    /// Whether there are groups of which no member was seen so far.
    unseen: bool,
    /// Whether a member of any group was seen.
    seen: bool,
}

wire_enum! {
    /// How memberships are read.
    enum Way = Listed {
        /// From the list of groups.
        Listed = "listed",
        /// From each group.
        Each = "each",
        /// From the groups of users.
        OfUsers = "of_users",
        /// By a filter for each user.
        Filter = "filter",
    }
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

type Associations = Batch<Expanded<FoundEntitlementAssociation>, Place>;

pub(crate) async fn find_entitlement_associations(
    scim: Scim,
    _: FindEntitlementAssociations,
) -> Result<Reply<Vec<FoundEntitlementAssociation>>> {
    let listing = scim.open::<InItem<InPart<Part, Place>>>()?.max_batches(MAX_BATCHES);
    let size = listing.size();
    let scim = &scim;
    let fetch = |part, place| async move {
        match part {
            Part::Groups => scim.memberships(place, size).await,
            Part::Users => scim.held(place, size).await,
        }
    };
    let reply = listing.expand(sequence([Part::Groups, Part::Users], fetch)).await?;
    Ok(scim.noted(reply))
}

/// What one account holds. Its groups are those that say so of it as a member: not all services show them with users.
pub(crate) async fn get_account_entitlement_associations(
    scim: Scim,
    request: GetAccountEntitlementAssociations,
) -> Result<Reply<Vec<FoundEntitlementAssociation>>> {
    let account = request.account_id;
    let user = scim.read(&Endpoint::users(), &account, "groups,roles,entitlements").await?;
    let mut held = held_by(&user, &[Kind::Role, Kind::Entitlement]);
    match scim.settings.memberships {
        Memberships::Users => held.extend(held_by(&user, &[Kind::Group])),
        Memberships::Filter => held.extend(scim.groups_found(&account, true).await?.unwrap_or_default()),
        Memberships::Groups | Memberships::EachGroup => held.extend(scim.groups_with(&account, &user).await?),
    }
    let held = held.iter().map(|entitlement| association(&account, entitlement)).collect();
    Ok(scim.noted(Reply::new(held)))
}

impl Scim {
    /// A batch of groups with their members, or of users with their groups.
    async fn memberships(&self, mut place: Place, size: usize) -> Result<Associations> {
        if place.at.is_none() && place.way == Way::Listed {
            place.way = match self.settings.memberships {
                Memberships::Groups => Way::Listed,
                Memberships::EachGroup => Way::Each,
                Memberships::Filter => Way::Filter,
                // Users are gone through anyway.
                Memberships::Users => return Ok(Batch::new(Vec::new(), None)),
            };
        }
        if matches!(place.way, Way::OfUsers | Way::Filter) {
            return self.groups_of_users(place, size).await;
        }
        let is_each = place.way == Way::Each;
        let at = match place.at.take() {
            Some(at) => at,
            // Nobody knows yet how large groups are, and a service with cursors wants to be told once for all.
            None => self.begin(size.min(GROUPS_WITH_MEMBERS)).await?.sized(1),
        };
        let attributes = if is_each { "id" } else { "members" };
        let is_beginning = at.is_beginning();
        let mut page = match self.walk::<Group>(&Walk::all(self.groups()).only(attributes), at).await {
            Ok(page) => page,
            Err(error) if is_beginning && self.has_no_groups(&error) => {
                self.note(format!("groups: {}", error.message()));
                return Ok(Batch::new(Vec::new(), None));
            }
            Err(error) => return Err(error),
        };
        if is_each {
            for group in &mut page.rows {
                group.members = self.members_of(&group.id).await?;
            }
        }
        place.unseen |= page.rows.iter().any(|group| group.members.is_empty());
        place.seen |= page.rows.iter().any(|group| !group.members.is_empty());
        let mut batch = batch(page, &place, size, |group| {
            let users = group.members.into_iter().filter(|member| member.kind == MemberKind::User);
            let rows = users.map(|user| (user.id.clone(), association(&user.id, &group.id)));
            Expanded::new(group.id.clone(), rows.collect::<Vec<_>>())
        });
        if batch.next.is_none() && place.unseen && !place.seen {
            // No group has shown a member: another way is tried before that is believed.
            let way = if is_each { Way::OfUsers } else { Way::Each };
            batch.next = Some(Place { way, ..Place::default() });
        }
        Ok(batch)
    }

    /// A batch of users with the groups that they show, or that a filter finds for them.
    async fn groups_of_users(&self, mut place: Place, size: usize) -> Result<Associations> {
        let is_filter = place.way == Way::Filter;
        let at = match place.at.take() {
            Some(at) => at,
            None => self.begin(if is_filter { size.min(GROUPS_WITH_MEMBERS) } else { size }).await?,
        };
        let attributes = if is_filter { "id" } else { "groups" };
        let page = self.walk::<Resource>(&Walk::all(Endpoint::users()).only(attributes), at).await?;
        let mut found = std::collections::HashMap::new();
        if is_filter {
            for user in &page.rows {
                found.insert(user.id.clone(), self.groups_found(&user.id, true).await?.unwrap_or_default());
            }
        }
        Ok(batch(page, &place, size, |user| {
            let groups = found.remove(&user.id).unwrap_or_else(|| held_by(&user, &[Kind::Group]));
            held(&user.id, groups)
        }))
    }

    /// A batch of users with what they hold.
    async fn held(&self, mut place: Place, size: usize) -> Result<Associations> {
        let kinds = match self.settings.memberships {
            Memberships::Users => &Kind::ALL[..],
            _ => &[Kind::Role, Kind::Entitlement],
        };
        let at = match place.at.take() {
            Some(at) => at,
            None => self.begin(size).await?,
        };
        let page = self.users_with(kinds, at).await?;
        Ok(batch(page, &place, size, |user| held(&user.id, held_by(&user, kinds))))
    }

    /// The members of a group, read on its own. A group that cannot be read costs itself.
    async fn members_of(&self, group: &str) -> Result<Vec<crate::resource::Member>> {
        match self.read(&self.groups(), group, "members").await {
            Ok(group) => Ok(group.members()),
            Err(error) if is_about_filter(&error) => {
                self.note(format!("group {group}: {}", error.message()));
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }

    /// The groups that a filter finds for an account; `None` when the service refuses it. One that is believed may find
    /// groups without showing their members.
    async fn groups_found(&self, account: &str, is_believed: bool) -> Result<Option<Vec<String>>> {
        let filter = Some(Filter::equals("members.value", account));
        let walk = Walk { filter, ..Walk::all(self.groups()).only("members") };
        let mut groups = Vec::new();
        let mut place = Some(self.begin(GROUPS_WITH_MEMBERS).await?);
        while let Some(at) = place {
            let page = match self.walk::<Group>(&walk, at).await {
                Ok(page) => page,
                Err(error) if is_about_filter(&error) && !is_believed => return Ok(None),
                Err(error) => return Err(error),
            };
            let has_it = |group: &Group| group.has(account) || is_believed && group.members.is_empty();
            groups.extend(page.rows.into_iter().filter(has_it).map(|group| group.id));
            place = page.next;
        }
        Ok(Some(groups))
    }

    /// The groups that have a member. A service that cannot filter is asked for all groups, and so is one whose filter
    /// finds nothing: that proves nothing.
    async fn groups_with(&self, account: &str, user: &Resource) -> Result<Vec<String>> {
        if self.settings.memberships == Memberships::Groups && self.can_filter().await? {
            let found = self.groups_found(account, false).await?.unwrap_or_default();
            if !found.is_empty() {
                return Ok(found);
            }
        }
        let is_each = self.settings.memberships == Memberships::EachGroup;
        for is_each in [is_each, true] {
            let (mut groups, mut unseen, mut seen) = (Vec::new(), false, false);
            let attributes = if is_each { "id" } else { "members" };
            let walk = Walk::all(self.groups()).only(attributes);
            let mut place = Some(self.begin(GROUPS_WITH_MEMBERS).await?);
            while let Some(at) = place {
                let is_beginning = at.is_beginning();
                let page = match self.walk::<Group>(&walk, at).await {
                    Ok(page) => page,
                    Err(error) if is_beginning && self.has_no_groups(&error) => {
                        self.note(format!("groups: {}", error.message()));
                        return Ok(Vec::new());
                    }
                    Err(error) => return Err(error),
                };
                for mut group in page.rows {
                    if is_each {
                        group.members = self.members_of(&group.id).await?;
                    }
                    seen |= !group.members.is_empty();
                    unseen |= group.members.is_empty();
                    if group.has(account) {
                        groups.push(group.id);
                    }
                }
                place = page.next;
            }
            if seen || !unseen {
                return Ok(groups);
            }
        }
        Ok(held_by(user, &[Kind::Group]))
    }

    /// A page of the users that have values of these kinds, or of all users when the service cannot tell them.
    pub(crate) async fn users_with(&self, kinds: &[Kind], at: WalkCursor) -> Result<WalkPage<Resource>> {
        let attributes: Vec<_> = kinds.iter().map(|kind| kind.attribute()).collect();
        let all = Walk::all(Endpoint::users()).only(attributes.join(","));
        let present = attributes.iter().map(|attribute| Filter::present(attribute));
        let filter = present.reduce(|all, present| all.or(&present));
        let unfiltered = at.clone().unfiltered();
        if at.is_unfiltered() {
            return self.walk(&all, at).await;
        }
        let is_beginning = at.is_beginning();
        match self.walk(&Walk { filter, ..all.clone() }, at).await {
            Err(error) if is_about_filter(&error) && is_beginning => self.walk(&all, unfiltered).await,
            // That a filter finds nobody proves nothing: the first users are looked at.
            Ok(page) if is_beginning && page.rows.is_empty() && page.next.is_none() => {
                let first = self.walk::<Resource>(&all, unfiltered).await?;
                let has_any =
                    |user: &Resource| kinds.iter().any(|kind| user.values(kind.attribute()).next().is_some());
                if first.rows.iter().any(has_any) { Ok(first) } else { Ok(page) }
            }
            page => page,
        }
    }
}

/// What the resources of a page bring. The next page has as many resources as fill a page of the listing.
fn batch<R: crate::resource::Row>(
    page: WalkPage<R>,
    place: &Place,
    size: usize,
    make: impl FnMut(R) -> Expanded<FoundEntitlementAssociation>,
) -> Associations {
    let at = |at: WalkCursor| Place { at: Some(at), ..place.clone() };
    let starts =
        (0..page.rows.len()).map(|number| at(page.before(number).sized(count(number).max(1)))).collect();
    let next = page.next.clone();
    let items: Vec<_> = page.rows.into_iter().map(make).collect();
    let rows: usize = items.iter().map(Expanded::len).sum();
    let next = next.map(|next| {
        let fills_half = rows * 2 > size;
        let resources = if fills_half { next.size() } else { next.size().saturating_mul(2).min(count(size)) };
        at(next.sized(resources))
    });
    Batch::new(items, next).starts(starts)
}

fn held(account: &str, entitlements: Vec<String>) -> Expanded<FoundEntitlementAssociation> {
    let rows = entitlements.into_iter().map(|entitlement| {
        let row = association(account, &entitlement);
        (entitlement, row)
    });
    Expanded::new(account, rows.collect::<Vec<_>>())
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
