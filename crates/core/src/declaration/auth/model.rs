//! The models of credentials.

use lumos_connector_types::auth::{
    AuthCredential, BasicCredential, EmptyCredential, JWTCredential, KeyPairCredential, OAuth1Credential,
    OAuthClientCredential, OAuthCredential, ServiceAccountCredential, TokenCredential,
};
use lumos_connector_types::wire_enum;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

wire_enum! {
    /// The model of a credential: the name of its field in [`AuthCredential`].
    pub enum AuthModel {
        /// An access token from the authorization-code flow.
        OAuth = "oauth",
        /// An access token from the client-credentials flow.
        OAuthClientCredentials = "oauth_client_credentials",
        /// OAuth 1.0a keys.
        OAuth1 = "oauth1",
        /// A user name and a password.
        Basic = "basic",
        /// A token.
        Token = "token",
        /// What a signed JSON Web Token is made from.
        Jwt = "jwt",
        /// A service account's key file.
        ServiceAccount = "service_account",
        /// A key pair.
        KeyPair = "key_pair",
        /// Nothing: access comes from where the connector runs.
        Empty = "empty",
    }
}

impl AuthModel {
    /// Whether the credential carries what the model needs; the empty model needs nothing.
    pub(crate) fn is_complete(self, credential: &AuthCredential) -> bool {
        match self {
            Self::OAuth => credential.oauth.is_some(),
            Self::OAuthClientCredentials => credential.oauth_client_credentials.is_some(),
            Self::OAuth1 => credential.oauth1.is_some(),
            Self::Basic => credential.basic.is_some(),
            Self::Token => credential.token.is_some(),
            Self::Jwt => credential.jwt.is_some(),
            Self::ServiceAccount => credential.service_account.is_some(),
            Self::KeyPair => credential.key_pair.is_some(),
            Self::Empty => true,
        }
    }
}

/// One of the credential types of the contract, such as [`BasicCredential`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a credential of the contract",
    note = "the credentials are BasicCredential, TokenCredential, OAuthCredential, OAuthClientCredential, \
            OAuth1Credential, JWTCredential, ServiceAccountCredential, KeyPairCredential and EmptyCredential"
)]
pub trait CredentialModel: Clone + DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// Which model it is.
    const MODEL: AuthModel;

    /// This credential, when the request carries it.
    fn find(credential: &AuthCredential) -> Option<Self>;
}

macro_rules! models {
    ($($type:ident: $model:ident, $field:ident;)+) => {
        $(impl CredentialModel for $type {
            const MODEL: AuthModel = AuthModel::$model;

            fn find(credential: &AuthCredential) -> Option<Self> {
                credential.$field.clone()
            }
        })+
    };
}

models! {
    OAuthCredential: OAuth, oauth;
    OAuthClientCredential: OAuthClientCredentials, oauth_client_credentials;
    OAuth1Credential: OAuth1, oauth1;
    BasicCredential: Basic, basic;
    TokenCredential: Token, token;
    KeyPairCredential: KeyPair, key_pair;
}

macro_rules! boxed_models {
    ($($type:ident: $model:ident, $field:ident;)+) => {
        $(impl CredentialModel for $type {
            const MODEL: AuthModel = AuthModel::$model;

            fn find(credential: &AuthCredential) -> Option<Self> {
                credential.$field.as_deref().cloned()
            }
        })+
    };
}

boxed_models! {
    JWTCredential: Jwt, jwt;
    ServiceAccountCredential: ServiceAccount, service_account;
}

impl CredentialModel for EmptyCredential {
    const MODEL: AuthModel = AuthModel::Empty;

    fn find(credential: &AuthCredential) -> Option<Self> {
        Some(credential.empty.clone().unwrap_or_default())
    }
}
