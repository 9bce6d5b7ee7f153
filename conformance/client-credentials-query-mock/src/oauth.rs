//! Where the OAuth flow goes, and what it asks for.

use lumos_connector::prelude::*;

use crate::settings::QuerySettings;

pub(crate) fn flow() -> OAuthSettings {
    OAuthSettings::client_credentials(computed(|settings: QuerySettings| settings.token_url))
        .token_request(TokenMethod::Get, TokenParameters::Query)
        .scopes(computed(scopes))
        .without(capability::RefreshAccessToken)
}

fn scopes(QuerySettings { scope_prefix: prefix, .. }: QuerySettings) -> Scopes {
    Scopes::default()
        .scope(capability::ValidateCredentials, format!("{prefix}:read"))
        .scope(capability::ListAccounts, format!("{prefix}:read {prefix}:list"))
}
