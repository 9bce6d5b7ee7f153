//! Whether the connection works.

use lumos_connector::prelude::*;

use crate::settings::OAuthMockSettings;

pub(crate) async fn validate_credentials(
    (login, settings): (Auth<OAuthCredential>, Settings<OAuthMockSettings>),
    _: ValidateCredentials,
) -> Result<ValidatedCredentials> {
    Ok(ValidatedCredentials {
        valid: login.access_token.expose() != "stale",
        unique_tenant_id: format!("tenant-{}", settings.subdomain),
    })
}
