//! Whether the connection works.

use lumos_connector::prelude::*;

pub(crate) async fn validate_credentials(call: Call, _: ValidateCredentials) -> Result<ValidatedCredentials> {
    let ids = call.credentials().iter().map(|credential| credential.id.as_deref().unwrap_or_default());
    let mut unique_tenant_id = ids.collect::<Vec<_>>().join("+");
    if unique_tenant_id.is_empty() {
        unique_tenant_id.push_str("none");
    }
    Ok(ValidatedCredentials { valid: true, unique_tenant_id })
}
