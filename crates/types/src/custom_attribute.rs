//! Custom attributes: facts about records beyond the standard fields.
//! An author lists them in answer to [`ListCustomAttributesSchema`]. Requests then ask for them by name, and
//! graph answers carry their values as [`CustomAttribute`]s.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::json::Json;
use crate::wire_enum;

wire_enum! {
    /// Kind of record that a custom attribute describes.
    pub enum CustomAttributeCustomizedType {
        /// An account, as returned by `list_accounts`.
        Account = "account",
        /// An entitlement, as returned by `list_entitlements` or `find_entitlement_graph`.
        Entitlement = "entitlement",
        /// A resource, as returned by `list_resources` or `find_resource_graph`.
        Resource = "resource",
        /// A credential, as returned by `list_credentials`.
        Credential = "credential",
        /// A non-human account, as returned by `list_non_human_accounts`.
        NonHumanAccount = "non_human_account",
    }
}

wire_enum! {
    /// Type of the values of a custom attribute.
    pub enum CustomAttributeType {
        /// Text.
        String = "string",
        /// A person; the contract does not fix how the person is named.
        User = "user",
        /// True or false.
        Boolean = "boolean",
        /// A whole number.
        Integer = "integer",
        /// A moment; the contract does not fix its text form.
        Datetime = "datetime",
    }
}

/// Value of one custom attribute for one record, in the answers to `find_resource_graph` and
/// `find_entitlement_graph`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomAttribute {
    /// Identifier of the record described, such as the `id` of a resource or entitlement of the same answer.
    pub record_id: String,
    /// Name of the attribute, as the request gave it.
    pub label: String,
    /// The value as any JSON; null when the record has none. The key itself must be present.
    #[schemars(schema_with = "Json::nullable_schema", description = "The custom attribute value")]
    pub value: Json,
    /// Kind of the record described.
    pub r#type: CustomAttributeCustomizedType,
}

/// Names one custom attribute to fill in, in the requests of `find_resource_graph` and
/// `find_entitlement_graph`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomAttributeParameter {
    /// Name of the attribute wanted.
    pub label: String,
    /// Kind of the records for which it is wanted.
    pub r#type: CustomAttributeCustomizedType,
}

/// Describes one custom attribute that the app has, an item of the answer to `list_custom_attributes_schema`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomAttributeSchema {
    /// Kind of the records that have the attribute.
    pub customized_type: CustomAttributeCustomizedType,
    /// Name by which requests ask for the attribute in `custom_attributes`.
    pub name: String,
    /// Type of its values.
    pub attribute_type: CustomAttributeType,
    /// What the attribute tells, in the app's words; null when there is no description.
    pub description: Option<String>,
}

/// Request of `list_custom_attributes_schema`, which returns the custom attributes that the app has. It has
/// no fields.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "read"))]
pub struct ListCustomAttributesSchema {}

impl CustomAttributeSchema {
    /// An attribute of records of a kind, without description.
    #[must_use]
    pub fn new(
        customized_type: CustomAttributeCustomizedType,
        name: impl Into<String>,
        attribute_type: CustomAttributeType,
    ) -> Self {
        Self { customized_type, name: name.into(), attribute_type, description: None }
    }

    /// Sets what the attribute tells, in a sentence.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }
}
