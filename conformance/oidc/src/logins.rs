//! The credentials: one for each way of getting a token.

use lumos_connector::prelude::*;

use crate::settings::OidcSettings;

pub(crate) fn person() -> CredentialConfig<OAuthCredential> {
    let flow = OAuthSettings::code_flow(
        computed(OidcSettings::authorization_url),
        computed(OidcSettings::token_url),
    )
    .pkce()
    .scope(capability::ValidateCredentials, "openid")
    .scope(capability::ListAccounts, "openid api:read");
    CredentialConfig::new("person", "Sign in with the provider.").oauth(flow)
}

pub(crate) fn machine_basic() -> CredentialConfig<OAuthClientCredential> {
    let flow = machine_flow().client_authentication(ClientAuthentication::BasicHeader);
    CredentialConfig::new("machine_basic", "The client in a Basic header.").optional().oauth(flow)
}

pub(crate) fn machine_body() -> CredentialConfig<OAuthClientCredential> {
    CredentialConfig::new("machine_body", "The client in the body.").optional().oauth(machine_flow())
}

fn machine_flow() -> OAuthSettings {
    OAuthSettings::client_credentials(computed(OidcSettings::token_url))
        .scope(capability::ListAccounts, "api:read")
}
