//! What the connector declares.

use lumos_connector::prelude::*;

use crate::settings::ClientCredentialsSettings;
use crate::{connection, oauth};

pub(crate) fn integration() -> Result<Integration, IntegrationError> {
    Integration::builder("client-credentials-mock", "1.0.0")
        .about("Client Credentials Mock", [AppCategory::Internal])
        .auth::<OAuthClientCredential>()
        .oauth(oauth::flow())
        .settings::<ClientCredentialsSettings>()
        .capability(capability::ValidateCredentials, connection::validate_credentials)
        .build()
}
