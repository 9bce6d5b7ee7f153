//! The declaration of a connector, step by step.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use lumos_connector_types::access_graph::{
    AccessGraphEntitlementRule, AccessGraphEntitlementType, AccessGraphImpliedAccessRule,
};
use lumos_connector_types::capability::{Registrable, StandardCapability};
use lumos_connector_types::entitlement::EntitlementType;
use lumos_connector_types::info::AppCategory;
use lumos_connector_types::rate_limit::RateLimitMode;
use lumos_connector_types::resource::ResourceType;

use super::Integration;
use crate::builtin::credentials::{CredentialConfig, Validations};
use crate::builtin::oauth::{OAuthFlows, OAuthSettings};
use crate::builtin::probe::ProbeSettings;
use crate::builtin::{self, Declared};
use crate::call::reply::IntoReply;
use crate::declaration::auth::{AuthRequirements, CredentialModel};
use crate::declaration::error::{ConnectorError, ErrorMapping, Result};
use crate::declaration::mistake::{IntegrationError, Mistake};
use crate::declaration::settings::{SettingsFields, SettingsModel};
use crate::declaration::{About, Declaration, payload_rules};
use crate::dispatch::Dispatcher;
use crate::dispatch::from_call::FromCall;
use crate::dispatch::handler::{Handler, PassedAs, Registered};

/// Builds a connector; see [`Integration::builder`].
///
/// No step fails. [`build`](Self::build) reports all mistakes together.
#[must_use = "a connector is made by `build()`"]
pub struct Builder {
    app_id: String,
    version: String,
    about: About,
    auth: AuthRequirements,
    flows: OAuthFlows,
    validations: Validations,
    settings: Option<SettingsModel>,
    capabilities: Vec<Arc<dyn Registered>>,
    error_mappings: Vec<ErrorMapping>,
    rate_limit_mode: Option<RateLimitMode>,
    probe: Option<ProbeSettings>,
    credential_validation: bool,
}

impl Builder {
    pub(super) fn new(app_id: String, version: String) -> Self {
        Self {
            app_id,
            version,
            about: About::default(),
            auth: AuthRequirements {
                single: None,
                credentials: Vec::new(),
                allowed: Vec::new(),
                required: true,
            },
            flows: OAuthFlows::default(),
            validations: HashMap::new(),
            settings: None,
            capabilities: Vec::new(),
            error_mappings: Vec::new(),
            rate_limit_mode: None,
            probe: Some(ProbeSettings::default()),
            credential_validation: true,
        }
    }

    /// Sets the app's name as people read it, and the categories it belongs to.
    pub fn about(
        mut self,
        user_friendly_name: impl Into<String>,
        categories: impl IntoIterator<Item = AppCategory>,
    ) -> Self {
        self.about.user_friendly_name = user_friendly_name.into();
        self.about.categories = categories.into_iter().collect();
        self
    }

    /// Sets the sentences that describe the connector to people.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.about.description = Some(description.into());
        self
    }

    /// Sets the address of the app's logo.
    pub fn logo_url(mut self, url: impl Into<String>) -> Self {
        self.about.logo_url = Some(url.into());
        self
    }

    /// Sets the domain of the app's vendor, such as `acme.com`.
    pub fn vendor_domain(mut self, domain: impl Into<String>) -> Self {
        self.about.vendor_domain = Some(domain.into());
        self
    }

    /// Declares the types of resources in the app.
    pub fn resource_types(mut self, types: impl IntoIterator<Item = ResourceType>) -> Self {
        self.about.resource_types.extend(types);
        self
    }

    /// Declares the types of entitlements in the app.
    pub fn entitlement_types(mut self, types: impl IntoIterator<Item = EntitlementType>) -> Self {
        self.about.entitlement_types.extend(types);
        self
    }

    /// Declares the types of entitlements in the app's access graph.
    pub fn access_graph_entitlement_types(
        mut self,
        types: impl IntoIterator<Item = AccessGraphEntitlementType>,
    ) -> Self {
        self.about.access_graph_entitlement_types.extend(types);
        self
    }

    /// Declares the entitlements that every resource of a type has.
    pub fn entitlement_rules(mut self, rules: impl IntoIterator<Item = AccessGraphEntitlementRule>) -> Self {
        self.about.entitlement_rules.extend(rules);
        self
    }

    /// Declares which entitlements imply which others.
    pub fn implied_access_rules(
        mut self,
        rules: impl IntoIterator<Item = AccessGraphImpliedAccessRule>,
    ) -> Self {
        self.about.implied_access_rules.extend(rules);
        self
    }

    /// Declares the type of the single credential, which requests bring in `auth`.
    pub fn auth<T: CredentialModel>(mut self) -> Self {
        self.auth.single = Some((T::MODEL, lumos_connector_types::schema::of::<T>));
        self
    }

    /// Declares one of several credentials, which requests bring in `credentials`.
    pub fn credential<T: CredentialModel>(mut self, config: CredentialConfig<T>) -> Self {
        let CredentialConfig { entry, oauth, validation, .. } = config;
        self.flows.by_credential.extend(oauth.map(|settings| (entry.id.clone(), settings)));
        self.validations.extend(validation.map(|validation| (entry.id.clone(), validation)));
        self.auth.credentials.push(entry);
        self
    }

    /// Declares the OAuth flow that obtains the single credential.
    pub fn oauth(mut self, settings: OAuthSettings) -> Self {
        self.flows.single = Some(settings);
        self
    }

    /// Declares a combination of credentials that is enough for a connection. Without any, all required credentials
    /// together are enough, and each optional one alone is.
    pub fn allow_credentials<I: Into<String>>(mut self, ids: impl IntoIterator<Item = I>) -> Self {
        self.auth.allowed.push(ids.into_iter().map(Into::into).collect());
        self
    }

    /// Sets whether requests must bring credentials; by default they must.
    pub fn requires_authentication(mut self, required: bool) -> Self {
        self.auth.required = required;
        self
    }

    /// Declares the settings of a connection. They are checked before every handler.
    pub fn settings<T: SettingsFields>(mut self) -> Self {
        self.settings = Some(SettingsModel::of::<T>());
        self
    }

    /// Sets the rate-limit mode of all capabilities that set none of their own.
    pub fn rate_limit_mode(mut self, mode: RateLimitMode) -> Self {
        self.rate_limit_mode = Some(mode);
        self
    }

    /// Sets how `probe_integration` probes, in place of the SDK's own checks.
    pub fn probe(mut self, settings: ProbeSettings) -> Self {
        self.probe = Some(settings);
        self
    }

    /// Leaves out `probe_integration`.
    pub fn without_probe(mut self) -> Self {
        self.probe = None;
        self
    }

    /// Leaves out `validate_credential_config`, which the SDK brings when credentials are declared.
    pub fn without_credential_validation(mut self) -> Self {
        self.credential_validation = false;
        self
    }

    /// Maps errors of one type to errors of the wire, when a handler returns one of them by `?`.
    ///
    /// Code, message, hint and flags become those of the returned error, except what was set on the error itself; where
    /// it has no message of its own ([`ConnectorError::of_code`]), the text of the original error stays. The caller reads
    /// the original type in `raised_by`. Of several mappings for one type the one registered last counts, alone: one for
    /// this connector takes the place of a general one that is registered before it.
    ///
    /// ```
    /// use lumos_connector_core::Integration;
    /// use lumos_connector_core::error::{self, ConnectorError};
    ///
    /// let builder = Integration::builder("acme", "1.0.0")
    ///     .on_error(error::http_status)
    ///     .on_error(|error: &std::io::Error| {
    ///         ConnectorError::transient(format!("The spool cannot be read: {error}"))
    ///             .with_app_error_code(format!("{:?}", error.kind()))
    ///             .with_hint("Mount the spool directory.")
    ///     });
    /// # drop(builder);
    /// ```
    pub fn on_error<E>(mut self, mapping: impl Fn(&E) -> ConnectorError + Send + Sync + 'static) -> Self
    where
        E: Error + 'static,
    {
        self.error_mappings.push(Box::new(move |error| error.downcast_ref::<E>().map(&mapping)));
        self
    }

    /// Registers a capability and its handler: `async fn(X, Payload) -> Result<Answer>`, where `X` is anything that can be
    /// [taken from a call](FromCall).
    pub fn capability<C, F, X, Q, Fut, T>(mut self, capability: C, handler: F) -> Self
    where
        C: Registrable,
        F: Fn(X, Q) -> Fut + Send + Sync + 'static,
        C::Request: PassedAs<Q>,
        Q: 'static,
        X: FromCall + Send + 'static,
        Fut: Future<Output = Result<T>> + Send + 'static,
        T: IntoReply<C::Response> + 'static,
    {
        self.capabilities.push(Arc::new(Handler::new(&capability, handler)));
        self
    }

    /// Checks the declaration and builds the connector.
    ///
    /// # Errors
    /// All mistakes of the declaration at once; see [`Mistake`].
    pub fn build(mut self) -> std::result::Result<Integration, IntegrationError> {
        self.app_id = self.app_id.trim().to_owned();
        let mistakes = self.mistakes();
        if !mistakes.is_empty() {
            return Err(IntegrationError { mistakes });
        }
        let flows = Arc::new(self.flows);
        let has_credentials = !self.auth.credentials.is_empty();
        let brought = builtin::capabilities(Declared {
            flows: Arc::clone(&flows),
            probe: self.probe.map(Arc::new),
            validations: (self.credential_validation && has_credentials).then(|| Arc::new(self.validations)),
        });
        // The author's own come last and take the place of those the SDK brings.
        let handlers: BTreeMap<_, _> = brought
            .into_iter()
            .chain(self.capabilities)
            .map(|registered| (registered.info().name, registered))
            .collect();
        let infos = handlers.iter().map(|(name, registered)| (*name, Arc::clone(registered.info())));
        let declaration = Declaration {
            app_id: self.app_id,
            version: self.version,
            about: self.about,
            auth: self.auth,
            settings: self.settings,
            capabilities: infos.collect(),
            error_mappings: self.error_mappings,
            rate_limit_mode: self.rate_limit_mode,
        };
        Ok(Integration { dispatcher: Arc::new(Dispatcher { declaration, handlers }), flows })
    }

    fn mistakes(&self) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        if self.app_id.is_empty() {
            mistakes.push(Mistake::EmptyAppId);
        }
        if self.auth.single.is_some() && !self.auth.credentials.is_empty() {
            mistakes.push(Mistake::SingleAndSeveralCredentials);
        }
        let mut ids = HashSet::new();
        for config in &self.auth.credentials {
            if config.id.is_empty() {
                mistakes.push(Mistake::EmptyCredentialId);
            } else if !ids.insert(config.id.as_str()) {
                mistakes.push(Mistake::DuplicateCredential(config.id.clone()));
            }
        }
        let named = self.auth.allowed.iter().flatten();
        mistakes
            .extend(named.filter(|id| !ids.contains(id.as_str())).cloned().map(Mistake::UnknownCredential));

        let reserved = self.flows.all().flat_map(OAuthSettings::reserved_parameters);
        mistakes.extend(reserved.map(|name| Mistake::ReservedOAuthParameter(name.to_owned())));

        let mut names = HashSet::new();
        for registered in &self.capabilities {
            let info = registered.info();
            if info.standard.is_none() && is_reserved(info.name) {
                mistakes.push(Mistake::ReservedName(info.name));
            } else if info.standard.is_none() && !is_capability_name(info.name) {
                mistakes.push(Mistake::MalformedName(info.name));
            }
            if !names.insert(info.name) {
                mistakes.push(Mistake::DuplicateCapability(info.name));
            }
            mistakes.extend(payload_rules::changed_fields(info));
        }
        mistakes.extend(self.probe.iter().flat_map(ProbeSettings::mistakes));
        mistakes
    }
}

/// Names that mean something else on the wire or on a connector's command line.
fn is_reserved(name: &str) -> bool {
    matches!(name, "dev" | "hacking" | "serve") || StandardCapability::from_wire(name).is_some()
}

/// `^[a-z]+(_[a-z]+)*$`
fn is_capability_name(name: &str) -> bool {
    name.split('_').all(|word| !word.is_empty() && word.bytes().all(|letter| letter.is_ascii_lowercase()))
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("app_id", &self.app_id).finish_non_exhaustive()
    }
}
