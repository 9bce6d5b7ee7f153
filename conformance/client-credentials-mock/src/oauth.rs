//! Where the OAuth flow goes, and what it asks for.

use lumos_connector::prelude::*;

use crate::settings::ClientCredentialsSettings;

pub(crate) fn flow() -> OAuthSettings {
    OAuthSettings::client_credentials(computed(|settings: ClientCredentialsSettings| settings.token_url))
        .client_authentication(ClientAuthentication::BasicHeader)
        .token_request(TokenMethod::Post, TokenParameters::Json)
        .scope(capability::ValidateCredentials, "api.read")
        .scope(capability::ListAccounts, "api.read api.list")
}
