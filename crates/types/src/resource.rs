//! Resources: the workspaces, projects, groups and the like on which entitlements exist.
//! An author declares [`ResourceType`]s on the integration and returns [`FoundResourceData`] from
//! `list_resources`.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Declares one kind of resource that the app has. The integration lists these, and `info` and `app_info`
/// show them.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ResourceType {
    /// Identifier of the type, to which `resource_type` and `resource_type_id` refer.
    pub type_id: String,
    /// Name of the type as shown to people.
    pub type_label: String,
}

/// One resource that exists in the app, an item of the answer to `list_resources`.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-unique-hash" = ["integration_specific_id"]))]
pub struct FoundResourceData {
    /// Identifier of the resource in the app, unique across all resource types; entitlements and associations
    /// refer to it.
    pub integration_specific_id: String,
    /// Name of the resource as shown to people.
    pub label: String,
    /// What the resource is, in the app's words; null when there is no description.
    pub description: Option<String>,
    /// Type of the resource: `type_id` of a declared resource type.
    #[schemars(extend("x-resource-type" = true))]
    pub resource_type: String,
    /// Further facts from the app as text values by name; null when there are none.
    pub extra_data: Option<IndexMap<String, String>>,
}

/// Request of `list_resources`, which returns every resource of the app, page by page. It has no fields.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "read"))]
pub struct ListResources {}

impl ResourceType {
    /// A type of resources: its id on the wire and its name for people.
    #[must_use]
    pub fn new(type_id: impl Into<String>, type_label: impl Into<String>) -> Self {
        Self { type_id: type_id.into(), type_label: type_label.into() }
    }
}

impl FoundResourceData {
    /// A resource of which nothing but type, identifier and name is known.
    #[must_use]
    pub fn new(
        resource_type: impl Into<String>,
        integration_specific_id: impl Into<String>,
        label: impl Into<String>,
    ) -> Self {
        Self {
            resource_type: resource_type.into(),
            integration_specific_id: integration_specific_id.into(),
            label: label.into(),
            ..Self::default()
        }
    }
}
