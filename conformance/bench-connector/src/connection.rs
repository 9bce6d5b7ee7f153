//! `validate_credentials`: any user name and password will do.

use lumos_connector::prelude::*;

pub(crate) async fn validate_credentials(_: (), _: ValidateCredentials) -> Result<ValidatedCredentials> {
    Ok(ValidatedCredentials { valid: true, unique_tenant_id: "bench-tenant".to_owned() })
}
