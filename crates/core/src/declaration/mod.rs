//! What is known of a connector before any call: plain data that does not change once the connector is built.
//!
//! | file | what it holds |
//! | --- | --- |
//! | this one | the declaration as a whole |
//! | [`auth`] | the credentials, and whether a request brings them |
//! | [`capability`] | each capability, without its handler |
//! | [`error`] | errors, and what those of libraries mean |
//! | [`mistake`], [`payload_rules`] | what can be wrong with a declaration |
//! | [`redaction`] | what never reaches a log |
//! | [`settings`] | the model of the settings |

pub(crate) mod auth;
pub(crate) mod capability;
pub mod error;
pub(crate) mod mistake;
pub(crate) mod payload_rules;
pub mod redaction;
pub(crate) mod settings;

use std::collections::BTreeMap;
use std::sync::Arc;

use lumos_connector_types::access_graph::{
    AccessGraphEntitlementRule, AccessGraphEntitlementType, AccessGraphImpliedAccessRule,
};
use lumos_connector_types::capability::StandardCapability;
use lumos_connector_types::entitlement::EntitlementType;
use lumos_connector_types::error::Error as WireError;
use lumos_connector_types::info::AppCategory;
use lumos_connector_types::rate_limit::RateLimitMode;
use lumos_connector_types::resource::ResourceType;
use lumos_connector_types::schema::{self, Object, Refs};
use lumos_connector_types::settings_field::EmptySettings;

use self::auth::AuthRequirements;
use self::capability::CapabilityInfo;
use self::error::{ConnectorError, ErrorMapping};
use self::settings::SettingsModel;

/// What a connector declares.
pub(crate) struct Declaration {
    pub(crate) app_id: String,
    pub(crate) version: String,
    pub(crate) about: About,
    pub(crate) auth: AuthRequirements,
    pub(crate) settings: Option<SettingsModel>,
    pub(crate) capabilities: BTreeMap<&'static str, Arc<CapabilityInfo>>,
    pub(crate) error_mappings: Vec<ErrorMapping>,
    pub(crate) rate_limit_mode: Option<RateLimitMode>,
}

/// What a connector says about itself and its app.
#[derive(Debug, Clone, Default)]
pub(crate) struct About {
    pub(crate) user_friendly_name: String,
    pub(crate) categories: Vec<AppCategory>,
    pub(crate) description: Option<String>,
    pub(crate) logo_url: Option<String>,
    pub(crate) vendor_domain: Option<String>,
    pub(crate) resource_types: Vec<ResourceType>,
    pub(crate) entitlement_types: Vec<EntitlementType>,
    pub(crate) access_graph_entitlement_types: Vec<AccessGraphEntitlementType>,
    pub(crate) entitlement_rules: Vec<AccessGraphEntitlementRule>,
    pub(crate) implied_access_rules: Vec<AccessGraphImpliedAccessRule>,
}

impl Declaration {
    /// Whether the connector has a standard capability.
    pub(crate) fn has(&self, capability: StandardCapability) -> bool {
        self.capabilities.contains_key(capability.as_str())
    }

    /// The schema of the settings; that of an empty object when none are declared.
    pub(crate) fn settings_schema(&self, refs: Refs) -> Object {
        match &self.settings {
            Some(model) => (model.schema)(refs),
            None => schema::of::<EmptySettings>(refs),
        }
    }

    /// The names, in lower case, of the fields that settings and credentials mark as secret, at any depth.
    pub(crate) fn secret_fields(&self) -> Vec<String> {
        let credentials = self.auth.credentials.iter().map(|config| config.schema);
        let schemas = self.auth.single.map(|(_, schema)| schema).into_iter().chain(credentials);
        let schemas = schemas.chain(self.settings.as_ref().map(|model| model.schema));
        let mut names = Vec::new();
        for schema in schemas.map(|schema| schema(Refs::Defs)) {
            redaction::names::marked_secret(&schema.into(), &mut names);
        }
        names
    }

    /// An error with what the connector knows about errors of its type.
    pub(crate) fn mapped(&self, error: ConnectorError) -> ConnectorError {
        error.mapped(&self.error_mappings)
    }

    /// An error of the SDK itself, before or around a capability: nobody raised it.
    pub(crate) fn own_error(&self, error: ConnectorError) -> WireError {
        WireError { raised_by: None, ..error.into_wire(&self.app_id, None) }
    }
}
