//! The settings of a connection.

use lumos_connector::prelude::*;

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct RabbitSettings {
    /// Address of the management plugin, without `/api`: `https://rabbit.example.com:15671`.
    #[schemars(title = "Management URL", extend("x-semantic" = "tenant-id"))]
    pub(crate) base_url: String,
}
