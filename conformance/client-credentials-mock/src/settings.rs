//! What a connection is set up with.

use lumos_connector::prelude::*;

#[derive(Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct ClientCredentialsSettings {
    pub(crate) token_url: String,
}

impl Default for ClientCredentialsSettings {
    fn default() -> Self {
        Self { token_url: "https://login.example.com/token".to_owned() }
    }
}
