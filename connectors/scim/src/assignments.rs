//! Giving entitlements to accounts, and taking them away.

use lumos_connector::prelude::*;

use crate::change::Change;
use crate::entitlement::Kind;
use crate::filter::Filter;
use crate::refusal::{is_answered, unseen};
use crate::resource::Group;
use crate::service::{Endpoint, Scim};
use crate::settings::{Memberships, ReadBack};
use crate::writing::look;

pub(crate) async fn assign_entitlement(
    scim: Scim,
    request: AssignEntitlement,
) -> Result<Reply<AssignedEntitlement>> {
    let (kind, value) = Kind::named(request.entitlement())?;
    let account = &request.account_integration_specific_id;
    let has_it = scim.holds(kind, value, account).await? == Some(true);
    if !has_it {
        scim.set(kind, value, account, true).await?;
    }
    Reply::new(AssignedEntitlement { assigned: true }).did(Effect::updated_unless(has_it), &request, true)
}

pub(crate) async fn unassign_entitlement(
    scim: Scim,
    request: UnassignEntitlement,
) -> Result<Reply<UnassignedEntitlement>> {
    let (kind, value) = Kind::named(request.entitlement())?;
    let account = &request.account_integration_specific_id;
    // Where nothing is shown, the removal is sent: it does no harm to somebody who is no member.
    let may_have_it = scim.holds(kind, value, account).await? != Some(false);
    if may_have_it {
        scim.set(kind, value, account, false).await?;
    }
    let effect = Effect::updated_unless(!may_have_it);
    Reply::new(UnassignedEntitlement { unassigned: true }).did(effect, &request, true)
}

impl Scim {
    /// Gives an entitlement to an account, or takes it away.
    pub(crate) async fn set(&self, kind: Kind, value: &str, account: &str, wanted: bool) -> Result<()> {
        let (endpoint, id, attribute, written) = match kind {
            Kind::Group => (self.groups(), value, "members", account),
            Kind::Role | Kind::Entitlement => (Endpoint::users(), account, kind.attribute(), value),
        };
        let written = written.to_owned();
        let change = if wanted {
            Change::Add { attribute, value: written }
        } else {
            Change::Remove { attribute, value: written }
        };
        let sees = || async { Ok(self.holds_now(kind, value, account).await?.map(|holds| holds == wanted)) };
        match self.change(&endpoint, id, &[change], None, &sees).await {
            // `noTarget`: somebody else took it away meanwhile.
            Err(error) if !wanted && error.code() == ConnectorErrorCode::UnknownValue => {
                if self.settings.read_back == ReadBack::Always && look(&sees).await? == Some(false) {
                    return Err(unseen("the account still holds the entitlement"));
                }
                Ok(())
            }
            changed => changed,
        }
    }

    /// Whether an account holds an entitlement; both must exist. `None` when the service does not show it.
    async fn holds(&self, kind: Kind, value: &str, account: &str) -> Result<Option<bool>> {
        if kind != Kind::Group {
            return self.holds_now(kind, value, account).await;
        }
        self.read(&Endpoint::users(), account, "userName").await?;
        if self.filter_finds(value, account).await? == Some(true) {
            return Ok(Some(true));
        }
        self.holds_now(kind, value, account).await
    }

    /// Whether an account holds an entitlement now; `None` when the service does not show it.
    pub(crate) async fn holds_now(&self, kind: Kind, value: &str, account: &str) -> Result<Option<bool>> {
        if kind != Kind::Group {
            let user = self.read(&Endpoint::users(), account, kind.attribute()).await?;
            return Ok(Some(user.holds(kind.attribute(), value)));
        }
        let group = self.read(&self.groups(), value, "members").await?;
        if group.values("members").next().is_some() {
            return Ok(Some(group.holds("members", account)));
        }
        // No members at all: there are none, or they are not shown.
        match self.filter_finds(value, account).await? {
            None if self.shows_members(value).await? => Ok(Some(false)),
            found => Ok(found),
        }
    }

    /// Whether another group shows its members when it is read by itself, so that a group without any is empty.
    async fn shows_members(&self, group: &str) -> Result<bool> {
        let Some(others) = self.some_groups(&[("attributes", "members"), ("count", "20")]).await? else {
            return Ok(false);
        };
        let mut others = others.iter().filter(|other| other.id != group && !other.is_empty());
        let Some(other) = others.next() else { return Ok(false) };
        let other = self.read(&self.groups(), &other.id, "members").await?;
        Ok(other.values("members").next().is_some())
    }

    /// Whether a filter finds an account in a group. That it finds nothing proves nothing, and is `None`, unless the
    /// settings say that filters are to be believed.
    async fn filter_finds(&self, group: &str, account: &str) -> Result<Option<bool>> {
        let is_believed = self.settings.memberships == Memberships::Filter;
        let is_member =
            Filter::equals("id", group).and(&Filter::equals("members.value", account)).to_string();
        let query = [("filter", is_member.as_str()), ("attributes", "members"), ("count", "1")];
        let Some(groups) = self.some_groups(&query).await? else { return Ok(None) };
        // A service that ignores the filter answers some group, perhaps another.
        let mut groups = groups.iter().filter(|found| found.id == group);
        let finds = groups.any(|found| found.has(account) || is_believed && found.is_empty());
        Ok((finds || is_believed).then_some(finds))
    }

    /// The groups of a query; `None` when the service does not answer it with groups.
    async fn some_groups(&self, query: &[(&str, &str)]) -> Result<Option<Vec<Group>>> {
        match self.list(&self.groups(), query).await {
            Ok(found) => Ok(Some(found.rows)),
            Err(error) if is_answered(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
