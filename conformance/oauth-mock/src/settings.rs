//! What a connection is set up with.

use lumos_connector::prelude::*;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct OAuthMockSettings {
    /// First part of the host name.
    #[schemars(title = "Subdomain")]
    pub(crate) subdomain: String,
    #[schemars(title = "Token URL")]
    pub(crate) token_url: Option<String>,
}
