//! Giving entitlements to accounts, and taking them away.

use lumos_connector::prelude::*;

use crate::change::Change;
use crate::entitlement::Kind;
use crate::filter::Filter;
use crate::resource::Resource;
use crate::service::{Endpoint, Scim};

pub(crate) async fn assign_entitlement(
    scim: Scim,
    request: AssignEntitlement,
) -> Result<Reply<AssignedEntitlement>> {
    let (kind, value) = Kind::named(&request.entitlement_type, &request.entitlement_integration_specific_id)?;
    let has_it = scim.holds(kind, value, &request.account_integration_specific_id).await?;
    if !has_it {
        scim.assign(kind, value, &request.account_integration_specific_id).await?;
    }
    Reply::new(AssignedEntitlement { assigned: true }).did(Effect::updated_unless(has_it), &request, true)
}

pub(crate) async fn unassign_entitlement(
    scim: Scim,
    request: UnassignEntitlement,
) -> Result<Reply<UnassignedEntitlement>> {
    let (kind, value) = Kind::named(&request.entitlement_type, &request.entitlement_integration_specific_id)?;
    let account = &request.account_integration_specific_id;
    let has_it = scim.holds(kind, value, account).await?;
    if has_it {
        scim.unassign(kind, value, account).await?;
    }
    Reply::new(UnassignedEntitlement { unassigned: true }).did(
        Effect::updated_unless(!has_it),
        &request,
        true,
    )
}

impl Scim {
    /// Gives an entitlement to an account that does not hold it.
    pub(crate) async fn assign(&self, kind: Kind, value: &str, account: &str) -> Result<()> {
        let (endpoint, id, attribute, value) = self.place_of(kind, value, account);
        self.change(&endpoint, &id, &[Change::Add { attribute, value }], None).await
    }

    async fn unassign(&self, kind: Kind, value: &str, account: &str) -> Result<()> {
        let (endpoint, id, attribute, value) = self.place_of(kind, value, account);
        match self.change(&endpoint, &id, &[Change::Remove { attribute, value }], None).await {
            // `noTarget`: somebody else took it away meanwhile.
            Err(error) if error.code() == ConnectorErrorCode::UnknownValue => Ok(()),
            changed => changed,
        }
    }

    /// Where it is written that an account holds an entitlement: the resource, its attribute, and the value there.
    fn place_of(&self, kind: Kind, value: &str, account: &str) -> (Endpoint, String, &'static str, String) {
        match kind {
            Kind::Group => (self.groups(), value.to_owned(), "members", account.to_owned()),
            Kind::Role | Kind::Entitlement => {
                (Endpoint::users(), account.to_owned(), kind.attribute(), value.to_owned())
            }
        }
    }

    /// Whether an account holds an entitlement; both must exist.
    async fn holds(&self, kind: Kind, value: &str, account: &str) -> Result<bool> {
        let attribute = if kind == Kind::Group { "userName" } else { kind.attribute() };
        let user = self.read(&Endpoint::users(), account, attribute).await?;
        if kind != Kind::Group {
            return Ok(user.values(kind.attribute()).any(|entry| entry.value == value));
        }
        let is_member =
            Filter::equals("id", value).and(&Filter::equals("members.value", account)).to_string();
        let query = [("filter", is_member.as_str()), ("attributes", "members"), ("count", "1")];
        let found = self.ask(&self.groups().path(), &query).await?;
        if found.is_success() {
            let groups = found.json::<Found>()?.groups;
            if groups.is_empty() {
                return Ok(false);
            }
            // A service that ignores the filter answers some group, perhaps another.
            if groups.iter().any(|group| group.id == value && has_member(group, account)) {
                return Ok(true);
            }
        }
        let group = self.read(&self.groups(), value, "members").await?;
        Ok(has_member(&group, account))
    }
}

/// The answer to a query for groups.
#[derive(Deserialize)]
struct Found {
    #[serde(rename = "Resources", default)]
    groups: Vec<Resource>,
}

fn has_member(group: &Resource, account: &str) -> bool {
    group.values("members").any(|member| member.value == account)
}
