//! Where the OAuth flow goes, and what it asks for.

use lumos_connector::prelude::*;

use crate::settings::OAuthMockSettings;

pub(crate) fn flow() -> OAuthSettings {
    OAuthSettings::code_flow(computed(authorization_url), computed(token_url))
        .pkce()
        // The recorded answers of the reference: it asks for tokens whatever the callback says, and takes any subdomain.
        .ignore_callback_error()
        .scope(capability::ValidateCredentials, "users:read profile")
        .scope(capability::ListAccounts, "users:read")
        .scope(capability::ListResources, "")
        .scope(capability::AssignEntitlement, "roles:write users:read")
}

fn authorization_url(settings: OAuthMockSettings) -> String {
    format!("https://{}.example.com/oauth/authorize", settings.subdomain)
}

fn token_url(OAuthMockSettings { subdomain, token_url }: OAuthMockSettings) -> String {
    let given = token_url.filter(|url| !url.is_empty());
    given.unwrap_or_else(|| format!("https://{subdomain}.example.com/oauth/token"))
}
