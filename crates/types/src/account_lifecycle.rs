//! Changes to accounts: requests and answers that create, update, activate, deactivate or delete them,
//! transfer their data, or free what they occupy.
//! An author meets these when the connector writes to the app; [`CreatableAccount`] and [`UpdateableAccount`]
//! are the two that a connector may extend by fields of its own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::account::AccountStatus;
use crate::entitlement::EntitlementKey;

/// Request of `create_account` in its smallest form. A connector may replace it by a payload that keeps this
/// field and adds what the app needs for a new account.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "write"))]
pub struct CreatableAccount {
    /// Entitlements that the new account is to hold from the start; empty or absent asks for none.
    #[serde(default)]
    pub entitlements: Vec<CreateAccountEntitlement>,
}

/// The usual facts about a new account together with its entitlements. No standard capability carries this
/// type: `create_account` takes `CreatableAccount` or a payload of the connector's own.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "write"))]
pub struct CreateAccount {
    /// Email address of the new account; null when not given.
    pub email: Option<String>,
    /// Name with which the new account is to sign in; null when not given.
    pub username: Option<String>,
    /// First name of the person; null when not given.
    pub given_name: Option<String>,
    /// Last name of the person; null when not given.
    pub family_name: Option<String>,
    /// State in which the account is to start, as text that the contract does not restrict; null when not
    /// given.
    pub user_status: Option<String>,
    /// Entitlements that the new account is to hold from the start; empty asks for none.
    pub entitlements: Vec<CreateAccountEntitlement>,
}

/// One entitlement that an account created by `create_account` is to hold from the start.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct CreateAccountEntitlement {
    /// Identifier, in the app, of the resource the entitlement is on; null or empty when it is not tied to a
    /// resource.
    pub integration_specific_resource_id: Option<String>,
    /// Type of the entitlement: `type_id` of a declared entitlement type.
    #[schemars(extend("x-entitlement-type" = true))]
    pub entitlement_type: String,
    /// Identifier of the entitlement in the app, as `list_entitlements` returned it.
    pub integration_specific_id: String,
}

impl CreateAccountEntitlement {
    /// The entitlement that the account is to hold.
    #[must_use]
    pub fn entitlement(&self) -> EntitlementKey<'_> {
        EntitlementKey {
            entitlement_type: &self.entitlement_type,
            id: &self.integration_specific_id,
            resource_id: self.integration_specific_resource_id.as_deref().unwrap_or_default(),
        }
    }
}

/// Answer of `create_account`: the account that now exists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CreatedAccount {
    /// Identifier of the new account in the app; null when the app does not give one yet.
    #[schemars(extend("x-semantic" = "account-id"))]
    pub id: Option<String>,
    /// State of the account after its creation, such as `PENDING` while an invitation is open.
    pub status: AccountStatus,
    /// Always true, since a failure is an error answer. The contract counts this field as deprecated.
    pub created: bool,
}

/// Request and answer of `update_account` in their smallest form. A connector may replace either by a payload
/// that keeps this field and adds the facts that can be changed.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "write"))]
pub struct UpdateableAccount {
    /// Identifier, in the app, of the account to change or just changed.
    #[schemars(extend("x-semantic" = "account-id"))]
    pub id: String,
}

/// Request of `activate_account`, which makes an existing account usable again.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "write"))]
pub struct ActivateAccount {
    /// Identifier, in the app, of the account to activate.
    #[schemars(extend("x-semantic" = "account-id"))]
    pub account_id: String,
}

/// Answer of `activate_account`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ActivatedAccount {
    /// State of the account afterwards, normally `ACTIVE`.
    pub status: AccountStatus,
    /// True when the account is usable now. The contract counts this field as deprecated.
    pub activated: bool,
}

/// Request of `deactivate_account`, which blocks an account without deleting it.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "write"))]
pub struct DeactivateAccount {
    /// Identifier, in the app, of the account to deactivate.
    #[schemars(extend("x-semantic" = "account-id"))]
    pub account_id: String,
}

/// Answer of `deactivate_account`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeactivatedAccount {
    /// State of the account afterwards, such as `INACTIVE` or `SUSPENDED`.
    pub status: AccountStatus,
    /// True when the account is blocked now. The contract counts this field as deprecated.
    pub deactivated: bool,
}

/// Request of `delete_account`, which removes an account from the app.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "write"))]
pub struct DeleteAccount {
    /// Identifier, in the app, of the account to delete.
    #[schemars(extend("x-semantic" = "account-id"))]
    pub account_id: String,
}

/// Answer of `delete_account`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeletedAccount {
    /// State of the account afterwards, normally `DELETED`.
    pub status: AccountStatus,
    /// True when the account is removed now. The contract counts this field as deprecated.
    pub deleted: bool,
}

/// Request of `transfer_data`, which hands what one account owns to another, for instance before the first is
/// deleted.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "write"))]
pub struct TransferData {
    /// Identifier, in the app, of the account that gives its data away.
    #[schemars(extend("x-semantic" = "account-id"))]
    pub source_account_id: String,
    /// Identifier, in the app, of the account that receives the data.
    #[schemars(extend("x-semantic" = "auxiliary-account-id"))]
    pub target_account_id: String,
}

/// Answer of `transfer_data`: whether the data changed hands.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct TransferDataStatus {
    /// True when the target account has the data now.
    pub success: bool,
    /// Why the transfer did not take place, for people to read; null when there is nothing to explain.
    pub reason: Option<String>,
}

/// Request of `release_resources`, which frees what an account occupies in the app. What counts as such is up
/// to the connector.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "write"))]
pub struct ReleaseResources {
    /// Identifier, in the app, of the account whose resources are to be freed.
    #[schemars(extend("x-semantic" = "account-id"))]
    pub account_id: String,
}

/// Answer of `release_resources`: whether the resources are free.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ReleaseResourcesStatus {
    /// True when the account occupies them no longer.
    pub success: bool,
    /// Why they were not freed, for people to read; null when there is nothing to explain.
    pub reason: Option<String>,
}

/// Request of `downgrade_license`, which moves an account to a lower license, or to none, so that the paid
/// one becomes free for others.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "write"))]
pub struct DowngradeLicense {
    /// Identifier, in the app, of the account whose license is to be lowered.
    #[schemars(extend("x-semantic" = "account-id"))]
    pub account_id: String,
}

/// Answer of `downgrade_license`: whether the license was lowered.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct DowngradedLicense {
    /// True when the account now has the lower license.
    pub success: bool,
    /// Why the license was not lowered, such as that none is lower; null when there is nothing to explain.
    pub reason: Option<String>,
}

impl CreatedAccount {
    /// The account exists now, in this state.
    #[must_use]
    pub fn new(id: impl Into<String>, status: AccountStatus) -> Self {
        Self { id: Some(id.into()), status, created: true }
    }
}

impl ActivatedAccount {
    /// The account can be used now.
    #[must_use]
    pub fn active() -> Self {
        Self { status: AccountStatus::Active, activated: true }
    }
}

impl DeactivatedAccount {
    /// The account is blocked now, in this state.
    #[must_use]
    pub fn new(status: AccountStatus) -> Self {
        Self { status, deactivated: true }
    }
}

impl DeletedAccount {
    /// The account is gone.
    #[must_use]
    pub fn deleted() -> Self {
        Self { status: AccountStatus::Deleted, deleted: true }
    }
}
