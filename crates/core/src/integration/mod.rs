//! A connector: what it declares and what it can do.

mod builder;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use lumos_connector_types::access_graph::{
    AccessGraphEntitlementRule, AccessGraphEntitlementType, AccessGraphImpliedAccessRule,
};
use lumos_connector_types::entitlement::EntitlementType;
use lumos_connector_types::info::AppCategory;
use lumos_connector_types::rate_limit::RateLimitMode;
use lumos_connector_types::resource::ResourceType;

pub use crate::declaration::mistake::{IntegrationError, Mistake};
pub use builder::Builder;

use crate::builtin::oauth::TokenExchange;
use crate::builtin::probe::ProbeSettings;
use crate::call::by_type::ByType;
use crate::call::observation::Observer;
use crate::declaration::auth::AuthRequirements;
use crate::declaration::error::classify::ErrorHandler;
use crate::declaration::settings::SettingsModel;
use crate::dispatch::handler::Registered;

/// A connector, declared and ready to answer. Cheap to clone.
///
/// ```
/// use lumos_connector_core::{Integration, error::Result};
/// use lumos_connector_types::{capability::marker as capability, payload::*};
///
/// async fn validate_credentials(_: (), _: ValidateCredentials) -> Result<ValidatedCredentials> {
///     Ok(ValidatedCredentials { valid: true, unique_tenant_id: "acme".to_owned() })
/// }
///
/// let acme = Integration::builder("acme", "1.0.0")
///     .about("Acme", [AppCategory::Developers])
///     .auth::<BasicCredential>()
///     .capability(capability::ValidateCredentials, validate_credentials)
///     .build()
///     .unwrap();
/// assert_eq!(acme.app_id(), "acme");
/// ```
#[derive(Clone)]
pub struct Integration(Arc<Declaration>);

pub(crate) struct Declaration {
    pub(crate) app_id: String,
    pub(crate) version: String,
    pub(crate) about: About,
    pub(crate) login: AuthRequirements,
    pub(crate) settings: Option<SettingsModel>,
    pub(crate) capabilities: BTreeMap<&'static str, Arc<dyn Registered>>,
    pub(crate) error_handlers: Vec<ErrorHandler>,
    pub(crate) rate_limit_mode: Option<RateLimitMode>,
    pub(crate) probe: ProbeSettings,
    pub(crate) provided: ByType,
    pub(crate) observer: OnceLock<Box<dyn Observer>>,
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

impl Integration {
    /// Begins the declaration of a connector: the id of its app, and its own version.
    pub fn builder(app_id: impl Into<String>, version: impl Into<String>) -> Builder {
        Builder::new(app_id.into(), version.into())
    }

    /// The id of the app.
    #[must_use]
    pub fn app_id(&self) -> &str {
        &self.0.app_id
    }

    /// The version of the connector.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.0.version
    }

    /// The names of all capabilities in alphabetical order, with what each does.
    pub fn capabilities(&self) -> impl Iterator<Item = (&'static str, String)> + '_ {
        self.0.capabilities.values().map(|registered| {
            let facts = registered.facts();
            let own = facts.metadata.description.clone();
            let summary = own.or_else(|| facts.standard.map(|standard| standard.summary().to_owned()));
            (facts.name, summary.unwrap_or_default())
        })
    }

    /// Whether the connector has a capability.
    #[must_use]
    pub fn has_capability(&self, name: &str) -> bool {
        self.0.capabilities.contains_key(name)
    }

    /// Gives the connector the client that sends its token requests. The last one counts.
    pub fn exchange_tokens_with(&self, exchange: impl TokenExchange + 'static) {
        self.provide::<Arc<dyn TokenExchange>>(Arc::new(exchange));
    }

    /// Has the calls of the connector watched. The first observer stays.
    pub fn observe_with(&self, observer: impl Observer + 'static) {
        // There is one process around a connector, and so one that watches.
        let _ = self.0.observer.set(Box::new(observer));
    }

    pub(crate) fn observer(&self) -> Option<&dyn Observer> {
        self.0.observer.get().map(AsRef::as_ref)
    }

    /// Gives the connector something of the process it runs in, one of each type: how requests leave it, a clock.
    /// The last one counts.
    pub fn provide<T: Send + Sync + 'static>(&self, value: T) {
        self.0.provided.set(value);
    }

    /// What the process has provided of a type.
    #[must_use]
    pub fn provided<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.0.provided.get()
    }

    pub(crate) fn token_exchange(&self) -> Option<Arc<dyn TokenExchange>> {
        self.provided::<Arc<dyn TokenExchange>>().map(|exchange| (*exchange).clone())
    }

    pub(crate) fn declaration(&self) -> &Declaration {
        &self.0
    }

    pub(crate) fn registered(&self, name: &str) -> Option<&Arc<dyn Registered>> {
        self.0.capabilities.get(name)
    }

    pub(crate) fn auth_requirements(&self) -> &AuthRequirements {
        &self.0.login
    }

    pub(crate) fn settings_model(&self) -> Option<&SettingsModel> {
        self.0.settings.as_ref()
    }

    pub(crate) fn error_handlers(&self) -> &[ErrorHandler] {
        &self.0.error_handlers
    }

    pub(crate) fn rate_limit_mode(&self) -> Option<RateLimitMode> {
        self.0.rate_limit_mode
    }
}

impl fmt::Debug for Integration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Integration")
            .field("app_id", &self.app_id())
            .field("version", &self.version())
            .field("capabilities", &self.0.capabilities.keys())
            .finish_non_exhaustive()
    }
}
