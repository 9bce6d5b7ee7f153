//! Credentials: their models, which of them a connector declares, and whether a request brings them (contract §4).

use std::collections::HashMap;
use std::fmt;

use lumos_connector_types::auth::{
    AuthCredential, BasicCredential, EmptyCredential, JWTCredential, KeyPairCredential, OAuth1Credential,
    OAuthClientCredential, OAuthCredential, ServiceAccountCredential, TokenCredential,
};
use lumos_connector_types::schema::{Object, Refs};
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

/// The schema of a type, made when it is asked for.
pub(crate) type SchemaOf = fn(Refs) -> Object;

/// A declared credential, whatever its type.
#[derive(Clone)]
pub(crate) struct CredentialEntry {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) model: AuthModel,
    pub(crate) description: String,
    pub(crate) optional: bool,
    /// The schema of the form, when it is not the model's.
    pub(crate) input_model: Option<SchemaOf>,
    pub(crate) schema: SchemaOf,
}

impl fmt::Debug for CredentialEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialEntry")
            .field("id", &self.id)
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}

/// Which credentials requests must bring.
#[derive(Debug, Clone)]
pub(crate) struct AuthRequirements {
    /// The single credential of requests' `auth`.
    pub(crate) single: Option<(AuthModel, SchemaOf)>,
    /// The credentials of requests' `credentials`.
    pub(crate) credentials: Vec<CredentialEntry>,
    /// The combinations given by the author.
    pub(crate) allowed: Vec<Vec<String>>,
    /// Whether credentials are checked at all.
    pub(crate) required: bool,
}

impl AuthRequirements {
    pub(crate) fn credential(&self, id: &str) -> Option<&CredentialEntry> {
        self.credentials.iter().find(|config| config.id == id)
    }

    /// The combinations of which one must be satisfied: the author's, or all required credentials together and every
    /// optional one alone.
    pub(crate) fn combinations(&self) -> Vec<Vec<&str>> {
        if !self.allowed.is_empty() {
            return self.allowed.iter().map(|ids| ids.iter().map(String::as_str).collect()).collect();
        }
        let ids = |optional: bool| {
            self.credentials
                .iter()
                .filter(move |config| config.optional == optional)
                .map(|config| config.id.as_str())
        };
        std::iter::once(ids(false).collect()).chain(ids(true).map(|id| vec![id])).collect()
    }
}

/// Checks the credentials of a request.
///
/// The order of rules is the contract's (§4); the first that fails gives the message.
pub(crate) fn check(
    requirements: &AuthRequirements,
    auth: Option<&AuthCredential>,
    credentials: Option<&[AuthCredential]>,
) -> Result<(), String> {
    match (auth, credentials) {
        (Some(_), Some(_)) => Err("A request has `auth` or `credentials`, not both".to_owned()),
        (None, None) => Err("No credentials in the request: neither `auth` nor `credentials`".to_owned()),
        (Some(auth), None) => match requirements.single {
            Some((model, _)) if !model.is_complete(auth) => Err(missing(&[model])),
            // A connector with several credentials accepts any `auth`: callers from before they existed send it.
            _ => Ok(()),
        },
        (None, Some(credentials)) => check_several(requirements, credentials),
    }
}

fn check_several(requirements: &AuthRequirements, credentials: &[AuthCredential]) -> Result<(), String> {
    if credentials.is_empty() {
        return Err("No credentials in the request: `credentials` is empty".to_owned());
    }
    let mut complete: HashMap<&str, bool> = HashMap::new();
    for (index, credential) in credentials.iter().enumerate() {
        let id = credential.id.as_deref().unwrap_or_default();
        if id.is_empty() {
            return Err(format!("credentials[{index}].id: required, but not given"));
        }
        let Some(config) = requirements.credential(id) else {
            return Err(format!("Credential with id '{id}' not expected"));
        };
        *complete.entry(&config.id).or_default() |= config.model.is_complete(credential);
    }

    let mut closest: Option<Vec<AuthModel>> = None;
    for combination in requirements.combinations() {
        match lacking(requirements, &combination, &complete) {
            Some(lacking) if lacking.is_empty() => return Ok(()),
            Some(lacking) if closest.as_ref().is_none_or(|best| lacking.len() < best.len()) => {
                closest = Some(lacking);
            }
            _ => {}
        }
    }
    Err(closest
        .map_or_else(|| "The credentials fit no allowed combination".to_owned(), |models| missing(&models)))
}

/// The models that a combination still needs; `None` when it cannot be satisfied at all.
fn lacking(
    requirements: &AuthRequirements,
    combination: &[&str],
    complete: &HashMap<&str, bool>,
) -> Option<Vec<AuthModel>> {
    let members = combination.iter().map(|id| requirements.credential(id)).collect::<Option<Vec<_>>>()?;
    let is_complete = |id: &str| complete.get(id) == Some(&true);
    let lacking: Vec<_> = members
        .iter()
        .filter(|config| !config.optional && !is_complete(&config.id))
        .map(|config| config.model)
        .collect();
    if lacking.is_empty() && !members.iter().any(|config| is_complete(&config.id)) {
        return Some(members.iter().map(|config| config.model).collect())
            .filter(|models: &Vec<_>| !models.is_empty());
    }
    Some(lacking)
}

fn missing(models: &[AuthModel]) -> String {
    let names: Vec<_> = models.iter().map(|model| format!("'{model}'")).collect();
    format!("Missing {} credential in request", names.join(", "))
}
