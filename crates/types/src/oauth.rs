//! Payloads of the OAuth 2.0 capabilities: authorization URL, callback, client credentials and refresh. The
//! SDK answers them from the connector's OAuth settings; an author meets these types only when replacing one
//! of them.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::secret::Secret;
use crate::wire_enum;

wire_enum! {
    /// How an access token is presented to the app (RFC 6749 section 7.1).
    pub enum TokenType {
        /// Bearer token (RFC 6750), the only type supported.
        Bearer = "bearer",
    }
}

/// Tokens obtained from the app (RFC 6749 section 5.1): the answer of `handle_authorization_callback`,
/// `handle_client_credentials_request` and `refresh_access_token`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OauthCredentials {
    /// Token that Lumos sends with later requests, in the OAuth credential.
    pub access_token: Secret,
    /// Token for the next `refresh_access_token`; null when the app issued none.
    pub refresh_token: Option<Secret>,
    /// Type of the access token; `bearer` when the app does not say.
    pub token_type: TokenType,
    /// State of the flow, for a connector that hands it back; null from the SDK's own capabilities.
    pub state: Option<String>,
}

/// Payload of `get_authorization_url`: asks for the page where the user grants access (RFC 6749 section
/// 4.1.1).
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-category" = "authorization"))]
pub struct GetAuthorizationUrl {
    /// Declared credential the flow is for; required when several OAuth credentials are declared.
    pub credential_id: Option<String>,
    /// Identifier the app issued to the OAuth client.
    pub client_id: String,
    /// Scopes to request; an empty list requests all scopes the connector has configured.
    pub scopes: Vec<String>,
    /// Address the app sends the user back to, as registered with the app.
    pub redirect_uri: String,
    /// Opaque value the app returns unchanged, against request forgery (RFC 6749 section 10.12).
    pub state: String,
    /// Further values from the caller, by name; the SDK's own capability does not use them. May be null.
    pub form_data: Option<IndexMap<String, String>>,
}

/// Answer of `get_authorization_url`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct AuthorizationUrl {
    /// Address to send the user to, query included.
    pub authorization_url: String,
    /// Secret of PKCE (RFC 7636), to be passed on to `handle_authorization_callback`; null without PKCE.
    pub code_verifier: Option<Secret>,
}

/// Payload of `handle_authorization_callback`: exchanges the authorization code for tokens (RFC 6749 section
/// 4.1.3).
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-category" = "authorization"))]
pub struct HandleAuthorizationCallback {
    /// Declared credential the flow is for; required when several OAuth credentials are declared.
    pub credential_id: Option<String>,
    /// Identifier the app issued to the OAuth client.
    pub client_id: String,
    /// Secret the app issued to the OAuth client.
    pub client_secret: Secret,
    /// Whole address the user came back to, with the `code` in its query.
    pub redirect_uri_with_code: Secret,
    /// Value given to `get_authorization_url`; null when not passed on.
    pub state: Option<String>,
    /// Value answered by `get_authorization_url` (RFC 7636); null without PKCE.
    pub code_verifier: Option<Secret>,
}

/// Payload of `handle_client_credentials_request`: obtains a token for the client itself (RFC 6749 section
/// 4.4).
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-category" = "authorization"))]
pub struct HandleClientCredentials {
    /// Declared credential the flow is for; required when several OAuth credentials are declared.
    pub credential_id: Option<String>,
    /// Identifier the app issued to the OAuth client.
    pub client_id: String,
    /// Secret the app issued to the OAuth client.
    pub client_secret: Secret,
    /// Scopes to request; an empty list requests all scopes the connector has configured.
    pub scopes: Vec<String>,
}

/// Payload of `refresh_access_token`: exchanges a refresh token for a new access token (RFC 6749 section 6).
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-category" = "authorization"))]
pub struct RefreshAccessToken {
    /// Declared credential the token is for; required when several OAuth credentials are declared.
    pub credential_id: Option<String>,
    /// Identifier the app issued to the OAuth client.
    pub client_id: String,
    /// Secret the app issued to the OAuth client.
    pub client_secret: Secret,
    /// Refresh token of the latest answer.
    pub refresh_token: Secret,
    /// State of the flow that issued the token; null when not passed on.
    pub state: Option<String>,
}

/// OAuth scopes each capability needs (RFC 6749 section 3.3), separated by spaces; null where a capability
/// needs none.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct OAuthScopes {
    /// Scopes for reactivating accounts.
    pub activate_account: Option<String>,
    /// Scopes for giving entitlements to accounts.
    pub assign_entitlement: Option<String>,
    /// Scopes for creating accounts.
    pub create_account: Option<String>,
    /// Scopes for suspending accounts.
    pub deactivate_account: Option<String>,
    /// Scopes for removing accounts.
    pub delete_account: Option<String>,
    /// Scopes for reading which accounts hold which entitlements.
    pub find_entitlement_associations: Option<String>,
    /// Scopes for reading when accounts were last active.
    pub get_last_activity: Option<String>,
    /// Scopes for reading accounts.
    pub list_accounts: Option<String>,
    /// Scopes for reading the definitions of custom attributes.
    pub list_custom_attributes_schema: Option<String>,
    /// Scopes for reading the available entitlements.
    pub list_entitlements: Option<String>,
    /// Scopes for reading resources.
    pub list_resources: Option<String>,
    /// Scopes for taking entitlements from accounts.
    pub unassign_entitlement: Option<String>,
    /// Scopes for checking that the credentials work.
    pub validate_credentials: Option<String>,
}
