//! How a connector describes itself: the document of the `info` command and that of the `app_info`
//! capability. The SDK builds both from what was registered; an author chooses [`AppCategory`] values.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access_graph::{
    AccessGraphEntitlementRule, AccessGraphEntitlementType, AccessGraphImpliedAccessRule,
};
use crate::entitlement::EntitlementType;
use crate::json::JsonObject;
use crate::probe::ProbeCheckName;
use crate::resource::ResourceType;
use crate::wire_enum;

wire_enum! {
    /// Business area of an app, under which Lumos files it.
    pub enum AppCategory {
        /// Human resources and training.
        HrAndLearning = "HR_AND_LEARNING",
        /// Office administration and legal work.
        OfficeAndLegal = "OFFICE_AND_LEGAL",
        /// Sales and customer support.
        SalesAndSupport = "SALES_AND_SUPPORT",
        /// Online trade and marketplaces.
        CommerceAndMarketplaces = "COMMERCE_AND_MARKETPLACES",
        /// IT operations and security.
        ItAndSecurity = "IT_AND_SECURITY",
        /// Messaging, calls and meetings.
        Communication = "COMMUNICATION",
        /// Design and creative work.
        DesignAndCreativity = "DESIGN_AND_CREATIVITY",
        /// None of the others.
        Other = "OTHER",
        /// Marketing and data analysis.
        MarketingAndAnalytics = "MARKETING_AND_ANALYTICS",
        /// Software development.
        Developers = "DEVELOPERS",
        /// Accounting and finance.
        AccountingAndFinance = "ACCOUNTING_AND_FINANCE",
        /// Working together on documents and projects.
        Collaboration = "COLLABORATION",
        /// Content publishing and social media.
        ContentAndSocialMedia = "CONTENT_AND_SOCIAL_MEDIA",
        /// In-house apps of the customer or of Lumos.
        Internal = "INTERNAL",
        /// Connectors still being tried out.
        EarlyAccess = "EARLY_ACCESS",
    }
}

/// Document printed by the `info` command: everything the connector declares.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Info {
    /// Identifier of the connector.
    pub app_id: String,
    /// Internet domain of the app's vendor; null when not declared.
    pub app_vendor_domain: Option<String>,
    /// Version of the connector, not of the app.
    pub version: String,
    /// Names of the registered capabilities, sorted.
    pub capabilities: Vec<String>,
    /// Schemas and texts of each capability, by its name.
    pub capability_schema: IndexMap<String, CapabilitySchema>,
    /// Scopes by capability name, when the OAuth flow of the integration itself has a fixed scope map; else null.
    pub oauth_scopes: Option<IndexMap<String, String>>,
    /// JSON Schema of the single credential; an empty object when there is none.
    pub authentication_schema: JsonObject,
    /// JSON Schema of each declared credential, in order; empty with a single credential or none.
    pub credentials_schema: Vec<JsonObject>,
    /// Address of the app's logo; null when not declared.
    pub logo_url: Option<String>,
    /// Name of the app as people know it.
    pub user_friendly_name: Option<String>,
    /// What the connector is for; null when not declared.
    pub description: Option<String>,
    /// Business areas of the app.
    pub categories: Option<Vec<AppCategory>>,
    /// Types of entitlement the connector reports.
    pub entitlement_types: Vec<EntitlementType>,
    /// Types of entitlement in the access graph.
    pub access_graph_entitlement_types: Option<Vec<AccessGraphEntitlementType>>,
    /// Rules about single entitlements in the access graph.
    pub access_graph_entitlement_rules: Option<Vec<AccessGraphEntitlementRule>>,
    /// Rules by which one entitlement of the access graph implies another.
    pub implied_access_rules: Option<Vec<AccessGraphImpliedAccessRule>>,
    /// Types of resource the connector reports.
    pub resource_types: Vec<ResourceType>,
    /// JSON Schema of the connector's settings, with the order of its fields in `field_order`.
    pub request_settings_schema: JsonObject,
}

/// Description of one capability in the `info` document.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct CapabilitySchema {
    /// JSON Schema of the request payload, without its envelope.
    pub argument: JsonObject,
    /// JSON Schema of the answer's payload, without its envelope; an empty object schema for a list.
    pub output: JsonObject,
    /// Name of the capability as people see it.
    pub display_name: Option<String>,
    /// What the capability does; null when not declared.
    pub description: Option<String>,
}

/// Payload of `app_info`, which needs neither credentials nor settings; it has no members.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-category" = "specification"))]
pub struct AppInfoRequestPayload {}

/// Answer of `app_info`.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct AppInfo {
    /// Identifier of the connector.
    pub app_id: String,
    /// OpenAPI 3.0 document of the connector, one path per capability.
    pub app_schema: JsonObject,
}

/// Shape of the OpenAPI 3.0 document that `app_info` answers as `app_schema`.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct OpenAPISpecification {
    /// Version of the OpenAPI format, `3.0.0`.
    pub openapi: String,
    /// Title, version and the connector's own declarations.
    pub info: OpenAPISpecificationInfo,
    /// Always empty: the caller knows where the connector runs.
    pub servers: Vec<JsonObject>,
    /// One POST operation per capability, by `/` and its name.
    pub paths: JsonObject,
    /// Schemas and security schemes the operations refer to.
    pub components: JsonObject,
    /// Groups into which the operations are sorted.
    pub tags: Vec<JsonObject>,
}

/// Head of the OpenAPI document of `app_info`, with the connector's declarations as `x-` members.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct OpenAPISpecificationInfo {
    /// Name of the app as people know it.
    pub title: String,
    /// What the connector is for.
    pub description: String,
    /// Version of the connector, not of the app.
    pub version: String,
    /// Identifier of the connector.
    #[serde(rename = "x-app-id")]
    pub x_app_id: String,
    /// Address of the app's logo; empty when not declared.
    #[serde(rename = "x-app-logo-url")]
    pub x_app_logo_url: String,
    /// Internet domain of the app's vendor; empty when not declared.
    #[serde(rename = "x-app-vendor-domain")]
    pub x_app_vendor_domain: String,
    /// Types of entitlement the connector reports.
    #[serde(rename = "x-entitlement-types")]
    pub x_entitlement_types: Vec<EntitlementType>,
    /// Types of entitlement in the access graph.
    #[serde(rename = "x-access-graph-entitlement-types")]
    pub x_access_graph_entitlement_types: Option<Vec<AccessGraphEntitlementType>>,
    /// Rules about single entitlements in the access graph.
    #[serde(rename = "x-access-graph-entitlement-rules")]
    pub x_access_graph_entitlement_rules: Option<Vec<AccessGraphEntitlementRule>>,
    /// Rules by which one entitlement of the access graph implies another.
    #[serde(rename = "x-implied-access-rules")]
    pub x_implied_access_rules: Option<Vec<AccessGraphImpliedAccessRule>>,
    /// Types of resource the connector reports.
    #[serde(rename = "x-resource-types")]
    pub x_resource_types: Vec<ResourceType>,
    /// Business areas of the app, listed under `enum`.
    #[serde(rename = "x-categories")]
    pub x_categories: JsonObject,
    /// OAuth settings of the single credential, or by credential id; empty without OAuth.
    #[serde(rename = "x-oauth-settings")]
    pub x_oauth_settings: Option<JsonObject>,
    /// Names of the registered capabilities, sorted.
    #[serde(rename = "x-capabilities")]
    pub x_capabilities: Vec<String>,
    /// Whether credentials are declared by id, to be sent as `credentials` rather than `auth`.
    #[serde(rename = "x-multi-credential")]
    pub x_multi_credential: bool,
    /// Checks that `probe_integration` can perform; null without a probe or without configured checks.
    #[serde(rename = "x-probe-checks")]
    pub x_probe_checks: Option<Vec<ProbeCheckName>>,
    /// Combinations of credential ids that are sufficient; empty with a single credential.
    #[serde(rename = "x-allowed-credentials")]
    pub x_allowed_credentials: Vec<Vec<String>>,
}

/// Payload of `connected_info`, a reserved name that connectors cannot register; it has no members.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct GetConnectedInfo {}
