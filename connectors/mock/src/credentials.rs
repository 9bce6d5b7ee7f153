//! Whether a login is good.

use lumos_connector::prelude::*;

use crate::settings::Mock;

pub(crate) async fn validate_credentials(
    (_, login): (Mock, Auth<BasicCredential>),
    _: ValidateCredentials,
) -> Result<ValidatedCredentials> {
    if login.password.expose() == "wrong" {
        return Err(ConnectorError::authentication("Login refused").with_app_error_code("mock.bad_login"));
    }
    Ok(ValidatedCredentials { valid: true, unique_tenant_id: "mock-connector-tenant-id".to_owned() })
}
