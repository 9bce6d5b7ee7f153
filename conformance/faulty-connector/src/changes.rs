//! Changes of accounts and of who has what, and their faults.

use lumos_connector::prelude::*;

use crate::Login;
use crate::fault::is;
use crate::listings::is_entitlement;
use crate::tenant::{Member, Store};

/// What the app wants to know of a new account.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "write"))]
pub(crate) struct NewAccount {
    /// What the account is given.
    #[serde(default)]
    entitlements: Vec<CreateAccountEntitlement>,
    /// Address of the new account.
    #[schemars(title = "Email")]
    email: String,
    /// First name.
    #[schemars(title = "Given name")]
    given_name: Option<String>,
}

/// What can be changed about an account.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "write"))]
pub(crate) struct ChangedAccount {
    /// The account to change.
    id: String,
    /// First name.
    #[schemars(title = "Given name")]
    given_name: Option<String>,
}

fn member(id: &str) -> Result<(Store, Member)> {
    let store = Store::read();
    let member = store.find(id).ok_or_else(|| ConnectorError::not_found("there is no such account"))?;
    Ok((store, member))
}

fn fails(fault: &str) -> Result<()> {
    if is(fault) { Err(ConnectorError::of(ErrorClass::Internal)) } else { Ok(()) }
}

pub(crate) async fn create(_: Login, request: NewAccount) -> Result<CreatedAccount> {
    fails("create-fails")?;
    let mut store = Store::read();
    let mut id = format!("new-{}", request.email);
    let status = if is("status-lies") { AccountStatus::Pending } else { AccountStatus::Active };
    if store.find(&id).is_some() {
        if !is("create-doubles") {
            return Err(ConnectorError::of(ErrorClass::Conflict));
        }
        id.push_str("-2");
    }
    let account = FoundAccountData {
        email: Some(request.email),
        given_name: request.given_name,
        user_status: Some(AccountStatus::Active),
        ..FoundAccountData::new(id.clone())
    };
    let entitlements = request.entitlements.into_iter().map(|it| it.integration_specific_id).collect();
    if !is("create-lies") {
        store.put(&Member { account, entitlements });
    }
    Ok(CreatedAccount { id: (!is("create-without-id")).then_some(id), status, created: true })
}

pub(crate) async fn update(_: Login, request: ChangedAccount) -> Result<ChangedAccount> {
    let (mut store, mut member) = member(&request.id)?;
    if !is("update-lies") {
        member.account.given_name.clone_from(&request.given_name);
        store.put(&member);
    }
    Ok(request)
}

pub(crate) async fn assign(_: Login, request: AssignEntitlement) -> Result<AssignedEntitlement> {
    let (mut store, mut member) = member(&request.account_integration_specific_id)?;
    let id = request.entitlement_integration_specific_id;
    if !is_entitlement(&id) {
        return Err(ConnectorError::not_found("there is no such entitlement"));
    }
    if member.entitlements.contains(&id) {
        fails("assign-twice-fails")?;
    } else if !is("assign-lies") {
        member.entitlements.push(id);
        store.put(&member);
    }
    Ok(AssignedEntitlement { assigned: true })
}

pub(crate) async fn unassign(_: Login, request: UnassignEntitlement) -> Result<UnassignedEntitlement> {
    let (mut store, mut member) = member(&request.account_integration_specific_id)?;
    let id = request.entitlement_integration_specific_id;
    if !member.entitlements.contains(&id) {
        fails("unassign-twice-fails")?;
    } else if !is("unassign-lies") {
        member.entitlements.retain(|other| *other != id);
        store.put(&member);
    }
    Ok(UnassignedEntitlement { unassigned: true })
}

fn set(id: &str, status: AccountStatus, twice_fails: &str, lies: &str) -> Result<()> {
    let (mut store, mut member) = member(id)?;
    if member.account.user_status == Some(status) {
        fails(twice_fails)?;
    }
    if !is(lies) {
        member.account.user_status = Some(status);
        store.put(&member);
    }
    Ok(())
}

pub(crate) async fn deactivate(_: Login, request: DeactivateAccount) -> Result<DeactivatedAccount> {
    set(&request.account_id, AccountStatus::Suspended, "deactivate-twice-fails", "deactivate-lies")?;
    if is("others-suspended") {
        set("acct-0000", AccountStatus::Suspended, "", "")?;
    }
    Ok(DeactivatedAccount { status: AccountStatus::Suspended, deactivated: true })
}

pub(crate) async fn activate(_: Login, request: ActivateAccount) -> Result<ActivatedAccount> {
    if !(is("unknown-account-activated") && Store::read().find(&request.account_id).is_none()) {
        set(&request.account_id, AccountStatus::Active, "activate-twice-fails", "activate-lies")?;
    }
    Ok(ActivatedAccount { status: AccountStatus::Active, activated: true })
}

pub(crate) async fn delete(_: Login, request: DeleteAccount) -> Result<DeletedAccount> {
    if is("delete-refused") && request.account_id.starts_with("new-") {
        return Err(ConnectorError::authorization("the app does not let this login delete"));
    }
    let mut store = Store::read();
    if store.find(&request.account_id).is_some() {
        if !is("delete-lies") {
            store.delete(&request.account_id);
        }
    } else {
        // Whoever was never there is told apart from whoever is gone.
        if request.account_id.starts_with("new-") {
            fails("delete-twice-fails")?;
        }
        return Err(ConnectorError::not_found("there is no such account"));
    }
    Ok(DeletedAccount { status: AccountStatus::Deleted, deleted: true })
}
