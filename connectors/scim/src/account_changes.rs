//! Creating, updating, switching on and off, and deleting accounts.

use lumos_connector::prelude::*;
use serde_json::json;

use crate::accounts::status;
use crate::change::Change;
use crate::entitlement::Kind;
use crate::filter::Filter;
use crate::profile::Profile;
use crate::refusal::{of_password, unseen};
use crate::resource::Resource;
use crate::service::{Endpoint, Scim};
use crate::settings::ReadBack;
use crate::writing::look;

/// The standard field `entitlements`, and what can be said of the user.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "write"))]
pub(crate) struct CreateScimAccount {
    /// Entitlements that the new account is to hold from the start.
    #[serde(default)]
    entitlements: Vec<CreateAccountEntitlement>,
    #[serde(flatten)]
    profile: Profile,
}

/// The standard field `id`, and what is to change of the user.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "write"))]
pub(crate) struct UpdateScimAccount {
    /// The account to change.
    #[schemars(extend("x-semantic" = "account-id"))]
    id: String,
    #[serde(flatten)]
    profile: Profile,
}

pub(crate) async fn create_account(scim: Scim, request: CreateScimAccount) -> Result<Reply<CreatedAccount>> {
    // Nothing is created for a request that names something impossible.
    let wanted = request.entitlements.iter().map(|given| Kind::named(given.entitlement()));
    let wanted: Vec<(Kind, &str)> = wanted.collect::<Result<_>>()?;
    let users = Endpoint::users();
    let created = scim.create(&users, &request.profile.new_user()?).await;
    let id = match created.map_err(|error| about(&request.profile, error))? {
        Some(id) => id,
        None => scim.named(&request.profile).await?,
    };
    let mut user = None;
    if scim.settings.read_back == ReadBack::Always {
        if look(|| scim.user_shows(&id, true, |_| Some(true))).await? != Some(true) {
            return Err(unseen("the user is not there"));
        }
        user = Some(scim.read(&users, &id, "").await?);
    }
    for (kind, value) in wanted {
        if let Err(error) = scim.set(kind, value, &id, true).await {
            // An account without what it was to have is not what was asked for.
            scim.delete(&users, &id).await?;
            return Err(error);
        }
    }
    let status = user.as_ref().and_then(status).unwrap_or(AccountStatus::Active);
    let reply = Reply::new(CreatedAccount::new(id, status)).did(Effect::created(), &request, false)?;
    let missing = user.map(|user| request.profile.missing(&user)).unwrap_or_default();
    if !missing.is_empty() {
        scim.note(format!("the service did not keep {}", missing.join(", ")));
    }
    Ok(scim.noted(reply))
}

pub(crate) async fn update_account(
    scim: Scim,
    request: UpdateScimAccount,
) -> Result<Reply<UpdateableAccount>> {
    let users = Endpoint::users();
    let user = scim.read(&users, &request.id, "").await?;
    let changes = request.profile.changes(&user);
    if !changes.is_empty() {
        let sees = || async {
            let after = scim.read(&users, &request.id, "").await?;
            Ok(Some(request.profile.is_seen(&user, &after)))
        };
        let changed = scim.change(&users, &request.id, &changes, user.version(), sees).await;
        changed.map_err(|error| about(&request.profile, error))?;
    }
    let answer = UpdateableAccount { id: request.id.clone() };
    Reply::new(answer).did(Effect::updated_unless(changes.is_empty()), &request, true)
}

pub(crate) async fn activate_account(
    scim: Scim,
    request: ActivateAccount,
) -> Result<Reply<ActivatedAccount>> {
    let was_so = scim.switch(&request.account_id, true).await?;
    Reply::new(ActivatedAccount::active()).did(Effect::updated_unless(was_so), &request, true)
}

pub(crate) async fn deactivate_account(
    scim: Scim,
    request: DeactivateAccount,
) -> Result<Reply<DeactivatedAccount>> {
    let was_so = scim.switch(&request.account_id, false).await?;
    let answer = DeactivatedAccount::new(AccountStatus::Inactive);
    Reply::new(answer).did(Effect::updated_unless(was_so), &request, true)
}

pub(crate) async fn delete_account(scim: Scim, request: DeleteAccount) -> Result<Reply<DeletedAccount>> {
    scim.delete(&Endpoint::users(), &request.account_id).await?;
    if scim.settings.read_back == ReadBack::Always {
        // Some services keep users and switch them off.
        let is_off = |user: &Resource| Some(user.is_active() == Some(false));
        if look(|| scim.user_shows(&request.account_id, false, is_off)).await? == Some(false) {
            return Err(unseen("the user is still there"));
        }
    }
    Reply::new(DeletedAccount::deleted()).did(Effect::deleted(), &request, true)
}

impl Scim {
    /// Switches a user on or off. Gives whether it was so before.
    async fn switch(&self, id: &str, active: bool) -> Result<bool> {
        let users = Endpoint::users();
        if self.read(&users, id, "active").await?.is_active() == Some(active) {
            return Ok(true);
        }
        // Some services take deactivated users out of sight.
        let sees = || self.user_shows(id, active, |user| user.is_active().map(|is| is == active));
        self.change(&users, id, &[Change::set("active", json!(active))], None, sees).await?;
        Ok(false)
    }

    /// Whether a user shows something; `there` is whether one who is gone does not.
    async fn user_shows(
        &self,
        id: &str,
        there: bool,
        shows: impl Fn(&Resource) -> Option<bool>,
    ) -> Result<Option<bool>> {
        match self.read(&Endpoint::users(), id, "active").await {
            Err(error) if error.code() == ConnectorErrorCode::NotFound => Ok(Some(!there)),
            user => Ok(shows(&user?)),
        }
    }

    /// The user with a name, when the service does not say which id it gave to one that it created.
    async fn named(&self, profile: &Profile) -> Result<String> {
        let name = profile.name().unwrap_or_default();
        let filter = Filter::equals("userName", name).to_string();
        let query = [("filter", filter.as_str()), ("count", "2")];
        let users = self.list::<Resource>(&Endpoint::users(), &query).await?.rows;
        let mut users =
            users.iter().filter(|user| user.text("userName").is_some_and(|of| of.eq_ignore_ascii_case(name)));
        match (users.next(), users.next()) {
            (Some(user), None) => Ok(user.id.clone()),
            _ => Err(ConnectorError::invalid_response(
                "The SCIM service created the user and does not say its id",
            )),
        }
    }
}

/// The error of a change to a user; one about the password says so.
fn about(profile: &Profile, error: ConnectorError) -> ConnectorError {
    if profile.has_password() { of_password(error) } else { error }
}
