//! Payloads of the capabilities that check credentials. An author implements `validate_credentials`; the SDK
//! answers `validate_credential_config`, to which an author may add a validator per credential.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::auth::AuthCredential;

/// Payload of `validate_credentials`, which tries the request's credentials on the app; it has no members.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "read"))]
pub struct ValidateCredentials {}

/// Answer of `validate_credentials`.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ValidatedCredentials {
    /// Whether the app accepted the credentials.
    pub valid: bool,
    /// Identifier of the customer's tenant in the app, the same for every credential of that tenant.
    pub unique_tenant_id: String,
}

/// Payload of `validate_credential_config`, which checks the form of one credential before it is saved.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "validation"))]
pub struct ValidateCredentialConfig {
    /// Credential to check; its `id` names one the connector declared.
    pub credential: AuthCredential,
}

/// Answer of `validate_credential_config`.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ValidatedCredentialConfig {
    /// Whether the credential may be saved; false whenever there are validation errors.
    pub valid: bool,
    /// What is wrong, each entry a sentence for the person entering the credential; may be null.
    pub validation_errors: Option<Vec<String>>,
}

impl ValidatedCredentialConfig {
    /// The form is right.
    #[must_use]
    pub fn valid() -> Self {
        Self { valid: true, validation_errors: None }
    }

    /// The form is wrong, for these reasons.
    #[must_use]
    pub fn invalid<I: Into<String>>(errors: impl IntoIterator<Item = I>) -> Self {
        Self { valid: false, validation_errors: Some(errors.into_iter().map(Into::into).collect()) }
    }
}

impl ValidatedCredentials {
    /// The app accepted the credentials, which open this tenant.
    #[must_use]
    pub fn valid(unique_tenant_id: impl Into<String>) -> Self {
        Self { valid: true, unique_tenant_id: unique_tenant_id.into() }
    }
}
