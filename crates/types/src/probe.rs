//! Payloads of `probe_integration`, a trial run of the reading capabilities that shows whether a new
//! connection returns useful data. The SDK performs the usual checks; an author meets these types when
//! implementing a check.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::account::AccountStatus;
use crate::custom_attribute::{CustomAttributeCustomizedType, CustomAttributeType};
use crate::error::Error;
use crate::wire_enum;
use crate::wire_enum::{first_that_fits, kind};

wire_enum! {
    /// A check that `probe_integration` can perform.
    pub enum ProbeCheckName {
        /// Accounts can be listed, with the custom attributes asked for.
        Accounts = "accounts",
        /// Entitlements can be listed, of every declared type.
        Entitlements = "entitlements",
        /// It can be found which accounts hold which entitlements.
        EntitlementAssociations = "entitlement_associations",
        /// The settings of single capabilities are sound; needs an implementation by the connector.
        CapabilityConfig = "capability_config",
    }
}

wire_enum! {
    /// Outcome of one check.
    pub enum ProbeCheckStatus {
        /// The check ran and found data.
        Passed = "passed",
        /// The check ran into an error or a timeout, or found no data.
        Failed = "failed",
        /// The connector lacks what the check needs.
        Unsupported = "unsupported",
        /// The request left the check out.
        Skipped = "skipped",
    }
}

wire_enum! {
    /// Whose code performed a check.
    pub enum ProbeCheckSource {
        /// The connector's own implementation, or its decision not to support the check.
        Native = "native",
        /// The SDK, by calling the connector's reading capabilities.
        Default = "default",
    }
}

wire_enum! {
    /// Outcome of a whole probe.
    pub enum ProbeStatus {
        /// No check failed and nothing expected was missing.
        Passed = "passed",
        /// An optional check failed, or a declared type or requested attribute was not seen.
        Partial = "partial",
        /// A required check failed, or no check could run.
        Failed = "failed",
    }
}

wire_enum! {
    /// Whether something expected turned up in the data read.
    pub enum ProbeCoverageStatus {
        /// It occurred in the data.
        Found = "found",
        /// All the data was read without finding it.
        NotFound = "not_found",
        /// It did not occur in the part that was read, and there is more.
        NotChecked = "not_checked",
    }
}

wire_enum! {
    /// Kind of a capability whose configuration is checked.
    pub enum ProbeCapabilityType {
        /// It reads from the app.
        Read = "read",
        /// It changes the app.
        Write = "write",
    }
}

wire_enum! {
    /// Verdict on the configuration of one capability.
    pub enum ProbeCapabilityConfigStatus {
        /// The configuration can be used as it is.
        Valid = "valid",
        /// The configuration can be used, but deserves a look.
        Warning = "warning",
        /// The configuration cannot be used.
        Invalid = "invalid",
        /// Nothing is configured for the capability.
        NotConfigured = "not_configured",
    }
}

wire_enum! {
    /// Weight of a finding.
    pub enum ProbeConfigFindingSeverity {
        /// The capability will not work.
        Error = "error",
        /// The capability may not work as intended.
        Warning = "warning",
        /// Worth knowing, nothing to repair.
        Info = "info",
    }
}

/// Payload of `probe_integration`.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "read"))]
pub struct ProbeIntegration {
    /// Names of the account attributes to look for; null for all those in the connector's schema.
    pub custom_attributes: Option<Vec<String>>,
    /// Checks to run, the others being skipped; null for all, an empty list for none.
    pub checks: Option<Vec<ProbeCheckName>>,
}

/// Answer of `probe_integration`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProbeResults {
    /// Outcome over all checks.
    pub status: ProbeStatus,
    /// Outcome of each check, the skipped ones included.
    pub checks: Vec<ProbeCheck>,
    /// Time the whole probe took, in milliseconds; null when not measured.
    pub duration_ms: Option<i64>,
}

/// Outcome of one check of `probe_integration`, with samples of what it read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProbeCheck {
    /// Check this is the outcome of.
    pub check: ProbeCheckName,
    /// How the check ended.
    pub status: ProbeCheckStatus,
    /// Whose code performed the check.
    pub source: ProbeCheckSource,
    /// Capability that supplied the data; null when the check was skipped.
    pub capability: Option<String>,
    /// Number of records the check saw; 0 when it was skipped.
    pub observed_count: i64,
    /// Outcome in words; after an error its hint, or its message if there is no hint.
    pub message: Option<String>,
    /// Error the check failed with; null when there was none.
    pub error: Option<Error>,
    /// Some of the records the check saw, in short form.
    pub samples: Vec<ProbeSample>,
    /// Whether each declared entitlement type was seen; null for other checks.
    pub entitlement_types: Option<Vec<ProbeEntitlementTypeResult>>,
    /// Whether each expected account attribute was seen; null for other checks.
    pub custom_attributes: Option<Vec<ProbeCustomAttributeResult>>,
    /// Time the check took, in milliseconds; null when it was skipped.
    pub duration_ms: Option<i64>,
}

/// Short form of an account seen by the `accounts` check.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ProbeSampleAccount {
    /// Marks the sample as an account.
    #[serde(default)]
    pub kind: AccountKind,
    /// Identifier of the account in the app.
    #[schemars(extend("x-semantic" = "account-id"))]
    pub integration_specific_id: String,
    /// Email address of the account; null when the app gives none.
    pub email: Option<String>,
    /// Login name of the account; null when the app gives none.
    pub username: Option<String>,
    /// Status of the account; null when the app gives none.
    pub user_status: Option<AccountStatus>,
    /// Custom attributes of the account; null when none were asked for.
    pub custom_attributes: Option<Vec<ProbeSampleCustomAttribute>>,
}

/// A custom attribute of a sampled account.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ProbeSampleCustomAttribute {
    /// Name of the attribute, as in the connector's attribute schema.
    pub name: String,
    /// Value the account has, as text; null when it has none.
    pub value: Option<String>,
    /// Kind of record the attribute belongs to; null when not known.
    pub customized_type: Option<CustomAttributeCustomizedType>,
    /// Type of the value; null when not known.
    pub attribute_type: Option<CustomAttributeType>,
}

/// Short form of an entitlement seen by the `entitlements` check.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ProbeSampleEntitlement {
    /// Marks the sample as an entitlement.
    #[serde(default)]
    pub kind: EntitlementKind,
    /// Identifier of the entitlement in the app.
    pub integration_specific_id: String,
    /// Identifier of the resource the entitlement applies to; empty for the app as a whole.
    pub integration_specific_resource_id: String,
    /// Declared type of the entitlement.
    pub entitlement_type: String,
    /// Name of the entitlement as people see it.
    pub label: String,
}

/// An association seen by the `entitlement_associations` check: an account that holds an entitlement.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ProbeSampleAssociation {
    /// Marks the sample as an association.
    #[serde(default)]
    pub kind: AssociationKind,
    /// Identifier in the app of the account that holds the entitlement.
    #[schemars(extend("x-semantic" = "account-id"))]
    pub account_id: String,
    /// Identifier in the app of the entitlement held.
    pub integration_specific_entitlement_id: String,
    /// Identifier of the resource the entitlement applies to; empty for the app as a whole.
    pub integration_specific_resource_id: String,
    /// Whether the account is one of those the `accounts` check sampled.
    pub linked_to_sampled_account: bool,
}

/// Verdict of the `capability_config` check on one capability.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProbeSampleCapabilityConfig {
    /// Marks the sample as a capability configuration.
    #[serde(default)]
    pub kind: CapabilityConfigKind,
    /// Name of the capability whose configuration was checked.
    pub capability: String,
    /// Whether the capability reads or changes the app.
    pub capability_type: ProbeCapabilityType,
    /// Name of the settings field that configures the capability; null when there is no single one.
    pub setting: Option<String>,
    /// Verdict on the configuration.
    pub status: ProbeCapabilityConfigStatus,
    /// What was noticed, empty when there is nothing to say.
    pub findings: Vec<ProbeConfigFinding>,
    /// What the configuration amounts to, in readable form; null for none.
    pub preview: Option<String>,
}

/// One remark on the configuration of a capability.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProbeConfigFinding {
    /// How serious the finding is.
    pub severity: ProbeConfigFindingSeverity,
    /// Fixed identifier of this kind of finding, for programs.
    pub code: String,
    /// What was found, for people.
    pub message: String,
    /// How to repair it; null when there is no advice.
    pub suggestion: Option<String>,
    /// Name of the settings field concerned; null when it is not about one field.
    pub setting: Option<String>,
}

/// Whether one declared entitlement type turned up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProbeEntitlementTypeResult {
    /// Declared type that was looked for.
    pub entitlement_type: String,
    /// Whether an entitlement of the type was seen.
    pub status: ProbeCoverageStatus,
}

/// Whether one custom attribute turned up on the accounts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProbeCustomAttributeResult {
    /// Name of the attribute that was looked for.
    pub name: String,
    /// Whether the attribute was seen on an account.
    pub status: ProbeCoverageStatus,
}

kind! {
    AccountKind = "account",
    EntitlementKind = "entitlement",
    AssociationKind = "association",
    CapabilityConfigKind = "capability_config",
}

/// One example of what a check found.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
#[non_exhaustive]
pub enum ProbeSample {
    /// An account.
    Account(ProbeSampleAccount),
    /// An entitlement.
    Entitlement(ProbeSampleEntitlement),
    /// An association of an account with an entitlement.
    Association(ProbeSampleAssociation),
    /// The configuration of a capability.
    CapabilityConfig(ProbeSampleCapabilityConfig),
}

first_that_fits!(ProbeSample: Account, Entitlement, Association, CapabilityConfig);
