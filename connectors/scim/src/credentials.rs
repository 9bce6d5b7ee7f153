//! Logging in: the credentials of a connection, and whether they are good.

use lumos_connector::client::http::HttpBuilder;
use lumos_connector::prelude::*;

use crate::refusal::{is_refused, status_of};
use crate::resource::Resource;
use crate::service::{Endpoint, Scim};
use crate::settings::ScimSettings;

pub(crate) const TOKEN: &str = "token";
pub(crate) const BASIC: &str = "basic";
pub(crate) const OAUTH: &str = "oauth";

pub(crate) fn token() -> CredentialConfig<TokenCredential> {
    CredentialConfig::new(TOKEN, "A bearer token that the app's administration issued for SCIM.")
        .name("Bearer token")
        .optional()
}

pub(crate) fn basic() -> CredentialConfig<BasicCredential> {
    CredentialConfig::new(BASIC, "A user of the SCIM service and its password.")
        .name("User and password")
        .optional()
}

pub(crate) fn oauth() -> CredentialConfig<OAuthClientCredential> {
    let token_url = try_computed(|settings: ScimSettings| {
        let missing = || ConnectorError::invalid_configuration("token_url: required for an OAuth client");
        settings.token_url.ok_or_else(missing)
    });
    CredentialConfig::new(OAUTH, "An OAuth client of the app; it needs the OAuth token URL in the settings.")
        .name("OAuth client")
        .optional()
        .oauth(OAuthSettings::client_credentials(token_url))
}

/// The HTTP client with the login that the request brings.
pub(crate) fn log_in(call: &Call) -> Result<HttpBuilder> {
    let http = call.http();
    if let Some(token) = call.optional_credential::<TokenCredential>(TOKEN) {
        Ok(http.bearer(token))
    } else if let Some(user) = call.optional_credential::<BasicCredential>(BASIC) {
        Ok(http.basic(user))
    } else {
        Ok(http.bearer(call.credential::<OAuthClientCredential>(OAUTH)?))
    }
}

/// Reads what the service says about itself, which many show to everybody, and one user, which they do not.
pub(crate) async fn validate_credentials(scim: Scim, _: ValidateCredentials) -> Result<ValidatedCredentials> {
    scim.provider().await?;
    let users = Endpoint::users();
    let mut found = scim.list::<Resource>(&users, &[("count", "1"), ("attributes", "userName")]).await;
    if found.as_ref().is_err_and(is_refused) {
        found = scim.list(&users, &()).await;
    }
    match found {
        Err(error) if status_of(&error) == 0 && error.code() == ConnectorErrorCode::InvalidResponse => {
            Err(ConnectorError::invalid_configuration(
                "base_url: expected the address of a SCIM service; what answers there is something else",
            ))
        }
        Err(error) => Err(error),
        Ok(_) => Ok(ValidatedCredentials { valid: true, unique_tenant_id: tenant_id(&scim) }),
    }
}

/// The address of the service in one spelling: host, port unless it is the usual one, and path.
fn tenant_id(scim: &Scim) -> String {
    let url = scim.http.base();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}{}", url.host_str().unwrap_or_default(), url.path().trim_end_matches('/'))
}
