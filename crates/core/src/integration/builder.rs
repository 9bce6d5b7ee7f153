//! The declaration of a connector, step by step.

use std::collections::{BTreeMap, HashSet};
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, OnceLock};

use lumos_connector_types::access_graph::{
    AccessGraphEntitlementRule, AccessGraphEntitlementType, AccessGraphImpliedAccessRule,
};
use lumos_connector_types::capability::{Capability, StandardCapability};
use lumos_connector_types::entitlement::EntitlementType;
use lumos_connector_types::info::AppCategory;
use lumos_connector_types::rate_limit::RateLimitMode;
use lumos_connector_types::resource::ResourceType;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::{About, Declaration, Integration};
use crate::builtin::oauth::OAuthSettings;
use crate::builtin::probe::ProbeSettings;
use crate::builtin::{self, Wanted};
use crate::call::by_type::ByType;
use crate::call::reply::IntoReply;
use crate::declaration::auth::{AuthRequirements, CredentialConfig, CredentialModel};
use crate::declaration::error::Result;
use crate::declaration::error::classify::{Classification, ErrorHandler};
use crate::declaration::mistake::{IntegrationError, Mistake};
use crate::declaration::payload_rules;
use crate::declaration::settings::SettingsModel;
use crate::dispatch::from_call::FromCall;
use crate::dispatch::handler::{Handler, Registered};

/// A connector in the making; see [`Integration::builder`].
///
/// No step fails. [`build`](Self::build) reports all mistakes together.
#[must_use = "a connector is made by `build()`"]
pub struct Builder {
    app_id: String,
    version: String,
    about: About,
    login: AuthRequirements,
    settings: Option<SettingsModel>,
    capabilities: Vec<Arc<dyn Registered>>,
    error_handlers: Vec<ErrorHandler>,
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
            login: AuthRequirements {
                single: None,
                oauth: None,
                credentials: Vec::new(),
                allowed: Vec::new(),
                required: true,
            },
            settings: None,
            capabilities: Vec::new(),
            error_handlers: Vec::new(),
            rate_limit_mode: None,
            probe: Some(ProbeSettings::default()),
            credential_validation: true,
        }
    }

    /// The app's name for people, and the categories it belongs to.
    pub fn about(
        mut self,
        user_friendly_name: impl Into<String>,
        categories: impl IntoIterator<Item = AppCategory>,
    ) -> Self {
        self.about.user_friendly_name = user_friendly_name.into();
        self.about.categories = categories.into_iter().collect();
        self
    }

    /// What the connector is, for people.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.about.description = Some(description.into());
        self
    }

    /// The address of the app's logo.
    pub fn logo_url(mut self, url: impl Into<String>) -> Self {
        self.about.logo_url = Some(url.into());
        self
    }

    /// The domain of the app's vendor.
    pub fn vendor_domain(mut self, domain: impl Into<String>) -> Self {
        self.about.vendor_domain = Some(domain.into());
        self
    }

    /// The types of resources in the app.
    pub fn resource_types(mut self, types: impl IntoIterator<Item = ResourceType>) -> Self {
        self.about.resource_types.extend(types);
        self
    }

    /// The types of entitlements in the app.
    pub fn entitlement_types(mut self, types: impl IntoIterator<Item = EntitlementType>) -> Self {
        self.about.entitlement_types.extend(types);
        self
    }

    /// The types of entitlements in the app's access graph.
    pub fn access_graph_entitlement_types(
        mut self,
        types: impl IntoIterator<Item = AccessGraphEntitlementType>,
    ) -> Self {
        self.about.access_graph_entitlement_types.extend(types);
        self
    }

    /// Entitlements that every resource of a type has.
    pub fn entitlement_rules(mut self, rules: impl IntoIterator<Item = AccessGraphEntitlementRule>) -> Self {
        self.about.entitlement_rules.extend(rules);
        self
    }

    /// Which entitlements imply which others.
    pub fn implied_access_rules(
        mut self,
        rules: impl IntoIterator<Item = AccessGraphImpliedAccessRule>,
    ) -> Self {
        self.about.implied_access_rules.extend(rules);
        self
    }

    /// The single credential that requests bring in `auth`.
    pub fn auth<T: CredentialModel>(mut self) -> Self {
        self.login.single = Some((T::MODEL, lumos_connector_types::schema::of::<T>));
        self
    }

    /// One of several credentials, which requests bring in `credentials`.
    pub fn credential<T: CredentialModel>(mut self, config: CredentialConfig<T>) -> Self {
        self.login.credentials.push(config.into_entry());
        self
    }

    /// The OAuth flow that brings the single credential.
    pub fn oauth(mut self, settings: OAuthSettings) -> Self {
        self.login.oauth = Some(settings);
        self
    }

    /// A combination of credentials that opens the connection. Without any, all required credentials together do,
    /// and every optional one alone does.
    pub fn allow_credentials<I: Into<String>>(mut self, ids: impl IntoIterator<Item = I>) -> Self {
        self.login.allowed.push(ids.into_iter().map(Into::into).collect());
        self
    }

    /// Whether requests must bring credentials; they must unless this says otherwise.
    pub fn requires_authentication(mut self, required: bool) -> Self {
        self.login.required = required;
        self
    }

    /// The settings of a connection. They are checked before every handler.
    pub fn settings<T: DeserializeOwned + JsonSchema + Send + 'static>(mut self) -> Self {
        self.settings = Some(SettingsModel::of::<T>());
        self
    }

    /// The rate-limit mode of all capabilities that set none of their own.
    pub fn rate_limit_mode(mut self, mode: RateLimitMode) -> Self {
        self.rate_limit_mode = Some(mode);
        self
    }

    /// How `probe_integration` probes, in place of the SDK's own checks.
    pub fn probe(mut self, settings: ProbeSettings) -> Self {
        self.probe = Some(settings);
        self
    }

    /// No `probe_integration`.
    pub fn without_probe(mut self) -> Self {
        self.probe = None;
        self
    }

    /// No `validate_credential_config`, which the SDK brings when credentials are declared.
    pub fn without_credential_validation(mut self) -> Self {
        self.credential_validation = false;
        self
    }

    /// What the connector knows about a type of error. All handlers of a type run in order, the last one counts.
    ///
    /// ```
    /// use lumos_connector_core::{Integration, error};
    /// # let builder = Integration::builder("acme", "1.0.0");
    /// let builder = builder.on_error(error::http_status);
    /// # drop(builder);
    /// ```
    pub fn on_error<E, K>(mut self, handler: impl Fn(&E) -> K + Send + Sync + 'static) -> Self
    where
        E: Error + 'static,
        K: Into<Classification>,
    {
        self.error_handlers
            .push(Box::new(move |error| error.downcast_ref::<E>().map(|error| handler(error).into())));
        self
    }

    /// A capability and its handler: `async fn(X, Payload) -> Result<Answer>`, where `X` is anything that can be
    /// [taken from a call](FromCall).
    pub fn capability<C, F, X, Fut, T>(mut self, capability: C, handler: F) -> Self
    where
        C: Capability,
        F: Fn(X, C::Request) -> Fut + Send + Sync + 'static,
        X: FromCall + 'static,
        Fut: Future<Output = Result<T>> + Send + 'static,
        T: IntoReply<C::Response> + 'static,
    {
        self.capabilities.push(Arc::new(Handler::new(&capability, handler)));
        self
    }

    /// The connector.
    ///
    /// # Errors
    /// All mistakes of the declaration at once; see [`Mistake`].
    pub fn build(mut self) -> std::result::Result<Integration, IntegrationError> {
        self.app_id = self.app_id.trim().to_owned();
        let mistakes = self.mistakes();
        if !mistakes.is_empty() {
            return Err(IntegrationError { mistakes });
        }
        let Self { app_id, version, about, login, settings, error_handlers, rate_limit_mode, probe, .. } =
            self;
        let brought = builtin::capabilities(&Wanted {
            login: &login,
            probe: probe.is_some(),
            credential_validation: self.credential_validation,
        });
        // The author's own come last and take the place of those the SDK brings.
        let capabilities: BTreeMap<_, _> = brought
            .into_iter()
            .chain(self.capabilities)
            .map(|registered| (registered.facts().name, registered))
            .collect();
        Ok(Integration(Arc::new(Declaration {
            app_id,
            version,
            about,
            login,
            settings,
            capabilities,
            error_handlers,
            rate_limit_mode,
            probe: probe.unwrap_or_else(ProbeSettings::none),
            provided: ByType::default(),
            observer: OnceLock::new(),
        })))
    }

    fn mistakes(&self) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        if self.app_id.is_empty() {
            mistakes.push(Mistake::EmptyAppId);
        }
        if self.login.single.is_some() && !self.login.credentials.is_empty() {
            mistakes.push(Mistake::SingleAndSeveralCredentials);
        }
        let mut ids = HashSet::new();
        for config in &self.login.credentials {
            if config.id.is_empty() {
                mistakes.push(Mistake::EmptyCredentialId);
            } else if !ids.insert(config.id.as_str()) {
                mistakes.push(Mistake::DuplicateCredential(config.id.clone()));
            }
        }
        let named = self.login.allowed.iter().flatten();
        mistakes
            .extend(named.filter(|id| !ids.contains(id.as_str())).cloned().map(Mistake::UnknownCredential));

        let flows =
            self.login.oauth.iter().chain(self.login.credentials.iter().filter_map(|one| one.oauth.as_ref()));
        let reserved = flows.flat_map(OAuthSettings::reserved_parameters);
        mistakes.extend(reserved.map(|name| Mistake::ReservedOAuthParameter(name.to_owned())));

        let mut names = HashSet::new();
        for registered in &self.capabilities {
            let facts = registered.facts();
            if facts.standard.is_none() && is_reserved(facts.name) {
                mistakes.push(Mistake::ReservedName(facts.name));
            } else if facts.standard.is_none() && !is_capability_name(facts.name) {
                mistakes.push(Mistake::MalformedName(facts.name));
            }
            if !names.insert(facts.name) {
                mistakes.push(Mistake::DuplicateCapability(facts.name));
            }
            mistakes.extend(payload_rules::changed_fields(facts));
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
