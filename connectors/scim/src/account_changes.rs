//! Creating, updating, switching on and off, and deleting accounts.

use lumos_connector::prelude::*;
use serde_json::json;

use crate::accounts::status;
use crate::attribute_path::as_boolean;
use crate::change::Change;
use crate::entitlement::Kind;
use crate::profile::Profile;
use crate::refusal::of_password;
use crate::service::{Endpoint, Scim};

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
    let named = |entitlement: &CreateAccountEntitlement| {
        let (kind, value) = Kind::named(&entitlement.entitlement_type, &entitlement.integration_specific_id)?;
        Ok((kind, value.to_owned()))
    };
    // Nothing is created for a request that names something impossible.
    let wanted: Vec<(Kind, String)> = request.entitlements.iter().map(named).collect::<Result<_>>()?;
    let users = Endpoint::users();
    let user = scim.create(&users, &request.profile.new_user()?).await;
    let user = user.map_err(|error| about(&request.profile, error))?;
    for (kind, value) in &wanted {
        if let Err(error) = scim.assign(*kind, value, &user.id).await {
            // An account without what it was to have is not what was asked for.
            scim.delete(&users, &user.id).await?;
            return Err(error);
        }
    }
    let status = status(&user).unwrap_or(AccountStatus::Active);
    Reply::new(CreatedAccount::new(user.id, status)).did(Effect::created(), &request, false)
}

pub(crate) async fn update_account(
    scim: Scim,
    request: UpdateScimAccount,
) -> Result<Reply<UpdateableAccount>> {
    let users = Endpoint::users();
    let user = scim.read(&users, &request.id, "").await?;
    let changes = request.profile.changes(&user);
    if !changes.is_empty() {
        let changed = scim.change(&users, &request.id, &changes, user.version()).await;
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
    Reply::new(DeletedAccount::deleted()).did(Effect::deleted(), &request, true)
}

impl Scim {
    /// Switches a user on or off. Gives whether it was so before.
    async fn switch(&self, id: &str, active: bool) -> Result<bool> {
        let users = Endpoint::users();
        let user = self.read(&users, id, "active").await?;
        if user.get("active").and_then(as_boolean) == Some(active) {
            return Ok(true);
        }
        let change = Change::Set { schema: None, attribute: "active", part: None, value: json!(active) };
        self.change(&users, id, &[change], None).await?;
        Ok(false)
    }
}

/// The error of a change to a user; one about the password says so.
fn about(profile: &Profile, error: ConnectorError) -> ConnectorError {
    if profile.has_password() { of_password(error) } else { error }
}
