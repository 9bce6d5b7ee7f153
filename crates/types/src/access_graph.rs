//! The access graph: resources and how they relate, entitlements on them, what these imply, who holds them.
//! An author meets these in `find_resource_graph`, `find_entitlement_graph`, `find_entitlement_assignments`;
//! entitlement types and both kinds of rules are declared on the integration and shown by `info`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::custom_attribute::{CustomAttribute, CustomAttributeParameter};
use crate::wire_enum;

wire_enum! {
    /// Kind of record that a resource of the access graph can stand for.
    pub enum ReferenceType {
        /// An account, as returned by `list_accounts`.
        Account = "account",
    }
}

/// Link from a resource of the access graph to the record that it stands for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reference {
    /// Identifier of the record: for an account its `integration_specific_id`.
    pub id: String,
    /// Kind of the record.
    pub r#type: ReferenceType,
}

/// A node of the resource graph in the answer to `find_resource_graph`: a thing accessed or a holder of
/// access.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-unique-hash" = ["id", "resource_type"]))]
pub struct AccessGraphResource {
    /// Identifier of the resource; relationships, entitlements and assignments refer to it.
    #[schemars(extend("x-semantic" = "resource-id"))]
    pub id: String,
    /// Type of the resource: `type_id` of a resource type that the integration declares.
    #[schemars(extend("x-semantic" = "resource-type"))]
    pub resource_type: String,
    /// Record that this resource stands for, such as an account; null when it stands for itself.
    pub reference: Option<Reference>,
    /// Name of the resource as shown to people.
    pub label: String,
    /// What the resource is, in the app's words; null when there is none.
    pub description: Option<String>,
    /// True when access paths end at this resource; null when the connector does not say.
    pub is_terminal: Option<bool>,
    /// True when the resource can hold credentials; null when the connector does not say.
    pub is_credential_bearing: Option<bool>,
    /// Identifiers of the credentials tied to this resource; null when the connector does not say.
    #[schemars(extend("x-semantic" = "credential-id"))]
    pub linked_credential_ids: Option<Vec<String>>,
}

/// Edges of the resource graph in the answer to `find_resource_graph`: one resource related to several others
/// in one way.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct AccessGraphResourceRelationship {
    /// `id` of the resource at which the edges start.
    pub from_id: String,
    /// `id` of each resource at which an edge ends.
    pub to_ids: Vec<String>,
    /// What the first resource is to the others, for instance `contains`, `owns` or `member_of`.
    pub label: String,
}

/// Answer of `find_resource_graph`: all resources of the app and how they relate, or one page of them.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ResourceGraph {
    /// Nodes of the graph.
    pub resources: Vec<AccessGraphResource>,
    /// Edges between the nodes.
    pub resource_relationships: Vec<AccessGraphResourceRelationship>,
    /// Values of the requested custom attributes; each names its record by `record_id`.
    pub custom_attributes: Vec<CustomAttribute>,
}

/// Request of `find_resource_graph`: the resources of the app and their relationships.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "read"))]
pub struct FindResourceGraph {
    /// Custom attributes to return beside the graph; null asks for none.
    pub custom_attributes: Option<Vec<CustomAttributeParameter>>,
}

/// Declares one type of access graph entitlement. The integration lists these, and `info` and `app_info` show
/// them.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct AccessGraphEntitlementType {
    /// Identifier of the type, to which `entitlement_type` refers.
    pub type_id: String,
    /// Name of the type as shown to people.
    pub type_label: String,
    /// `type_id` of the resource type on which entitlements of this type exist.
    pub resource_type_id: String,
}

/// A node of the entitlement graph in the answer to `find_entitlement_graph`: one right on one resource.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-unique-hash" = ["id", "resource_id"]))]
pub struct AccessGraphEntitlement {
    /// Identifier of the entitlement; unique together with `resource_id`.
    #[schemars(extend("x-semantic" = "entitlement-id"))]
    pub id: String,
    /// Type of the entitlement: `type_id` of a declared access graph entitlement type.
    #[schemars(extend("x-semantic" = "entitlement-type"))]
    pub entitlement_type: String,
    /// `id` of the resource to which the entitlement gives or denies access.
    #[schemars(extend("x-semantic" = "resource-id"))]
    pub resource_id: String,
    /// Whether the platform can assign it; null when the connector does not say.
    pub is_assignable: Option<bool>,
    /// True when the entitlement takes access away instead of giving it.
    pub denies_access: bool,
    /// Name of the entitlement as shown to people.
    pub label: String,
    /// What the entitlement allows or denies, in the app's words; null when there is none.
    pub description: Option<String>,
}

/// Names one entitlement of the entitlement graph by the two parts of its identity.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct AccessGraphEntitlementIdentifier {
    /// `id` of the entitlement.
    pub entitlement_id: String,
    /// `id` of the resource on which it exists.
    pub resource_id: String,
}

/// An edge of the entitlement graph in the answer to `find_entitlement_graph`: holding one entitlement
/// implies others.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct AccessGraphImpliedAccess {
    /// Entitlement that is held.
    pub from_entitlement: AccessGraphEntitlementIdentifier,
    /// Entitlements that its holder has by that alone; may be empty.
    pub to_entitlements: Vec<AccessGraphEntitlementIdentifier>,
}

/// Describes one entitlement for a whole resource type instead of one resource. It is declared on the
/// integration or returned by `find_entitlement_graph`.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct AccessGraphEntitlementRule {
    /// Type of the entitlement: `type_id` of a declared access graph entitlement type.
    pub entitlement_type: String,
    /// `id` that the entitlement has on every such resource.
    pub entitlement_id: String,
    /// `type_id` of the resource type to whose resources the rule applies.
    pub resource_type: String,
    /// Whether the platform can assign it; null when the connector does not say.
    pub is_assignable: Option<bool>,
    /// True when the entitlement takes access away instead of giving it.
    pub denies_access: bool,
    /// Name of the entitlement as shown to people.
    pub label: String,
    /// What the entitlement allows or denies; null when there is none.
    pub description: Option<String>,
}

/// Says, in terms of types, that one entitlement implies another. It is declared on the integration or
/// returned by `find_entitlement_graph`.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct AccessGraphImpliedAccessRule {
    /// Type of the entitlement that is held.
    pub from_entitlement_type: String,
    /// `id` of the entitlement that is held.
    pub from_entitlement_id: String,
    /// `type_id` of the type of the resource on which it is held.
    pub from_resource_type: String,
    /// Label of the relationship between the two resources, such as `contains`; null when none is named.
    pub relationship_label: Option<String>,
    /// Type of the entitlement that follows.
    pub to_entitlement_type: String,
    /// `id` of the entitlement that follows.
    pub to_entitlement_id: String,
    /// `type_id` of the type of the resource on which it follows.
    pub to_resource_type: String,
}

/// Answer of `find_entitlement_graph`: all entitlements of the app and what they imply, or one page of them.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct EntitlementGraph {
    /// Entitlements, each on one resource.
    pub nodes: Vec<AccessGraphEntitlement>,
    /// Which entitlement implies which others, between single entitlements.
    pub entitlement_implications: Vec<AccessGraphImpliedAccess>,
    /// Values of the requested custom attributes; each names its record by `record_id`.
    pub custom_attributes: Vec<CustomAttribute>,
    /// Entitlements that exist on every resource of a type; empty when there are none.
    #[serde(default)]
    pub access_graph_entitlement_rules: Vec<AccessGraphEntitlementRule>,
    /// Implications stated by type instead of by single entitlement; empty when there are none.
    #[serde(default)]
    pub access_graph_implied_access_rules: Vec<AccessGraphImpliedAccessRule>,
}

/// Request of `find_entitlement_graph`: the entitlements of the app and what they imply.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "read"))]
pub struct FindEntitlementGraph {
    /// Custom attributes to return beside the graph; null asks for none.
    pub custom_attributes: Option<Vec<CustomAttributeParameter>>,
}

/// One resource holding one entitlement, an item of the answer to `find_entitlement_assignments`.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-unique-hash" = ["resource_id", "entitlement_id", "entitlement_resource_id"]))]
pub struct AccessGraphEntitlementAssignment {
    /// `id` of the resource that holds the entitlement, such as the one that stands for an account.
    #[schemars(extend("x-semantic" = "resource-id"))]
    pub resource_id: String,
    /// `id` of the entitlement that is held.
    #[schemars(extend("x-semantic" = "entitlement-id"))]
    pub entitlement_id: String,
    /// `id` of the resource on which the entitlement exists.
    #[schemars(extend("x-semantic" = "resource-id"))]
    pub entitlement_resource_id: String,
}

/// Request of `find_entitlement_assignments`, which returns who holds what in the access graph, page by page.
/// It has no fields.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "read"))]
pub struct FindEntitlementAssignments {}
