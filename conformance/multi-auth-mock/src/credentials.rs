//! The credentials: how each is entered, obtained and checked.

use lumos_connector::prelude::*;

use crate::settings::MultiSettings;

pub(crate) const OAUTH_MAIN: &str = "oauth_main";
pub(crate) const OAUTH_MACHINE: &str = "oauth_machine";
pub(crate) const BASIC_MAIN: &str = "basic_main";
pub(crate) const TOKEN_EXTRA: &str = "token_extra";
pub(crate) const SERVICE: &str = "service";
pub(crate) const JWT_MAIN: &str = "jwt_main";
pub(crate) const KEYS: &str = "keys";
pub(crate) const LEGACY: &str = "legacy";
pub(crate) const AMBIENT: &str = "ambient";

pub(crate) fn oauth_main() -> CredentialConfig<OAuthCredential> {
    let flow = OAuthSettings::code_flow("https://app.example.com/authorize", computed(token_url))
        .scope(capability::ValidateCredentials, "me")
        .scope(capability::ListAccounts, "people me")
        // The recorded answers of the reference.
        .ignore_callback_error();
    CredentialConfig::new(OAUTH_MAIN, "Sign in with the app.").oauth(flow)
}

pub(crate) fn oauth_machine() -> CredentialConfig<OAuthClientCredential> {
    let flow = OAuthSettings::client_credentials(computed(token_url))
        .client_authentication(ClientAuthentication::BasicHeader);
    CredentialConfig::new(OAUTH_MACHINE, "For servers.").name("Machine login").optional().oauth(flow)
}

pub(crate) fn basic_main() -> CredentialConfig<BasicCredential> {
    CredentialConfig::new(BASIC_MAIN, "A user name and password.").validate(validate_basic)
}

pub(crate) fn token_extra() -> CredentialConfig<TokenCredential> {
    CredentialConfig::new(TOKEN_EXTRA, "Unlocks more.")
        .name("Extra token")
        .optional()
        .input_model::<TokenInput>()
        .validate(validate_token)
}

pub(crate) fn service() -> CredentialConfig<ServiceAccountCredential> {
    CredentialConfig::new(SERVICE, "A key file.").optional()
}

pub(crate) fn jwt_main() -> CredentialConfig<JWTCredential> {
    CredentialConfig::new(JWT_MAIN, "A signed token.")
}

pub(crate) fn keys() -> CredentialConfig<KeyPairCredential> {
    CredentialConfig::new(KEYS, "A key pair.")
}

pub(crate) fn legacy() -> CredentialConfig<OAuth1Credential> {
    CredentialConfig::new(LEGACY, "The old way.").optional()
}

pub(crate) fn ambient() -> CredentialConfig<EmptyCredential> {
    CredentialConfig::new(AMBIENT, "Nothing.").optional()
}

fn token_url(MultiSettings { workspace, token_url, .. }: MultiSettings) -> String {
    let given = token_url.filter(|url| !url.is_empty());
    given.unwrap_or_else(|| format!("https://{workspace}.example.com/token"))
}

async fn validate_basic(_: Call, login: BasicCredential) -> Result<ValidatedCredentialConfig> {
    match login.username.as_str() {
        "boom" => Err(std::io::Error::other("boom"))?,
        // What the reference answers when a check returns an error response of any code.
        "denied" => Err(ConnectorError::internal("Denied")),
        "bad" => Ok(ValidatedCredentialConfig::invalid(["Username is not accepted", "Try another"])),
        "silent" => Ok(ValidatedCredentialConfig { valid: false, validation_errors: None }),
        _ => Ok(ValidatedCredentialConfig::valid()),
    }
}

async fn validate_token(_: Call, login: TokenCredential) -> Result<ValidatedCredentialConfig> {
    let short = login.token.expose().chars().count() < 4;
    let errors = short.then(|| "Token looks short".to_owned()).into_iter().collect();
    Ok(ValidatedCredentialConfig { valid: true, validation_errors: Some(errors) })
}

#[derive(JsonSchema)]
#[schemars(extend("x-credential-type" = "token"))]
#[expect(dead_code, reason = "a form: only its schema is used")]
pub(crate) struct TokenInput {
    /// Paste the token.
    #[schemars(title = "Token", extend("x-field_type" = "SECRET", "x-secret" = true))]
    token: Secret,
    #[schemars(default = "primary", extend("x-field_type" = "HIDDEN", "x-hidden" = true))]
    zone: String,
    label: Option<String>,
}

fn primary() -> String {
    "primary".to_owned()
}
