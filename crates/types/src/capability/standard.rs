//! The 52 standard capabilities. This table is the only place that lists them.

use super::{Authentication, Capability, Level};
use crate::wire_enum;
#[cfg(feature = "catalog")]
use crate::{
    envelope::{OpenRequestEnvelope, RequestEnvelope, ResponseEnvelope},
    payload,
    schema::{self, Object, Refs},
};

macro_rules! standard_capabilities {
    (
        served {
            $($(#[doc = $doc:literal])+ $marker:ident = $name:literal: $level:ident, $auth:ident, $request:ident => $response:ty;)+
        }
        reserved {
            $($(#[doc = $reserved_doc:literal])+ $reserved:ident = $reserved_name:literal;)+
        }
    ) => {
        wire_enum! {
            /// The name of a standard capability.
            pub enum StandardCapability {
                $($(#[doc = $doc])+ $marker = $name,)+
                $($(#[doc = $reserved_doc])+ $reserved = $reserved_name,)+
            }
        }

        impl StandardCapability {
            /// Whether it reads or writes, which decides the default rate-limit mode (contract §12).
            #[must_use]
            pub const fn level(self) -> Level {
                match self {
                    $(Self::$marker => Level::$level,)+
                    $(Self::$reserved => Level::Write,)+
                }
            }

            /// What it does with the credentials of a request (contract §4).
            #[must_use]
            pub const fn authentication(self) -> Authentication {
                match self {
                    $(Self::$marker => Authentication::$auth,)+
                    $(Self::$reserved => Authentication::Absent,)+
                }
            }

            /// What it does, in one sentence.
            #[must_use]
            pub fn summary(self) -> &'static str {
                match self {
                    $(Self::$marker => concat!($($doc),+),)+
                    $(Self::$reserved => concat!($($reserved_doc),+),)+
                }
                .trim()
            }

            /// Whether a connector can answer it; the others are reserved names.
            #[must_use]
            pub const fn is_served(self) -> bool {
                !matches!(self, $(Self::$reserved)|+)
            }
        }

        #[cfg(feature = "catalog")]
        impl StandardCapability {
            /// The schema of its whole request, credentials and settings included; `None` for a reserved name.
            #[must_use]
            pub fn request_schema(self, refs: Refs) -> Option<Object> {
                match self {
                    $(Self::$marker => Some(match self.authentication() {
                        Authentication::Absent => {
                            schema::titled::<OpenRequestEnvelope<payload::$request>>(concat!(stringify!($marker), "Request"), refs)
                        }
                        Authentication::Optional | Authentication::Required => {
                            schema::titled::<RequestEnvelope<payload::$request>>(concat!(stringify!($marker), "Request"), refs)
                        }
                    }),)+
                    $(Self::$reserved => None,)+
                }
            }

            /// The schema of its whole answer; `None` for a reserved name.
            #[must_use]
            pub fn response_schema(self, refs: Refs) -> Option<Object> {
                match self {
                    $(Self::$marker => Some(schema::titled::<ResponseEnvelope<$response>>(
                        concat!(stringify!($marker), "Response"), refs,
                    )),)+
                    $(Self::$reserved => None,)+
                }
            }
        }

        /// Markers of the standard capabilities: what an author passes to the builder.
        ///
        /// The payload types of a capability mostly have its name, too; they are in the modules of this crate.
        pub mod marker {
            use super::{Capability, StandardCapability};
            use crate::payload;

            $(
                $(#[doc = $doc])+
                #[doc = concat!(
                    "\n\nThe capability `", $name, "`: `", stringify!($request), "` in, `", stringify!($response), "` out."
                )]
                #[derive(Debug, Clone, Copy, Default)]
                #[expect(clippy::exhaustive_structs, reason = "a marker has no content and never will")]
                pub struct $marker;

                impl Capability for $marker {
                    const NAME: &'static str = $name;
                    const STANDARD: Option<StandardCapability> = Some(StandardCapability::$marker);
                    const LAX: bool = false;
                    type Request = payload::$request;
                    type Response = $response;
                }
            )+
        }
    };
}

standard_capabilities! {
    served {
        /// Describes the connector as an OpenAPI document.
        AppInfo = "app_info": Write, Optional, AppInfoRequestPayload => payload::AppInfo;
        /// Makes an account usable again.
        ActivateAccount = "activate_account": Write, Required, ActivateAccount => payload::ActivatedAccount;
        /// Grants an entitlement to an account.
        AssignEntitlement = "assign_entitlement": Write, Required, AssignEntitlement => payload::AssignedEntitlement;
        /// Creates an account, with its first entitlements.
        CreateAccount = "create_account": Write, Required, CreatableAccount => payload::CreatedAccount;
        /// Changes the attributes of an account.
        UpdateAccount = "update_account": Write, Required, UpdateableAccount => payload::UpdateableAccount;
        /// Makes an account unusable without deleting it.
        DeactivateAccount = "deactivate_account": Write, Required, DeactivateAccount => payload::DeactivatedAccount;
        /// Deletes an account.
        DeleteAccount = "delete_account": Write, Required, DeleteAccount => payload::DeletedAccount;
        /// Lists which accounts hold which entitlements.
        FindEntitlementAssociations = "find_entitlement_associations": Read, Required, FindEntitlementAssociations => Vec<payload::FoundEntitlementAssociation>;
        /// Lists the entitlements of one account.
        GetAccountEntitlementAssociations = "get_account_entitlement_associations": Read, Required, GetAccountEntitlementAssociations => Vec<payload::FoundEntitlementAssociation>;
        /// Gives the address at which a user grants the connector access (RFC 6749 §4.1.1).
        GetAuthorizationUrl = "get_authorization_url": Write, Absent, GetAuthorizationUrl => payload::AuthorizationUrl;
        /// Tells when accounts were last active.
        GetLastActivity = "get_last_activity": Read, Required, GetLastActivity => Vec<payload::LastActivityData>;
        /// Exchanges an authorization code for tokens (RFC 6749 §4.1.3).
        HandleAuthorizationCallback = "handle_authorization_callback": Write, Absent, HandleAuthorizationCallback => payload::OauthCredentials;
        /// Obtains a token for the client itself (RFC 6749 §4.4).
        HandleClientCredentials = "handle_client_credentials_request": Write, Absent, HandleClientCredentials => payload::OauthCredentials;
        /// Lists the accounts of the app.
        ListAccounts = "list_accounts": Read, Required, ListAccounts => Vec<payload::FoundAccountData>;
        /// Lists the accounts that changed since a time or a cursor.
        ListUpdatedAccounts = "list_updated_accounts": Read, Required, ListUpdatedAccounts => payload::UpdatedAccounts;
        /// Reads one account.
        GetAccount = "get_account": Read, Required, GetAccount => payload::FoundAccountData;
        /// Tells how fresh the app's data is.
        GetDataRecency = "get_data_recency": Read, Required, GetDataRecency => payload::DataRecency;
        /// Lists what accounts did.
        ListActivityRecords = "list_activity_records": Read, Required, ListActivityRecords => Vec<payload::ActivityRecord>;
        /// Lists the custom attributes that the app can give.
        ListCustomAttributesSchema = "list_custom_attributes_schema": Read, Required, ListCustomAttributesSchema => Vec<payload::CustomAttributeSchema>;
        /// Lists what can be granted in the app.
        ListEntitlements = "list_entitlements": Read, Required, ListEntitlements => Vec<payload::FoundEntitlementData>;
        /// Lists expenses.
        ListExpenses = "list_expenses": Write, Required, ListExpenses => Vec<payload::Expense>;
        /// Lists the resources that entitlements apply to.
        ListResources = "list_resources": Read, Required, ListResources => Vec<payload::FoundResourceData>;
        /// Lists the credentials that exist in the app, such as API keys.
        ListCredentials = "list_credentials": Read, Required, ListCredentials => Vec<payload::Credential>;
        /// Lists the accounts that no person uses.
        ListNonHumanAccounts = "list_non_human_accounts": Read, Required, ListNonHumanAccounts => Vec<payload::NonHumanAccount>;
        /// Tells when non-human accounts were last active.
        GetNonHumanAccountLastActivity = "get_non_human_account_last_activity": Read, Required, GetNonHumanAccountLastActivity => Vec<payload::NonHumanAccountLastActivity>;
        /// Tells when credentials were last used.
        GetCredentialLastActivity = "get_credential_last_activity": Read, Required, GetCredentialLastActivity => Vec<payload::CredentialLastActivity>;
        /// Gives the resources of the app and how they contain each other.
        FindResourceGraph = "find_resource_graph": Read, Required, FindResourceGraph => payload::ResourceGraph;
        /// Gives the entitlements of the app and which imply which.
        FindEntitlementGraph = "find_entitlement_graph": Read, Required, FindEntitlementGraph => payload::EntitlementGraph;
        /// Lists which resources hold which entitlements of the access graph.
        FindEntitlementAssignments = "find_entitlement_assignments": Read, Required, FindEntitlementAssignments => Vec<payload::AccessGraphEntitlementAssignment>;
        /// Renews an access token (RFC 6749 §6).
        RefreshAccessToken = "refresh_access_token": Write, Absent, RefreshAccessToken => payload::OauthCredentials;
        /// Takes an entitlement from an account.
        UnassignEntitlement = "unassign_entitlement": Write, Required, UnassignEntitlement => payload::UnassignedEntitlement;
        /// Checks the credentials with the app and names the tenant they open.
        ValidateCredentials = "validate_credentials": Read, Required, ValidateCredentials => payload::ValidatedCredentials;
        /// Moves the data of one account to another.
        TransferData = "transfer_data": Write, Required, TransferData => payload::TransferDataStatus;
        /// Frees what an account holds.
        ReleaseResources = "release_resources": Write, Required, ReleaseResources => payload::ReleaseResourcesStatus;
        /// Moves an account to a cheaper license.
        DowngradeLicense = "downgrade_license": Write, Required, DowngradeLicense => payload::DowngradedLicense;
        /// Assigns an application, managed by this app, to an account.
        AssignApplication = "assign_application": Write, Required, AssignApplication => payload::AssignedApplication;
        /// Reads one application that this app manages.
        GetApplication = "get_application": Read, Required, GetApplication => payload::Application;
        /// Reads one account of an application that this app manages.
        GetApplicationAccount = "get_application_account": Read, Required, GetApplicationAccount => payload::ApplicationAccount;
        /// Lists the applications that this app manages.
        ListApplications = "list_applications": Read, Required, ListApplications => Vec<payload::Application>;
        /// Lists the accounts of the applications that this app manages.
        ListApplicationsAccounts = "list_applications_accounts": Read, Required, ListApplicationsAccounts => Vec<payload::ApplicationAccount>;
        /// Lists what accounts did in the applications that this app manages.
        ListApplicationsActivityRecords = "list_applications_activity_records": Read, Required, ListApplicationsActivityRecords => Vec<payload::ApplicationActivityRecord>;
        /// Lists the entitlements of the applications that this app manages.
        ListApplicationsEntitlements = "list_applications_entitlements": Read, Required, ListApplicationsEntitlements => Vec<payload::ApplicationEntitlementData>;
        /// Lists the resources of the applications that this app manages.
        ListApplicationsResources = "list_applications_resources": Read, Required, ListApplicationsResources => Vec<payload::ApplicationResourceData>;
        /// Takes an application from an account.
        UnassignApplication = "unassign_application": Write, Required, UnassignApplication => payload::UnassignedApplication;
        /// Lists who holds which entitlement in the applications that this app manages.
        ListApplicationsEntitlementAssociations = "list_applications_entitlement_associations": Read, Required, ListApplicationsEntitlementAssociations => Vec<payload::ApplicationEntitlementAssociation>;
        /// Takes an entitlement in an application from an account.
        UnassignApplicationEntitlement = "unassign_application_entitlement": Write, Required, UnassignApplicationEntitlement => payload::UnassignedApplicationEntitlement;
        /// Grants an entitlement in an application to an account.
        AssignApplicationEntitlement = "assign_application_entitlement": Write, Required, AssignApplicationEntitlement => payload::AssignedApplicationEntitlement;
        /// Checks the form of a credential without calling the app.
        ValidateCredentialConfig = "validate_credential_config": Read, Absent, ValidateCredentialConfig => payload::ValidatedCredentialConfig;
        /// Tries the connector's reads and reports what they found.
        ProbeIntegration = "probe_integration": Read, Required, ProbeIntegration => payload::ProbeResults;
        /// Calls an endpoint of the app that no capability covers.
        FulfillArbitraryEndpoint = "fulfill_arbitrary_endpoint": Read, Required, FulfillArbitraryEndpoint => payload::ArbitraryResponse;
    }
    reserved {
        /// Describes the connector; answered by the command line only.
        Info = "info";
        /// Describes the connector with its connection; reserved, no connector answers it.
        ConnectedInfo = "connected_info";
    }
}
