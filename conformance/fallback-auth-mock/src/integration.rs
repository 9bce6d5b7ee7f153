//! What the connector declares.

use lumos_connector::core::probe::{ProbeCheckSpec, ProbeSettings};
use lumos_connector::prelude::*;

use crate::connection;

pub(crate) fn integration() -> Result<Integration, IntegrationError> {
    Integration::builder("fallback-auth-mock", "0.0.1")
        .about("Fallback Auth Mock", [AppCategory::Other])
        .credential(CredentialConfig::<BasicCredential>::new("login", "Login."))
        .credential(CredentialConfig::<TokenCredential>::new("pass", "Pass."))
        .credential(CredentialConfig::<TokenCredential>::new("spare", "Spare.").optional())
        .probe(ProbeSettings::default().check(ProbeCheckSpec::sdk(ProbeCheckName::Accounts)))
        .capability(capability::ValidateCredentials, connection::validate_credentials)
        .build()
}
