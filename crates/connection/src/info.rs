//! What a connector says about itself.

use lumos_connector_types::capability::StandardCapability;
use lumos_connector_types::info::Info;

/// What a connector offers: its capabilities, and the forms of its credentials and settings.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ConnectorInfo {
    /// The `info` document. From a server without a program beside it, it is made from `app_info`, where schemas are in
    /// the form of OpenAPI 3.0 and `oauth_scopes` is not known.
    pub info: Info,
    /// Where it comes from.
    pub source: InfoSource,
}

/// Where the description of a connector comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InfoSource {
    /// The command `info` of a program.
    Program,
    /// The capability `app_info` of a server.
    AppInfo,
}

impl ConnectorInfo {
    /// Whether the connector has a capability, standard or custom, of this name.
    #[must_use]
    pub fn has(&self, capability: &str) -> bool {
        self.info.capabilities.iter().any(|name| name == capability)
    }

    /// The standard capabilities that the connector has, by name.
    pub fn standard_capabilities(&self) -> impl Iterator<Item = StandardCapability> {
        self.info.capabilities.iter().filter_map(|name| StandardCapability::from_wire(name))
    }

    /// The names of the connector's own capabilities.
    pub fn custom_capabilities(&self) -> impl Iterator<Item = &str> {
        self.info
            .capabilities
            .iter()
            .map(String::as_str)
            .filter(|name| StandardCapability::from_wire(name).is_none())
    }
}
