//! Creating, changing and deleting accounts. Nothing is kept: the app is the same afterwards.

use lumos_connector::prelude::*;

use crate::settings::Mock;

/// The standard field `entitlements`, and what this app wants to know of a new account.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "write"))]
pub(crate) struct MockCreateAccount {
    /// What the account is given.
    #[serde(default)]
    entitlements: Vec<CreateAccountEntitlement>,
    /// Address of the new account.
    #[schemars(title = "Email")]
    email: String,
    /// How the account appears to others.
    display_name: Option<String>,
}

/// The standard field `id`, and what this app can change about an account.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "write"))]
pub(crate) struct MockUpdateAccount {
    /// The account to change.
    #[schemars(extend("x-semantic" = "account-id"))]
    id: String,
    /// How friends call the person.
    #[schemars(title = "Nickname", extend("x-field_group" = "Profile"))]
    nickname: Option<String>,
}

pub(crate) async fn create_account(_: Mock, request: MockCreateAccount) -> Result<Reply<CreatedAccount>> {
    if request.email == "taken@example.com" {
        return Err(ConnectorError::of(ErrorClass::Conflict));
    }
    let mut summary = ExecutionSummary::new(Effect::created(), fingerprint::of(&request)?, false);
    summary.description = request.display_name;
    let status = if request.entitlements.is_empty() { AccountStatus::Pending } else { AccountStatus::Active };
    let created = CreatedAccount { id: Some(format!("new-{}", request.email)), status, created: true };
    Ok(Reply::new(created).summary(summary))
}

pub(crate) async fn update_account(mock: Mock, request: MockUpdateAccount) -> Result<MockUpdateAccount> {
    mock.account(&request.id)?;
    Ok(request)
}

pub(crate) async fn activate_account(
    mock: Mock,
    request: ActivateAccount,
) -> Result<Reply<ActivatedAccount>> {
    let account = mock.account(&request.account_id)?;
    let reply = Reply::new(ActivatedAccount { status: AccountStatus::Active, activated: true });
    if account.status() != AccountStatus::Active {
        return Ok(reply);
    }
    let effect = Effect::noop(NoopEffectReason::StateAlreadyMatches);
    let summary = ExecutionSummary::new(effect, fingerprint::of(&request)?, true);
    Ok(reply.summary(summary.description("Already active.")))
}

pub(crate) async fn deactivate_account(mock: Mock, request: DeactivateAccount) -> Result<DeactivatedAccount> {
    mock.account(&request.account_id)?;
    Ok(DeactivatedAccount { status: AccountStatus::Suspended, deactivated: true })
}

pub(crate) async fn delete_account(mock: Mock, request: DeleteAccount) -> Result<Reply<DeletedAccount>> {
    mock.account(&request.account_id)?;
    let deleted = DeletedAccount { status: AccountStatus::Deleted, deleted: true };
    Ok(Reply::new(deleted).summary(ExecutionSummary::new(
        Effect::deleted(),
        fingerprint::of(&request)?,
        true,
    )))
}

pub(crate) async fn transfer_data(_: Mock, request: TransferData) -> Result<TransferDataStatus> {
    let same = request.source_account_id == request.target_account_id;
    let reason = same.then(|| "Source and target are the same.".to_owned());
    Ok(TransferDataStatus { success: !same, reason })
}

pub(crate) async fn release_resources(
    mock: Mock,
    request: ReleaseResources,
) -> Result<ReleaseResourcesStatus> {
    let known = mock.find_account(&request.account_id).is_some();
    let reason = (!known).then(|| "Unknown account.".to_owned());
    Ok(ReleaseResourcesStatus { success: known, reason })
}
