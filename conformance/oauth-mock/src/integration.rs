//! What the connector declares.

use lumos_connector::prelude::*;

use crate::settings::OAuthMockSettings;
use crate::{accounts, connection, oauth};

pub(crate) fn integration() -> Result<Integration, IntegrationError> {
    Integration::builder("oauth-mock", "1.0.0")
        .about("OAuth Mock", [AppCategory::Collaboration])
        .description("Authorization code flow with PKCE.")
        .auth::<OAuthCredential>()
        .oauth(oauth::flow())
        .settings::<OAuthMockSettings>()
        .capability(capability::ValidateCredentials, connection::validate_credentials)
        .capability(capability::ListAccounts, accounts::list)
        .build()
}
