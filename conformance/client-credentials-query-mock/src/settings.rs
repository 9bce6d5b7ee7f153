//! What a connection is set up with.

use lumos_connector::prelude::*;

#[derive(Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct QuerySettings {
    pub(crate) token_url: String,
    pub(crate) scope_prefix: String,
}

impl Default for QuerySettings {
    fn default() -> Self {
        Self { token_url: "https://login.example.com/token".to_owned(), scope_prefix: "std".to_owned() }
    }
}
