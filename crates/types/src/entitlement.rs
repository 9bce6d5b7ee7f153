//! Entitlements: the roles, licenses, memberships and the like that an account can hold, their types, and who
//! holds which.
//! An author declares [`EntitlementType`]s on the integration; the other types come with the capabilities
//! that list entitlements and associations, or assign and unassign them.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::json::JsonObject;

/// Declares one kind of entitlement that the app has, such as a role or a license. The integration lists
/// these, and `info` and `app_info` show them.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct EntitlementType {
    /// Identifier of the type, to which `entitlement_type` refers.
    pub type_id: String,
    /// Name of the type as shown to people.
    pub type_label: String,
    /// `type_id` of the resource type on which entitlements of this type exist; empty when they are not tied
    /// to a resource.
    pub resource_type_id: String,
    /// Fewest entitlements of this type that an account must hold; 0 when it may do without.
    pub min: i64,
    /// Most entitlements of this type that an account may hold; null when there is no limit.
    pub max: Option<i64>,
    /// Further bounds by key; null when there are none. The contract does not say what the keys name.
    pub requirements: Option<IndexMap<String, EntitlementRequirement>>,
}

/// A pair of bounds in the `requirements` of a declared entitlement type.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct EntitlementRequirement {
    /// Lower bound, a count; null when there is none.
    pub min: Option<i64>,
    /// Upper bound, a count; null when there is none.
    pub max: Option<i64>,
}

/// One entitlement that exists in the app, an item of the answer to `list_entitlements`. The same identifier
/// on two resources makes two entitlements.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-unique-hash" = ["integration_specific_id", "integration_specific_resource_id"]))]
pub struct FoundEntitlementData {
    /// Type of the entitlement: `type_id` of a declared entitlement type.
    #[schemars(extend("x-entitlement-type" = true))]
    pub entitlement_type: String,
    /// Further facts from the app as free-form JSON, passed on unchanged; null when there are none.
    pub extra_data: Option<JsonObject>,
    /// Identifier of the entitlement in the app, unique at least on its resource.
    pub integration_specific_id: String,
    /// Identifier, in the app, of the resource the entitlement is on; empty when it is not tied to a
    /// resource.
    pub integration_specific_resource_id: String,
    /// Whether the platform can assign it to an account; null when the connector does not say.
    pub is_assignable: Option<bool>,
    /// Name of the entitlement as shown to people.
    pub label: String,
    /// What the entitlement allows, in the app's words; null when there is no description.
    pub description: Option<String>,
    /// Values, as text, of the requested custom attributes by name; null when none were asked for.
    pub custom_attributes: Option<IndexMap<String, String>>,
}

/// Request of `list_entitlements`, which returns every entitlement that exists in the app, page by page.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "read"))]
pub struct ListEntitlements {
    /// Names of the custom attributes to fill in on each entitlement; null asks for none.
    pub custom_attributes: Option<Vec<String>>,
}

/// One account holding one entitlement, an item of the answers to `find_entitlement_associations` and
/// `get_account_entitlement_associations`.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-unique-hash" = ["account_id", "integration_specific_entitlement_id", "integration_specific_resource_id"]))]
pub struct FoundEntitlementAssociation {
    /// Identifier of the holder, the `integration_specific_id` of the account.
    #[schemars(extend("x-semantic" = "account-id"))]
    pub account_id: String,
    /// Identifier of what is held, the `integration_specific_id` of the entitlement.
    pub integration_specific_entitlement_id: String,
    /// Identifier, in the app, of the resource the entitlement is on; empty when it is not tied to a
    /// resource.
    pub integration_specific_resource_id: String,
}

/// Request of `find_entitlement_associations`, which returns who holds what across the whole app, page by
/// page. It has no fields.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "read"))]
pub struct FindEntitlementAssociations {}

/// Request of `get_account_entitlement_associations`, which returns what a single account holds.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "read"))]
pub struct GetAccountEntitlementAssociations {
    /// Identifier, in the app, of the account whose entitlements are wanted.
    #[schemars(extend("x-semantic" = "account-id"))]
    pub account_id: String,
}

/// Request of `assign_entitlement`, which gives an entitlement to an account.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "write"))]
pub struct AssignEntitlement {
    /// Identifier, in the app, of the account that is to hold the entitlement.
    #[schemars(extend("x-semantic" = "account-id"))]
    pub account_integration_specific_id: String,
    /// Identifier, in the app, of the resource the entitlement is on; empty when it is not tied to a
    /// resource.
    pub resource_integration_specific_id: String,
    /// Type of that resource: `type_id` of a declared resource type.
    #[schemars(extend("x-resource-type" = true))]
    pub resource_type: String,
    /// Type of the entitlement: `type_id` of a declared entitlement type.
    #[schemars(extend("x-entitlement-type" = true))]
    pub entitlement_type: String,
    /// Identifier of the entitlement in the app, as `list_entitlements` returned it.
    pub entitlement_integration_specific_id: String,
}

/// Answer of `assign_entitlement`.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct AssignedEntitlement {
    /// True when the account now holds the entitlement.
    pub assigned: bool,
}

/// Request of `unassign_entitlement`, which takes an entitlement away from an account.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "write"))]
pub struct UnassignEntitlement {
    /// Identifier, in the app, of the account that is to lose the entitlement.
    #[schemars(extend("x-semantic" = "account-id"))]
    pub account_integration_specific_id: String,
    /// Type of the resource the entitlement is on: `type_id` of a declared resource type.
    #[schemars(extend("x-resource-type" = true))]
    pub resource_type: String,
    /// Identifier, in the app, of that resource; empty when the entitlement is not tied to a resource.
    pub resource_integration_specific_id: String,
    /// Type of the entitlement: `type_id` of a declared entitlement type.
    #[schemars(extend("x-entitlement-type" = true))]
    pub entitlement_type: String,
    /// Identifier of the entitlement in the app, as `list_entitlements` returned it.
    pub entitlement_integration_specific_id: String,
}

/// Answer of `unassign_entitlement`.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct UnassignedEntitlement {
    /// True when the account no longer holds the entitlement.
    pub unassigned: bool,
}

impl EntitlementType {
    /// A type of entitlements on a type of resources (`""` for entitlements of the whole app). An account may hold
    /// any number of them, none included, until [`holds`](Self::holds) says otherwise.
    #[must_use]
    pub fn new(
        type_id: impl Into<String>,
        type_label: impl Into<String>,
        resource_type_id: impl Into<String>,
    ) -> Self {
        Self {
            type_id: type_id.into(),
            type_label: type_label.into(),
            resource_type_id: resource_type_id.into(),
            ..Self::default()
        }
    }

    /// Sets how many entitlements of this type an account may hold, at least and at most; `None` is any number.
    #[must_use]
    pub fn holds(mut self, min: i64, max: impl Into<Option<i64>>) -> Self {
        self.min = min;
        self.max = max.into();
        self
    }
}

impl FoundEntitlementData {
    /// An entitlement on a resource (`""` for the whole app) of which nothing but type, identifier and name is known.
    #[must_use]
    pub fn new(
        entitlement_type: impl Into<String>,
        integration_specific_id: impl Into<String>,
        integration_specific_resource_id: impl Into<String>,
        label: impl Into<String>,
    ) -> Self {
        Self {
            entitlement_type: entitlement_type.into(),
            integration_specific_id: integration_specific_id.into(),
            integration_specific_resource_id: integration_specific_resource_id.into(),
            label: label.into(),
            ..Self::default()
        }
    }
}

impl FoundEntitlementAssociation {
    /// An account holds an entitlement on a resource (`""` for the whole app).
    #[must_use]
    pub fn new(
        account_id: impl Into<String>,
        integration_specific_entitlement_id: impl Into<String>,
        integration_specific_resource_id: impl Into<String>,
    ) -> Self {
        Self {
            account_id: account_id.into(),
            integration_specific_entitlement_id: integration_specific_entitlement_id.into(),
            integration_specific_resource_id: integration_specific_resource_id.into(),
        }
    }
}

/// What tells an entitlement from all others, in the app's own words: how requests name it and listings show it.
///
/// ```
/// use lumos_connector_types::payload::{AssignEntitlement, EntitlementKey};
///
/// let request = AssignEntitlement {
///     entitlement_type: "role".to_owned(),
///     entitlement_integration_specific_id: "admin".to_owned(),
///     ..AssignEntitlement::default()
/// };
/// assert_eq!(request.entitlement(), EntitlementKey { entitlement_type: "role", id: "admin", resource_id: "" });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "these three are what the contract knows an entitlement by")]
pub struct EntitlementKey<'a> {
    /// Type of the entitlement: `type_id` of a declared entitlement type.
    pub entitlement_type: &'a str,
    /// Identifier of the entitlement in the app.
    pub id: &'a str,
    /// Identifier, in the app, of the resource it is on; empty when it is not tied to a resource.
    pub resource_id: &'a str,
}

impl AssignEntitlement {
    /// The entitlement that the account is to hold.
    #[must_use]
    pub fn entitlement(&self) -> EntitlementKey<'_> {
        EntitlementKey {
            entitlement_type: &self.entitlement_type,
            id: &self.entitlement_integration_specific_id,
            resource_id: &self.resource_integration_specific_id,
        }
    }
}

impl UnassignEntitlement {
    /// The entitlement that the account is to lose.
    #[must_use]
    pub fn entitlement(&self) -> EntitlementKey<'_> {
        EntitlementKey {
            entitlement_type: &self.entitlement_type,
            id: &self.entitlement_integration_specific_id,
            resource_id: &self.resource_integration_specific_id,
        }
    }
}

impl AssignedEntitlement {
    /// The account now holds the entitlement, or has held it before.
    #[must_use]
    pub fn assigned() -> Self {
        Self { assigned: true }
    }
}

impl UnassignedEntitlement {
    /// The account no longer holds the entitlement, or has not held it before.
    #[must_use]
    pub fn unassigned() -> Self {
        Self { unassigned: true }
    }
}
