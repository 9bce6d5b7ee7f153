//! Whether the connection works.

use lumos_connector::prelude::*;

pub(crate) async fn validate_credentials(
    login: Auth<OAuthClientCredential>,
    _: ValidateCredentials,
) -> Result<ValidatedCredentials> {
    Ok(ValidatedCredentials { valid: true, unique_tenant_id: format!("client-{}", login.client_id) })
}
