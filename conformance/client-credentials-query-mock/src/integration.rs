//! What the connector declares.

use lumos_connector::prelude::*;

use crate::oauth;
use crate::settings::QuerySettings;

pub(crate) fn integration() -> Result<Integration, IntegrationError> {
    Integration::builder("client-credentials-query-mock", "1.0.0")
        .about("Client Credentials Query Mock", [])
        .auth::<OAuthClientCredential>()
        .oauth(oauth::flow())
        .settings::<QuerySettings>()
        .build()
}
