//! People and programs with access to the app: how an account is described, and the requests that list, look
//! up or follow accounts.
//! An author meets these in [`ListAccounts`], [`GetAccount`] and [`ListUpdatedAccounts`]; see
//! [`crate::account_lifecycle`] for changing accounts.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::json::JsonObject;
use crate::time::DateTime;
use crate::wire_enum;

wire_enum! {
    /// State of an account in the app, given with found accounts and after each change to one.
    pub enum AccountStatus {
        /// The account can be used.
        Active = "ACTIVE",
        /// The account exists but is switched off.
        Inactive = "INACTIVE",
        /// The account is blocked for now and can be restored.
        Suspended = "SUSPENDED",
        /// The access was taken away, while the app keeps the account on record.
        Deprovisioned = "DEPROVISIONED",
        /// The account is not usable yet, such as an invitation that is still open.
        Pending = "PENDING",
        /// The account was removed from the app.
        Deleted = "DELETED",
    }
}

wire_enum! {
    /// Whether a program or a person uses an account.
    pub enum AccountType {
        /// The account is used by a program.
        Service = "service",
        /// The account is used by a person.
        User = "user",
    }
}

/// One account of the app: an item of the answer to `list_accounts`, the answer to `get_account`, and part of
/// the answer to `list_updated_accounts`.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-unique-hash" = ["integration_specific_id"]))]
pub struct FoundAccountData {
    /// Identifier of the account in the app; every other capability refers to the account by it.
    #[schemars(extend("x-semantic" = "account-id"))]
    pub integration_specific_id: String,
    /// Identifier of the resource that stands for this account, as used in the resource graph; null when
    /// there is none.
    #[schemars(extend("x-semantic" = "resource-id"))]
    pub resource_id: Option<String>,
    /// Email address of the account as the app gives it; null when the app has none.
    pub email: Option<String>,
    /// First name of the person; null when the app has none.
    pub given_name: Option<String>,
    /// Last name of the person; null when the app has none.
    pub family_name: Option<String>,
    /// Name used to sign in; null when the app has none.
    pub username: Option<String>,
    /// State of the account in the app; null when the app does not tell.
    pub user_status: Option<AccountStatus>,
    /// Further facts from the app as free-form JSON, passed on unchanged; null when there are none.
    pub extra_data: Option<JsonObject>,
    /// Values, as text, of the requested custom attributes by name; null when none were asked for.
    pub custom_attributes: Option<IndexMap<String, String>>,
    /// Whether a person or a program uses the account; null when the connector does not say.
    pub account_type: Option<AccountType>,
}

/// Request of `list_accounts`, which returns every account of the app, page by page.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "read"))]
pub struct ListAccounts {
    /// Names of the custom attributes to fill in on each account; null asks for none.
    pub custom_attributes: Option<Vec<String>>,
}

/// Request of `get_account`, which returns one account.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "read"))]
pub struct GetAccount {
    /// Identifier of the wanted account, its `integration_specific_id`.
    #[schemars(extend("x-semantic" = "account-id"))]
    pub account_id: String,
    /// Names of the custom attributes to fill in on the account; null asks for none.
    pub custom_attributes: Option<Vec<String>>,
}

/// Request of `list_updated_accounts`, which returns only the accounts that changed since a moment or since
/// an earlier answer.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "read"))]
pub struct ListUpdatedAccounts {
    /// Moment from which changes are wanted, usually sent with the first request; null when the platform
    /// gives none.
    pub since: Option<DateTime>,
    /// `cursor` of an earlier answer, from which to go on; null on the first request.
    pub cursor: Option<String>,
    /// Names of the custom attributes to fill in on each account; null asks for none.
    pub custom_attributes: Option<Vec<String>>,
}

/// Answer of `list_updated_accounts`: the accounts that changed, and where the next request can go on.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct UpdatedAccounts {
    /// Changed accounts in their present state; empty when none changed.
    pub accounts: Vec<FoundAccountData>,
    /// Position in the app's changes, in a text form of the connector's choice, which the platform sends back
    /// in its next request; null when the connector keeps none. It is not the page token of the envelope.
    pub cursor: Option<String>,
}

impl FoundAccountData {
    /// An account of which nothing but its identifier is known.
    #[must_use]
    pub fn new(integration_specific_id: impl Into<String>) -> Self {
        Self { integration_specific_id: integration_specific_id.into(), ..Self::default() }
    }
}
