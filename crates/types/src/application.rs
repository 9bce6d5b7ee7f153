//! Applications inside the connected app: what `list_applications` and its relatives take and answer.
//! An author meets these when the app itself manages access to other applications, as identity providers do.
//! Most types are their plain account, resource or entitlement counterpart plus the application instance.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::account::AccountStatus;
use crate::activity::{ActivityRecordActivityType, ActivityRecordActor, ActivityRecordTarget};
use crate::json::JsonObject;
use crate::wire_enum;

wire_enum! {
    /// Whether an application is in use in the connected app.
    pub enum ApplicationStatus {
        /// The application is switched on.
        Active = "ACTIVE",
        /// The application exists but is switched off.
        Inactive = "INACTIVE",
    }
}

wire_enum! {
    /// How people sign in to an application.
    pub enum SignOnMode {
        /// Single sign-on by SAML.
        Saml = "SAML",
        /// Single sign-on by OpenID Connect.
        Oidc = "OIDC",
        /// A link only; the connected app does not sign anyone in.
        Bookmark = "BOOKMARK",
        /// The app does not say, or uses a method not listed here.
        Unknown = "UNKNOWN",
    }
}

wire_enum! {
    /// A way in which access to an application can be given.
    pub enum AssignmentMode {
        /// The application is assigned to an account directly.
        Account = "ACCOUNT",
        /// Access is given by assigning one of the application's entitlements.
        Entitlement = "ENTITLEMENT",
    }
}

/// One application managed by the connected app, answered by `list_applications` and `get_application`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-unique-hash" = ["id"]))]
pub struct Application {
    /// Identifier of the application instance in the connected app; other capabilities refer to it.
    #[schemars(extend("x-semantic" = "application-instance-id"))]
    pub id: String,
    /// Name of the application by which the connected app knows it.
    pub name: String,
    /// Name as shown to people; null when the app keeps no separate one.
    pub display_name: Option<String>,
    /// What the application is for, in the connected app's words; null when there is none.
    pub description: Option<String>,
    /// Whether the application is in use.
    pub status: ApplicationStatus,
    /// Logo of the application as text, normally the address of an image; null when there is none.
    pub logo: Option<String>,
    /// How people sign in to the application.
    pub sign_on_mode: SignOnMode,
    /// Address at which single sign-on starts; null when there is none.
    pub sso_login_url: Option<String>,
    /// Every way in which access to this application can be given; an empty list means none.
    pub assignment_modes: Vec<AssignmentMode>,
}

/// Request of `list_applications`, which returns every application, page by page. It has no fields.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "read"))]
pub struct ListApplications {}

/// Request of `get_application`: one application by its identifier.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "read"))]
pub struct GetApplication {
    /// `id` of the wanted application, as `list_applications` returned it.
    #[schemars(extend("x-semantic" = "application-instance-id"))]
    pub application_instance_id: String,
}

/// One account's place in one application, answered by `list_applications_accounts` and
/// `get_application_account`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-unique-hash" = ["account_id", "application_instance_id"]))]
pub struct ApplicationAccount {
    /// Identifier of the account in the connected app, its `integration_specific_id`.
    pub account_id: String,
    /// `id` of the application to which the account is assigned.
    pub application_instance_id: String,
    /// State of the account within this application.
    pub status: AccountStatus,
}

/// Request of `list_applications_accounts`, which returns the accounts of all applications, page by page. It
/// has no fields.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "read"))]
pub struct ListApplicationsAccounts {}

/// Request of `get_application_account`: the place of one account in one application.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "read"))]
pub struct GetApplicationAccount {
    /// `id` of the application to look in.
    #[schemars(extend("x-semantic" = "application-instance-id"))]
    pub application_instance_id: String,
    /// Identifier of the account in the connected app, its `integration_specific_id`.
    #[schemars(extend("x-semantic" = "account-id"))]
    pub account_id: String,
}

/// One event in the log of an application, an item of the answer to `list_applications_activity_records`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-unique-hash" = ["id"]))]
pub struct ApplicationActivityRecord {
    /// `id` of the application in which the event happened.
    pub application_instance_id: String,
    /// Identifier of the event; the same event keeps it from call to call.
    pub id: String,
    /// What happened: a standard type or free text. It is written as an object whose `actual_instance` holds
    /// the value.
    pub activity_type: ActivityRecordActivityType,
    /// When the event happened: RFC 3339 text as the app gives it.
    pub timestamp: String,
    /// Account that caused the event.
    pub actor: ActivityRecordActor,
    /// Accounts and entitlements that the event touched; may be empty.
    pub targets: Vec<ActivityRecordTarget>,
    /// Further facts about the event, text by name; null when there are none.
    pub metadata: Option<IndexMap<String, String>>,
}

/// Request of `list_applications_activity_records`: events of all applications since a moment.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "read"))]
pub struct ListApplicationsActivityRecords {
    /// Start of the wanted period, as date or RFC 3339 text such as `2024-03-01`.
    pub since_date: String,
    /// Accounts whose events are wanted; an empty list names none in particular.
    pub actors: Vec<ActivityRecordActor>,
}

/// One entitlement of an application, an item of the answer to `list_applications_entitlements`.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-unique-hash" = ["integration_specific_id", "integration_specific_resource_id", "application_instance_id"]))]
pub struct ApplicationEntitlementData {
    /// `id` of the application to which the entitlement belongs.
    pub application_instance_id: String,
    /// Type of the entitlement: `type_id` of a type that the integration declares.
    pub entitlement_type: String,
    /// Further facts from the app, an object by name, passed on unchanged; null when there are none.
    pub extra_data: Option<IndexMap<String, JsonObject>>,
    /// Identifier of the entitlement in the app; unique together with resource and application.
    pub integration_specific_id: String,
    /// Identifier of the resource it applies to; empty when it is not tied to a resource.
    pub integration_specific_resource_id: String,
    /// Whether the platform can assign it to an account; null when the connector does not say.
    pub is_assignable: Option<bool>,
    /// Name of the entitlement as shown to people.
    pub label: String,
    /// What the entitlement allows, in the app's words; null when there is none.
    pub description: Option<String>,
    /// Values of the requested custom attributes, text by attribute name; null when none were asked for.
    pub custom_attributes: Option<IndexMap<String, String>>,
}

/// Request of `list_applications_entitlements`, which returns the entitlements of all applications, page by
/// page.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "read"))]
pub struct ListApplicationsEntitlements {
    /// Names of the custom attributes to fill in on each entitlement; null asks for none.
    pub custom_attributes: Option<Vec<String>>,
}

/// One resource of an application, an item of the answer to `list_applications_resources`.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-unique-hash" = ["integration_specific_id", "application_instance_id"]))]
pub struct ApplicationResourceData {
    /// `id` of the application to which the resource belongs.
    pub application_instance_id: String,
    /// Identifier of the resource in the app; unique together with the application.
    pub integration_specific_id: String,
    /// Name of the resource as shown to people.
    pub label: String,
    /// What the resource is, in the app's words; null when there is none.
    pub description: Option<String>,
    /// Type of the resource: `type_id` of a type that the integration declares.
    pub resource_type: String,
    /// Further facts from the app, text by name; null when there are none.
    pub extra_data: Option<IndexMap<String, String>>,
}

/// Request of `list_applications_resources`, which returns the resources of all applications, page by page.
/// It has no fields.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "read"))]
pub struct ListApplicationsResources {}

/// One account holding one entitlement of an application, an item of the answer to
/// `list_applications_entitlement_associations`.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-unique-hash" = ["account_id", "integration_specific_entitlement_id", "integration_specific_resource_id", "application_instance_id"]))]
pub struct ApplicationEntitlementAssociation {
    /// `id` of the application to which the entitlement belongs.
    pub application_instance_id: String,
    /// Identifier of the account that holds the entitlement, its `integration_specific_id`.
    pub account_id: String,
    /// Identifier of the entitlement in the app.
    pub integration_specific_entitlement_id: String,
    /// Identifier of the entitlement's resource; empty when it is not tied to a resource.
    pub integration_specific_resource_id: String,
}

/// Request of `list_applications_entitlement_associations`, which returns who holds what in all applications,
/// page by page. It has no fields.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "read"))]
pub struct ListApplicationsEntitlementAssociations {}

/// Request of `assign_application`: give one account access to one application.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "write"))]
pub struct AssignApplication {
    /// `id` of the application to assign.
    #[schemars(extend("x-semantic" = "application-instance-id"))]
    pub application_instance_id: String,
    /// Identifier of the account that receives it, its `integration_specific_id`.
    #[schemars(extend("x-semantic" = "account-id"))]
    pub account_id: String,
}

/// Answer of `assign_application`: what became of the assignment.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct AssignedApplication {
    /// True when the account is now assigned to the application.
    pub assigned: bool,
    /// True when the account now also exists inside the application itself.
    pub provisioned: bool,
}

/// Request of `unassign_application`: take one application away from one account.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "write"))]
pub struct UnassignApplication {
    /// `id` of the application to take away.
    #[schemars(extend("x-semantic" = "application-instance-id"))]
    pub application_instance_id: String,
    /// Identifier of the account that loses it, its `integration_specific_id`.
    #[schemars(extend("x-semantic" = "account-id"))]
    pub account_id: String,
}

/// Answer of `unassign_application`: what became of the removal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UnassignedApplication {
    /// True when the account is no longer assigned to the application.
    pub unassigned: bool,
    /// True when the account was also removed or disabled inside the application itself.
    pub deprovisioned: bool,
    /// State of the account within the application after the removal.
    pub status: AccountStatus,
}

/// Request of `assign_application_entitlement`: give one account one entitlement of an application.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "write"))]
pub struct AssignApplicationEntitlement {
    /// `id` of the application to which the entitlement belongs.
    #[schemars(extend("x-semantic" = "application-instance-id"))]
    pub application_instance_id: String,
    /// Identifier of the account that receives the entitlement.
    #[schemars(extend("x-semantic" = "account-id"))]
    pub account_integration_specific_id: String,
    /// Identifier of the entitlement's resource; empty when it is not tied to a resource.
    pub resource_integration_specific_id: String,
    /// Type of that resource: `type_id` of a declared resource type.
    #[schemars(extend("x-resource-type" = true))]
    pub resource_type: String,
    /// Type of the entitlement: `type_id` of a declared entitlement type.
    #[schemars(extend("x-entitlement-type" = true))]
    pub entitlement_type: String,
    /// Identifier of the entitlement in the app.
    pub entitlement_integration_specific_id: String,
}

/// Answer of `assign_application_entitlement`.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct AssignedApplicationEntitlement {
    /// True when the account now holds the entitlement.
    pub assigned: bool,
}

/// Request of `unassign_application_entitlement`: take one entitlement of an application away from one
/// account.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "write"))]
pub struct UnassignApplicationEntitlement {
    /// `id` of the application to which the entitlement belongs.
    #[schemars(extend("x-semantic" = "application-instance-id"))]
    pub application_instance_id: String,
    /// Identifier of the account that loses the entitlement.
    #[schemars(extend("x-semantic" = "account-id"))]
    pub account_integration_specific_id: String,
    /// Type of the entitlement's resource: `type_id` of a declared resource type.
    #[schemars(extend("x-resource-type" = true))]
    pub resource_type: String,
    /// Identifier of the entitlement's resource; empty when it is not tied to a resource.
    pub resource_integration_specific_id: String,
    /// Type of the entitlement: `type_id` of a declared entitlement type.
    #[schemars(extend("x-entitlement-type" = true))]
    pub entitlement_type: String,
    /// Identifier of the entitlement in the app.
    pub entitlement_integration_specific_id: String,
}

/// Answer of `unassign_application_entitlement`.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct UnassignedApplicationEntitlement {
    /// True when the account no longer holds the entitlement.
    pub unassigned: bool,
}

impl AssignedApplication {
    /// The account is now assigned to the application; `provisioned` when it also exists inside the application.
    #[must_use]
    pub fn assigned(provisioned: bool) -> Self {
        Self { assigned: true, provisioned }
    }
}

impl UnassignedApplication {
    /// The account is no longer assigned to the application, and has this status in it; `deprovisioned` when it was also
    /// removed or disabled inside the application.
    #[must_use]
    pub fn unassigned(deprovisioned: bool, status: AccountStatus) -> Self {
        Self { unassigned: true, deprovisioned, status }
    }
}

impl AssignedApplicationEntitlement {
    /// The account now holds the entitlement of the application.
    #[must_use]
    pub fn assigned() -> Self {
        Self { assigned: true }
    }
}

impl UnassignedApplicationEntitlement {
    /// The account no longer holds the entitlement of the application.
    #[must_use]
    pub fn unassigned() -> Self {
        Self { unassigned: true }
    }
}
