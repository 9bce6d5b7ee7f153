//! Every schema of the contract by its name.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Object, Refs, of, titled};
use crate::capability::StandardCapability;
use crate::envelope::{Empty, RequestEnvelope, ResponseEnvelope};
use crate::json::{Document, ReadError};
use crate::payload;
use crate::settings_field::EmptySettings;

/// A model of the contract: its name, its schema, and how a value of it is read and written again.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Model {
    /// The name in the contract.
    pub name: &'static str,
    /// The schema.
    pub schema: fn(Refs) -> Object,
    /// Reads a value strictly and writes it as the wire has it.
    pub rewrite: fn(&str) -> Result<String, ReadError>,
}

impl Model {
    const fn of<T: Serialize + DeserializeOwned + JsonSchema>(name: &'static str) -> Self {
        Self { name, schema: of::<T>, rewrite: rewrite::<T> }
    }
}

fn rewrite<T: Serialize + DeserializeOwned>(text: &str) -> Result<String, ReadError> {
    let value: T = Document::parse(text)?.read()?;
    serde_json::to_string(&value).map_err(serde::de::Error::custom)
}

macro_rules! payloads {
    ($($name:ident),+ $(,)?) => {
        /// The payloads, and the models inside them.
        pub const MODELS: &[Model] = &[$(Model::of::<payload::$name>(stringify!($name))),+];
    };
}

payloads! {
        AccessGraphEntitlement, AccessGraphEntitlementAssignment, AccessGraphEntitlementIdentifier,
        AccessGraphEntitlementRule, AccessGraphEntitlementType, AccessGraphImpliedAccess,
        AccessGraphImpliedAccessRule, AccessGraphResource, AccessGraphResourceRelationship,
        ActivateAccount, ActivatedAccount, ActivityRecord, ActivityRecordActivityType,
        ActivityRecordActor, ActivityRecordEntitlement, ActivityRecordTarget, Amount, AppInfo,
        AppInfoRequestPayload, Application, ApplicationAccount, ApplicationActivityRecord,
        ApplicationEntitlementAssociation, ApplicationEntitlementData, ApplicationResourceData,
        ArbitraryResponse, AssignApplication, AssignApplicationEntitlement, AssignEntitlement,
        AssignedApplication, AssignedApplicationEntitlement, AssignedEntitlement, AuthCredential,
        AuthorizationUrl, BasicAuthentication, BasicCredential, CapabilitySchema,
        ConnectorErrorMetadata, CreatableAccount, CreateAccount, CreateAccountEntitlement,
        CreatedAccount, CreatedEffect, Credential, CredentialLastActivity, CustomAttribute,
        CustomAttributeParameter, CustomAttributeSchema, DataRecency, DeactivateAccount,
        DeactivatedAccount, DeleteAccount, DeletedAccount, DeletedEffect, Delta, DowngradeLicense,
        DowngradedLicense, EmptyCredential, EntitlementGraph, EntitlementRequirement, EntitlementType,
        Error, ErrorResponse, ExecutionSummary, Expense, ExpenseApprovalStatus, ExpenseFilters,
        ExpensePaymentStatus, FindEntitlementAssignments, FindEntitlementAssociations,
        FindEntitlementGraph, FindResourceGraph, FoundAccountData, FoundEntitlementAssociation,
        FoundEntitlementData, FoundResourceData, FulfillArbitraryEndpoint, GetAccount,
        GetAccountEntitlementAssociations, GetApplication, GetApplicationAccount, GetAuthorizationUrl,
        GetConnectedInfo, GetCredentialLastActivity, GetDataRecency, GetLastActivity,
        GetNonHumanAccountLastActivity, HandleAuthorizationCallback, HandleClientCredentials, Info,
        JWTClaims, JWTCredential, JWTHeaders, KeyPairCredential, LastActivityData, ListAccounts,
        ListActivityRecords, ListApplications, ListApplicationsAccounts,
        ListApplicationsActivityRecords, ListApplicationsEntitlementAssociations,
        ListApplicationsEntitlements, ListApplicationsResources, ListCredentials,
        ListCustomAttributesSchema, ListEntitlements, ListExpenses, ListNonHumanAccounts, ListResources,
        ListUpdatedAccounts, NonHumanAccount, NonHumanAccountLastActivity, NoopEffect, OAuth1Credential,
        OAuthAuthentication, OAuthAuthorization, OAuthClientCredential,
        OAuthClientCredentialAuthentication, OAuthClientCredentialAuthorization, OAuthCredential,
        OAuthScopes, OauthCredentials, OpenAPISpecification, OpenAPISpecificationInfo, Page, ProbeCheck,
        ProbeConfigFinding, ProbeCustomAttributeResult, ProbeEntitlementTypeResult, ProbeIntegration,
        ProbeResults, ProbeSampleAccount, ProbeSampleAssociation, ProbeSampleCapabilityConfig,
        ProbeSampleCustomAttribute, ProbeSampleEntitlement, RateLimitRequestInfo, RateLimitResponseInfo,
        RateLimitStateSnapshot, Reference, RefreshAccessToken, ReleaseResources, ReleaseResourcesStatus,
        ResourceGraph, ResourceType, ServiceAccountCredential, SpendUser, TimeRange,
        TokenAuthentication, TokenCredential, TransferData, TransferDataStatus, UnassignApplication,
        UnassignApplicationEntitlement, UnassignEntitlement, UnassignedApplication,
        UnassignedApplicationEntitlement, UnassignedEntitlement, UpdateableAccount, UpdatedAccounts,
        UpdatedEffect, ValidateCredentialConfig, ValidateCredentials, ValidatedCredentialConfig,
        ValidatedCredentials, Vendor,
}

/// Every schema of the contract: payloads, the models inside them, and the envelopes of all capabilities.
#[must_use]
pub fn catalog(refs: Refs) -> BTreeMap<String, Object> {
    let mut catalog: BTreeMap<String, Object> =
        MODELS.iter().map(|model| (model.name.to_owned(), (model.schema)(refs))).collect();
    let envelopes = StandardCapability::ALL
        .iter()
        .flat_map(|capability| [capability.request_schema(refs), capability.response_schema(refs)]);
    let others = [
        of::<Empty>(refs),
        of::<EmptySettings>(refs),
        titled::<RequestEnvelope<payload::GetConnectedInfo>>("GetConnectedInfoRequest", refs),
        titled::<ResponseEnvelope<payload::Info>>("GetConnectedInfoResponse", refs),
        titled::<ResponseEnvelope<payload::Info>>("InfoResponse", refs),
    ];
    for schema in envelopes.flatten().chain(others) {
        if let Some(title) = schema.get("title").and_then(serde_json::Value::as_str) {
            catalog.insert(title.to_owned(), schema);
        }
    }
    catalog
}
