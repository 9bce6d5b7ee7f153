//! What a connection is set up with.

use lumos_connector::prelude::*;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct OidcSettings {
    /// The provider's address, without a slash at its end.
    pub(crate) issuer: String,
}

impl OidcSettings {
    pub(crate) fn authorization_url(self) -> String {
        format!("{}/auth", self.issuer)
    }

    pub(crate) fn token_url(self) -> String {
        format!("{}/token", self.issuer)
    }
}
