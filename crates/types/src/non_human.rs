//! Access that no person uses directly: non-human accounts, credentials, and when each was last active.
//! An author meets these when the app has bots, service accounts, keys or tokens worth governing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::account::AccountStatus;
use crate::activity::ActivityEventType;
use crate::json::JsonObject;
use crate::wire_enum;

/// An account used by software, not by a person; an item of the answer to `list_non_human_accounts`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-unique-hash" = ["resource_id"]))]
pub struct NonHumanAccount {
    /// Identifier of the account as a resource, the `id` of its node in the resource graph.
    #[schemars(extend("x-semantic" = "resource-id"))]
    pub resource_id: String,
    /// Identifier of the account in the app; last activity and credentials refer to it.
    #[schemars(extend("x-semantic" = "non-human-account-id"))]
    pub id: String,
    /// Name of the account as shown to people.
    pub label: String,
    /// Name of the program, job or service that uses the account.
    pub workload_name: String,
    /// Identifier, in the app, of the program, job or service that uses the account.
    pub workload_id: String,
    /// Kind of account in the app's words, free text such as `bot`.
    pub r#type: String,
    /// State of the account in the app.
    pub status: AccountStatus,
    /// When the account was created: RFC 3339 text as the app gives it; null when unknown.
    pub created_at: Option<String>,
    /// When the account was last changed: RFC 3339 text as the app gives it; null when unknown.
    pub updated_at: Option<String>,
    /// When the account last signed in: RFC 3339 text as the app gives it; null when never or unknown.
    pub last_login: Option<String>,
    /// When the account last did anything: RFC 3339 text as the app gives it; null when never or unknown.
    pub last_activity: Option<String>,
    /// Values of the requested custom attributes by name; null when none were asked for.
    pub custom_attributes: Option<JsonObject>,
    /// Further facts from the app as free-form JSON, passed on unchanged; null when there are none.
    pub extra_data: Option<JsonObject>,
}

/// Request of `list_non_human_accounts`, which returns every non-human account, page by page.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "read"))]
pub struct ListNonHumanAccounts {
    /// Names of the custom attributes to fill in on each account; null asks for none.
    pub custom_attributes: Option<Vec<String>>,
}

/// Latest event of one kind for one account, an item of the answer to `get_non_human_account_last_activity`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NonHumanAccountLastActivity {
    /// `id` of the account, as `list_non_human_accounts` returned it.
    #[schemars(extend("x-semantic" = "non-human-account-id"))]
    pub non_human_account_id: String,
    /// Whether the time is that of a login or of any activity.
    pub event_type: ActivityEventType,
    /// When it happened: RFC 3339 text as the app gives it.
    pub happened_at: String,
}

/// Request of `get_non_human_account_last_activity`, which covers every non-human account. It has no fields.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "read"))]
pub struct GetNonHumanAccountLastActivity {}

wire_enum! {
    /// Whether a credential found in the app can still be used.
    pub enum CredentialStatus {
        /// It works.
        Active = "active",
        /// It exists but is switched off.
        Inactive = "inactive",
        /// The app counts it as out of date, for instance long unused or not rotated.
        Stale = "stale",
        /// Its time has run out.
        Expired = "expired",
        /// It was withdrawn for good.
        Revoked = "revoked",
    }
}

/// A key, token, password or the like that exists in the app, an item of the answer to `list_credentials`. It
/// describes the credential and never holds the secret.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-unique-hash" = ["resource_id"]))]
pub struct Credential {
    /// Identifier of the credential as a resource, the `id` of its node in the resource graph.
    #[schemars(extend("x-semantic" = "resource-id"))]
    pub resource_id: String,
    /// Identifier of the credential in the app; last activity refers to it.
    #[schemars(extend("x-semantic" = "credential-id"))]
    pub external_id: String,
    /// Name of the credential as shown to people; may be empty.
    pub label: String,
    /// Kind of credential, free text such as `api_key` or `password`.
    pub credential_type: String,
    /// Whether it can still be used; null when unknown.
    pub status: Option<CredentialStatus>,
    /// Account that the credential opens, by its `integration_specific_id`; null when it opens none.
    #[schemars(extend("x-semantic" = "account-id"))]
    pub grants_access_to_account_id: Option<String>,
    /// Non-human account that the credential opens, by its `id`; null when it opens none.
    #[schemars(extend("x-semantic" = "non-human-account-id"))]
    pub grants_access_to_non_human_account_id: Option<String>,
    /// When it was created: RFC 3339 text as the app gives it; null when unknown.
    pub created_at: Option<String>,
    /// When its record last changed: RFC 3339 text as the app gives it; null when unknown.
    pub updated_at: Option<String>,
    /// When it was last used to sign in or call: RFC 3339 text as the app gives it; null when never or
    /// unknown.
    pub last_used_at: Option<String>,
    /// When it stops working: RFC 3339 text as the app gives it; null when it never does or when unknown.
    pub expires_at: Option<String>,
    /// When its secret was last replaced: RFC 3339 text as the app gives it; null when never or unknown.
    pub last_rotated_at: Option<String>,
    /// When activity under it was last seen: RFC 3339 text as the app gives it; null when never or unknown.
    pub last_activity: Option<String>,
    /// Values of the requested custom attributes by name; null when none were asked for.
    pub custom_attributes: Option<JsonObject>,
    /// Further facts from the app as free-form JSON, passed on unchanged; null when there are none.
    pub extra_data: Option<JsonObject>,
}

/// Request of `list_credentials`, which returns every credential that exists in the app, page by page.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "read"))]
pub struct ListCredentials {
    /// Names of the custom attributes to fill in on each credential; null asks for none.
    pub custom_attributes: Option<Vec<String>>,
}

/// Latest event of one kind for one credential, an item of the answer to `get_credential_last_activity`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CredentialLastActivity {
    /// `external_id` of the credential, as `list_credentials` returned it.
    #[schemars(extend("x-semantic" = "credential-id"))]
    pub credential_id: String,
    /// Whether the time is that of a login or of any activity.
    pub event_type: ActivityEventType,
    /// When it happened: RFC 3339 text as the app gives it.
    pub happened_at: String,
}

/// Request of `get_credential_last_activity`, which covers every credential. It has no fields.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "read"))]
pub struct GetCredentialLastActivity {}
