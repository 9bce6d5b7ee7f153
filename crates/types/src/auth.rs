//! The credentials a connector works with, as `auth` or `credentials` bring them. An author names the types
//! here when declaring what the connector needs, and reads their values inside capabilities. OAuth token
//! exchange is in [`crate::oauth`].

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::json::JsonObject;
use crate::secret::{REDACTED, Secret};
use crate::wire_enum;

/// One credential of a request: an entry of the `credentials` array, or the whole `auth` object. The member
/// named after the declared credential type carries the values; the others are usually null.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct AuthCredential {
    /// Identifier the connector declared this credential under; unused in `auth`, required in `credentials`.
    pub id: Option<String>,
    /// Access token of the OAuth 2.0 authorization code flow.
    pub oauth: Option<OAuthCredential>,
    /// Access token and client of the OAuth 2.0 client credentials flow.
    pub oauth_client_credentials: Option<OAuthClientCredential>,
    /// Consumer and token of OAuth 1.0.
    pub oauth1: Option<OAuth1Credential>,
    /// User name and password.
    pub basic: Option<BasicCredential>,
    /// API token.
    pub token: Option<TokenCredential>,
    /// Parts from which the connector signs a JSON Web Token.
    pub jwt: Option<Box<JWTCredential>>,
    /// Service account of a cloud provider.
    pub service_account: Option<Box<ServiceAccountCredential>>,
    /// Private key and its identifier.
    #[schemars(extend("x-semantic" = "key-pair"))]
    pub key_pair: Option<KeyPairCredential>,
    /// Placeholder for an app that needs no secret from Lumos.
    pub empty: Option<EmptyCredential>,
}

/// Credential of type `oauth`: an access token from the authorization code flow (RFC 6749 section 4.1), which
/// Lumos obtains and refreshes through the OAuth capabilities.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-credential-type" = "oauth"))]
pub struct OAuthCredential {
    /// Token to send to the app, normally as a bearer token (RFC 6750).
    #[schemars(extend("x-field_type" = "HIDDEN"), extend("x-hidden" = true), extend("x-secret" = true))]
    pub access_token: Secret,
}

/// Credential of type `oauth_client_credentials`: the client and its access token from the client credentials
/// flow (RFC 6749 section 4.4).
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-credential-type" = "oauth_client_credentials"))]
pub struct OAuthClientCredential {
    /// Token obtained for the client, normally sent as a bearer token (RFC 6750).
    #[schemars(extend("x-field_type" = "HIDDEN"), extend("x-hidden" = true), extend("x-secret" = true))]
    pub access_token: Secret,
    /// Identifier the app issued to the OAuth client.
    pub client_id: String,
    /// Secret the app issued to the OAuth client.
    #[schemars(extend("x-field_type" = "SECRET"), extend("x-secret" = true))]
    pub client_secret: Secret,
    /// Scopes to request for the token; an empty list leaves the choice to the connector.
    pub scopes: Vec<String>,
}

/// Credential of type `oauth1`: the two pairs a request is signed with under OAuth 1.0 (RFC 5849).
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-credential-type" = "oauth1"))]
pub struct OAuth1Credential {
    /// Identifier of the client (`oauth_consumer_key`).
    pub consumer_key: String,
    /// Shared secret of the client, first half of the signing key.
    #[schemars(extend("x-field_type" = "SECRET"), extend("x-secret" = true))]
    pub consumer_secret: Secret,
    /// Identifier of the access token (`oauth_token`).
    pub token_id: String,
    /// Shared secret of the access token, second half of the signing key.
    #[schemars(extend("x-field_type" = "SECRET"), extend("x-secret" = true))]
    pub token_secret: Secret,
}

/// Credential of type `basic`: a user name and password, usually for HTTP Basic authentication (RFC 7617).
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-credential-type" = "basic"))]
pub struct BasicCredential {
    /// Name to log in with; for some apps an email address or an API key.
    pub username: String,
    /// Password, or what the app accepts in its place.
    #[schemars(extend("x-field_type" = "SECRET"), extend("x-secret" = true))]
    pub password: Secret,
}

/// Credential of type `token`: a single API token or key, sent the way the app asks for.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-credential-type" = "token"))]
pub struct TokenCredential {
    /// Token as issued by the app, without a scheme such as `Bearer`.
    #[schemars(extend("x-field_type" = "SECRET"), extend("x-secret" = true))]
    pub token: Secret,
}

/// Credential of type `jwt`: what the connector needs to sign a JSON Web Token (RFC 7519) of its own.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-credential-type" = "jwt"))]
pub struct JWTCredential {
    /// Header of the token to sign.
    pub headers: JWTHeaders,
    /// Claims of the token to sign.
    pub claims: JWTClaims,
    /// Key to sign with: a shared secret or a private key, as `alg` requires.
    pub secret: Secret,
}

/// Header parameters of a signed token (RFC 7515 section 4.1). Every member is required.
#[derive(Clone, Debug, PartialEq, Default, Serialize, JsonSchema)]
pub struct JWTHeaders {
    /// Signature algorithm, such as `HS256` or `RS256` (RFC 7518).
    pub alg: String,
    /// URL of the key set that holds the verification key.
    pub jku: String,
    /// Public verification key, as JSON text (RFC 7517).
    pub jwk: String,
    /// Media type of the whole token, normally `JWT`.
    pub typ: String,
    /// Identifier of the key the token is signed with.
    pub kid: String,
    /// URL of the X.509 certificate chain of the signing key.
    pub x5u: String,
    /// X.509 certificate chain of the signing key.
    pub x5c: String,
    /// SHA-1 thumbprint of the certificate, base64url.
    pub x5t: String,
    /// SHA-256 thumbprint of the certificate, base64url; read as `x5t#S256` or `x5t_s256`, written as
    /// `x5t_s256`.
    #[schemars(rename = "x5t#S256")]
    pub x5t_s256: String,
    /// Media type of the payload; of use only for nested tokens.
    pub cty: String,
    /// Names of header parameters the receiver must understand.
    pub crit: Vec<String>,
}

impl<'de> Deserialize<'de> for JWTHeaders {
    /// A request may give the SHA-256 thumbprint under both of its names; the RFC's counts.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Given {
            alg: String,
            jku: String,
            jwk: String,
            typ: String,
            kid: String,
            x5u: String,
            x5c: String,
            x5t: String,
            #[serde(rename = "x5t#S256")]
            x5t_hash_s256: Option<String>,
            x5t_s256: Option<String>,
            cty: String,
            crit: Vec<String>,
        }

        let Given { alg, jku, jwk, typ, kid, x5u, x5c, x5t, x5t_hash_s256, x5t_s256, cty, crit } =
            Given::deserialize(deserializer)?;
        let x5t_s256 = x5t_hash_s256.or(x5t_s256).ok_or_else(|| D::Error::missing_field("x5t#S256"))?;
        Ok(Self { alg, jku, jwk, typ, kid, x5u, x5c, x5t, x5t_s256, cty, crit })
    }
}

/// Claims of a signed token (RFC 7519 section 4.1, and RFC 8693 section 4 for delegation). Every member is
/// required.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct JWTClaims {
    /// Issuer: who makes the token.
    pub iss: String,
    /// Subject: whom the token speaks for.
    pub sub: String,
    /// Audience: who is meant to accept the token.
    pub aud: String,
    /// Time from which the token is no longer valid, in seconds since the Unix epoch.
    pub exp: i64,
    /// Time before which the token is not yet valid, in seconds since the Unix epoch.
    pub nbf: i64,
    /// Time the token was issued, in seconds since the Unix epoch.
    pub iat: i64,
    /// Unique identifier of the token, against replay.
    pub jti: String,
    /// Party that acts on behalf of the subject (RFC 8693 section 4.1).
    pub act: String,
    /// Scopes the token is to carry (RFC 8693 section 4.2).
    pub scope: Vec<String>,
    /// OAuth client the token is requested for (RFC 8693 section 4.3).
    pub client_id: String,
    /// Party allowed to act on behalf of the subject (RFC 8693 section 4.4).
    pub may_act: String,
}

wire_enum! {
    /// Provider and kind of a service account.
    pub enum ServiceAccountType {
        /// Google Cloud service account.
        GoogleCloud = "google_cloud",
        /// Google service account for Drive.
        GoogleDrive = "google_drive",
        /// AWS access key.
        Aws = "aws",
        /// AWS role to assume.
        AwsRole = "aws_role",
    }
}

/// Credential of type `service_account`: a non-human identity at a cloud provider, with its key.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-credential-type" = "service_account"))]
pub struct ServiceAccountCredential {
    /// Provider and kind of the account; null when the connector knows it anyway.
    #[schemars(extend("x-field_type" = "HIDDEN"), extend("x-hidden" = true))]
    pub service_type: Option<ServiceAccountType>,
    /// Key of the account as a JSON object, such as the content of a downloaded key file.
    #[schemars(extend("x-field_type" = "HIDDEN"), extend("x-hidden" = true), extend("x-secret" = true))]
    pub key: ServiceAccountKey,
    /// Email address of the user the service account acts as.
    pub impersonation_email: String,
    /// Identifier of the customer's tenant at the provider.
    pub tenant_id: String,
    /// Scopes to request when the account obtains a token.
    #[schemars(extend("x-field_type" = "HIDDEN"), extend("x-hidden" = true))]
    pub scopes: Vec<String>,
}

wire_enum! {
    /// Format in which Lumos generates a key pair, chosen by `x-keygen-type` on the credential model.
    pub enum KeyGenType {
        /// OpenSSH key format.
        Ssh = "SSH",
        /// SSH key in PEM encoding.
        SshPem = "SSH_PEM",
        /// PKCS #8 key (RFC 5958) in PEM encoding.
        PemPk8 = "PEM_PK8",
        /// PGP key (RFC 9580).
        Pgp = "PGP",
        /// RSA key as a JSON Web Key (RFC 7517).
        JwkRsa = "JWK_RSA",
    }
}

/// Credential of type `key_pair`: the private half of a key pair whose public half the app knows.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-credential-type" = "key_pair"), extend("x-keygen-type" = "SSH"), extend("x-semantic" = "key-pair"))]
pub struct KeyPairCredential {
    /// Identifier of the key pair, by which its public half is found in the app.
    #[schemars(extend("x-field_type" = "HIDDEN"), extend("x-hidden" = true))]
    pub key_identifier: String,
    /// Private key in the format of `x-keygen-type`; SSH unless the connector chooses otherwise.
    #[schemars(extend("x-field_type" = "HIDDEN"), extend("x-hidden" = true), extend("x-secret" = true))]
    pub private_key: Secret,
}

/// Credential of type `empty`: it carries nothing and is always complete, for apps reached by ambient trust.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-credential-type" = "empty"))]
pub struct EmptyCredential {}

/// What an authorized call needs under the authorization code flow: the access token alone.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-credential-type" = "oauth"))]
pub struct OAuthAuthentication {
    /// Token to send to the app, normally as a bearer token (RFC 6750).
    #[schemars(extend("x-field_type" = "HIDDEN"), extend("x-hidden" = true), extend("x-secret" = true))]
    pub access_token: Secret,
}

/// What is needed to start the authorization code flow (RFC 6749 section 4.1).
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-credential-type" = "oauth"))]
pub struct OAuthAuthorization {
    /// Identifier the app issued to the OAuth client.
    pub client_id: String,
    /// Secret the app issued to the OAuth client.
    pub client_secret: Secret,
    /// Opaque value that ties the callback to the request (RFC 6749 section 10.12); null for none.
    pub state: Option<String>,
    /// Scopes to ask the user for.
    pub scopes: Vec<String>,
}

/// What an authorized call needs under the client credentials flow: the access token alone.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-credential-type" = "oauth_client_credentials"))]
pub struct OAuthClientCredentialAuthentication {
    /// Token to send to the app, normally as a bearer token (RFC 6750).
    #[schemars(extend("x-field_type" = "HIDDEN"), extend("x-hidden" = true), extend("x-secret" = true))]
    pub access_token: Secret,
}

/// What is needed to obtain a token by the client credentials flow (RFC 6749 section 4.4).
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-credential-type" = "oauth_client_credentials"))]
pub struct OAuthClientCredentialAuthorization {
    /// Identifier the app issued to the OAuth client.
    #[schemars(extend("x-field_type" = "HIDDEN"), extend("x-hidden" = true))]
    pub client_id: String,
    /// Secret the app issued to the OAuth client.
    #[schemars(extend("x-field_type" = "SECRET"), extend("x-secret" = true))]
    pub client_secret: Secret,
    /// Scopes to request for the token.
    pub scopes: Vec<String>,
}

/// What a call needs under HTTP Basic authentication (RFC 7617).
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-credential-type" = "basic"))]
pub struct BasicAuthentication {
    /// Name to log in with; for some apps an email address or an API key.
    pub username: String,
    /// Password, or what the app accepts in its place.
    #[schemars(extend("x-field_type" = "SECRET"), extend("x-secret" = true))]
    pub password: Secret,
}

/// What a call needs when the app authenticates by an API token.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-credential-type" = "token"))]
pub struct TokenAuthentication {
    /// Token as issued by the app, without a scheme such as `Bearer`.
    #[schemars(extend("x-field_type" = "SECRET"), extend("x-secret" = true))]
    pub token: Secret,
}

/// The key file of a service account: a JSON object that cannot be printed.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServiceAccountKey(JsonObject);

impl ServiceAccountKey {
    /// The key itself. Send it to the app and nowhere else.
    #[must_use]
    pub fn expose(&self) -> &JsonObject {
        &self.0
    }
}

impl From<JsonObject> for ServiceAccountKey {
    fn from(key: JsonObject) -> Self {
        Self(key)
    }
}

impl fmt::Debug for ServiceAccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl JsonSchema for ServiceAccountKey {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ServiceAccountKey".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        JsonObject::json_schema(generator)
    }
}
