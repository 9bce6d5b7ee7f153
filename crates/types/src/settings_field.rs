//! Annotations of settings fields: how a form shows a field and what the platform does with it.
//!
//! They are keys of the field's schema, set with `#[schemars(extend(…))]`:
//!
//! | meaning | attribute |
//! | --- | --- |
//! | a secret | `extend("x-field_type" = "SECRET", "x-secret" = true)`, or the field's type is [`Secret`] with [`SECRET`] |
//! | never shown | `extend("x-field_type" = "HIDDEN", "x-hidden" = true)` |
//! | several lines | `extend("x-field_type" = "MULTI_LINES", "x-multiline" = true)` |
//! | what it holds | `extend("x-semantic" = "tenant-id")`, any of [`SemanticType`] |
//! | identifies the connection, and covers a request's fingerprint | `extend("x-unique" = true)` |
//! | belongs to a group of fields | `extend("x-field_group" = "Advanced")` |
//! | shown further down | `extend("x-primary" = false)` |
//! | shown for one value of another field | `extend("x-discriminator" = {"field": "mode", "expected_value": "advanced", "one_of_expected_values": null})` |
//! | redacted in logs | `extend("x-redact" = true)` |
//! | its default is made anew each time, so the schema shows none | `extend("x-default-factory" = true)` |
//!
//! Title, description and default are plain attributes and docs:
//!
//! ```
//! use lumos_connector_types::{schema, secret::Secret};
//! use schemars::JsonSchema;
//! use serde::Deserialize;
//!
//! #[derive(Deserialize, JsonSchema)]
//! struct AcmeSettings {
//!     /// Where the tenant lives.
//!     #[schemars(title = "Account ID", extend("x-semantic" = "tenant-id", "x-unique" = true))]
//!     account_id: String,
//!     #[schemars(extend("x-field_type" = "SECRET", "x-secret" = true))]
//!     api_key: Option<Secret>,
//!     #[serde(default = "default_batch")]
//!     batch: i64,
//! }
//! fn default_batch() -> i64 { 5 }
//!
//! let schema = schema::of::<AcmeSettings>(schema::Refs::Defs);
//! assert_eq!(schema["properties"]["account_id"]["title"], "Account ID");
//! assert_eq!(schema["properties"]["batch"]["default"], 5);
//! assert_eq!(schema["required"], serde_json::json!(["account_id"]));
//! ```
//!
//! [`Secret`]: crate::secret::Secret

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::wire_enum;

/// The settings of a connector that declares none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(description = "")]
pub struct EmptySettings {}

/// The key that marks a field as a secret.
pub const SECRET: &str = "x-secret";

/// The key that marks a field as one that logs must not show.
pub const REDACT: &str = "x-redact";

/// The key that marks the fields which identify a request; its fingerprint covers these alone.
pub const UNIQUE: &str = "x-unique";

wire_enum! {
    /// What a field holds: the values of `x-semantic`.
    pub enum SemanticType {
        /// The identifier of an account.
        AccountId = "account-id",
        /// The identifier of a second account.
        AuxiliaryAccountId = "auxiliary-account-id",
        /// The identifier of a non-human account.
        NonHumanAccountId = "non-human-account-id",
        /// The identifier of a credential in the app.
        CredentialId = "credential-id",
        /// The identifier of an application.
        ApplicationId = "application-id",
        /// The identifier of an application's instance.
        ApplicationInstanceId = "application-instance-id",
        /// The external identifier of an AWS role.
        AwsExternalId = "aws-external-id",
        /// The resource name of an AWS role.
        AwsRoleArn = "aws-role-arn",
        /// The identifier of an entitlement.
        EntitlementId = "entitlement-id",
        /// A type of entitlement.
        EntitlementType = "entitlement-type",
        /// The identifier of a resource.
        ResourceId = "resource-id",
        /// A password.
        Password = "password",
        /// A pair of keys.
        KeyPair = "key-pair",
        /// Custom attributes.
        CustomAttributes = "custom-attributes",
        /// The client id of a service account.
        ServiceAccountClientId = "service-account-client-id",
        /// A mapping to the values of an enumeration.
        EnumMapping = "enum-mapping",
        /// A type of resource.
        ResourceType = "resource-type",
        /// The identifier of the tenant.
        TenantId = "tenant-id",
    }
}

wire_enum! {
    /// How a form shows a field: the values of `x-field_type`.
    pub enum FieldType {
        /// As a secret.
        Secret = "SECRET",
        /// Not at all.
        Hidden = "HIDDEN",
        /// As text of several lines.
        MultiLines = "MULTI_LINES",
    }
}
