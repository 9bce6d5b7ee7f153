//! One call of a capability, as handlers see it: an [`Arc`] of the declaration, the request and the host.
//!
//! | file | what it holds |
//! | --- | --- |
//! | this one | the call |
//! | [`host`], [`clock`], [`token_exchange`] | what the process gives to it |
//! | [`envelope`] | the request around its payload |
//! | [`page`], [`token`], [`listing`] | pages of listings |
//! | [`rate_limit`] | how calls to the app are to be limited |
//! | [`reply`], [`body`], [`answer`] | what a handler answers with, and what becomes of it |
//! | [`left_out`] | rows that cost themselves, and are told |
//! | [`new_password`] | the password of an account that is created |
//! | [`fingerprint`], [`python_json`] | whether two requests are the same |
//! | [`recording`] | a call with the HTTP exchanges that it made, without its secrets |
//! | [`observation`] | what is known of a call when it has ended |

pub mod answer;
pub(crate) mod body;
pub mod clock;
pub(crate) mod envelope;
pub mod fingerprint;
pub mod host;
pub(crate) mod left_out;
pub mod listing;
pub(crate) mod new_password;
pub mod observation;
pub mod page;
pub(crate) mod python_json;
pub mod rate_limit;
pub mod recording;
pub mod reply;
pub mod token;
pub(crate) mod token_exchange;

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use futures_util::future::BoxFuture;
use lumos_connector_types::auth::AuthCredential;
use lumos_connector_types::error::Error as WireError;
use lumos_connector_types::json::JsonObject;
use lumos_connector_types::rate_limit::{RateLimitRequestInfo, RateLimitStateSnapshot};
use lumos_connector_types::schema::Refs;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use self::answer::Answer;
use self::envelope::{Envelope, SentSettings};
use self::host::Host;
use self::page::PageRequest;
use self::rate_limit::{RateLimitContext, RateLimitReport};
use crate::declaration::Declaration;
use crate::declaration::auth::CredentialModel;
use crate::declaration::capability::CapabilityInfo;
use crate::declaration::error::{ConnectorError, Result};
use crate::declaration::redaction;
use crate::declaration::redaction::values::{self, SecretSource, SecretValues};

/// One call: credentials, settings, page, and what else a request brings beside its payload.
///
/// It is cheap to clone and can be taken whole as an argument of a handler; see [`FromCall`](crate::FromCall) for
/// taking parts of it.
#[derive(Clone)]
pub struct Call(Arc<Parts>);

struct Parts {
    connector: Arc<dyn Connector>,
    host: Host,
    capability: Arc<CapabilityInfo>,
    envelope: Envelope,
    started: Instant,
    /// The settings as the check before the handler read them, until somebody takes them.
    checked_settings: Mutex<Option<Box<dyn Any + Send>>>,
    /// The payload as it was sent, for the secret values in it; the envelope does not have them.
    payload: Box<str>,
    secret_values: OnceLock<SecretValues>,
    rate_limit_report: RateLimitReport,
    /// One value of each type.
    shared: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

impl SecretSource for Parts {
    fn secret_values(&self) -> &SecretValues {
        self.secret_values.get_or_init(|| {
            let mut values = Vec::new();
            let envelope = &self.envelope;
            for credential in
                envelope.auth.as_deref().into_iter().chain(envelope.credentials.iter().flatten())
            {
                let json = serde_json::to_string(credential).unwrap_or_default();
                values::collect_credential(&json, &mut values);
                if let Some(login) = &credential.basic {
                    values.push(format!("{}:{}", login.username, login.password.expose()));
                }
                if let Some(client) = &credential.oauth_client_credentials {
                    values.push(format!("{}:{}", client.client_id, client.client_secret.expose()));
                }
            }
            values::collect(&self.payload, self.capability.secret_payload_names(), &mut values);
            values::collect_client(&self.payload, &mut values);
            if let Some(settings) = &envelope.settings {
                let names = self.connector.declaration().secret_fields();
                values::collect(settings.json().text(), &names, &mut values);
                values::collect_client(settings.json().text(), &mut values);
            }
            SecretValues::new(values)
        })
    }
}

/// The connector that is called: what it declares, and its other capabilities.
pub(crate) trait Connector: Send + Sync {
    fn declaration(&self) -> &Declaration;

    /// Answers a request of one of its capabilities.
    fn answer<'a>(
        self: Arc<Self>,
        host: &'a Host,
        capability: &'a str,
        request: &'a str,
    ) -> BoxFuture<'a, Answer>;
}

impl Call {
    pub(crate) fn new(
        connector: Arc<dyn Connector>,
        host: Host,
        capability: Arc<CapabilityInfo>,
        envelope: Envelope,
        checked_settings: Option<Box<dyn Any + Send>>,
        payload: Box<str>,
    ) -> Self {
        Self(Arc::new(Parts {
            connector,
            started: host.clock().now(),
            host,
            capability,
            envelope,
            checked_settings: Mutex::new(checked_settings),
            payload,
            secret_values: OnceLock::new(),
            rate_limit_report: RateLimitReport::default(),
            shared: Mutex::default(),
        }))
    }

    /// The call with other settings.
    pub(crate) fn with_settings(&self, settings: JsonObject) -> Self {
        let Parts { connector, host, capability, envelope, .. } = &*self.0;
        let envelope = Envelope { settings: Some(settings.into()), ..envelope.clone() };
        let payload = self.0.payload.clone();
        Self::new(Arc::clone(connector), host.clone(), Arc::clone(capability), envelope, None, payload)
    }

    /// What knows the secrets of this call, for texts that may repeat them.
    pub(crate) fn secret_source(&self) -> Arc<dyn SecretSource> {
        Arc::clone(&self.0) as Arc<dyn SecretSource>
    }

    pub(crate) fn declaration(&self) -> &Declaration {
        self.0.connector.declaration()
    }

    pub(crate) fn envelope(&self) -> &Envelope {
        &self.0.envelope
    }

    /// An error of this call as the caller reads it.
    pub(crate) fn wire_error(&self, error: ConnectorError) -> WireError {
        let handler = self.0.capability.handler.clone();
        self.declaration().mapped(error).into_wire(self.app_id(), Some(handler))
    }

    /// The connector's app id.
    #[must_use]
    pub fn app_id(&self) -> &str {
        &self.declaration().app_id
    }

    /// The connector's version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.declaration().version
    }

    /// What the process gives to the connector.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.0.host
    }

    /// Answers a request of another capability of the connector, as if the platform had sent it.
    pub async fn dispatch(&self, capability: &str, request: &str) -> Answer {
        Arc::clone(&self.0.connector).answer(&self.0.host, capability, request).await
    }

    /// The name of the capability that is called.
    #[must_use]
    pub fn capability(&self) -> &'static str {
        self.0.capability.name
    }

    /// The settings of the connection, as a type.
    ///
    /// # Errors
    /// `bad_request` when the request has no settings or others than `T` asks for. A connector that declares
    /// `.settings::<T>()` never sees that: they are checked before its handlers run.
    pub fn settings<T: DeserializeOwned + Send + 'static>(&self) -> Result<T> {
        let mut checked = self.0.checked_settings.lock().unwrap_or_else(PoisonError::into_inner);
        match checked.take().map(Box::<dyn Any + Send>::downcast::<T>) {
            Some(Ok(settings)) => return Ok(*settings),
            Some(Err(other)) => *checked = Some(other),
            None => {}
        }
        drop(checked);
        let settings = self.0.envelope.settings.as_ref();
        let settings = settings.ok_or_else(|| ConnectorError::client("No settings in the request"))?;
        settings.read().map_err(|error| ConnectorError::client(format!("Invalid settings: {error}")))
    }

    /// The settings as the request brings them, whether the connector declares them or not: of duplicate keys the last,
    /// and `null` for numbers that JSON does not have.
    #[must_use]
    pub fn raw_settings(&self) -> Option<&JsonObject> {
        self.0.envelope.settings.as_ref().map(SentSettings::json)
    }

    /// The settings for a log: without what is secret in them, and cut where they are long (contract §10).
    /// `more_keys` are names of further secret fields, in lower case. `None` without settings, or without a model that
    /// says what is secret.
    #[must_use]
    pub fn redacted_settings(&self, more_keys: &[String]) -> Option<String> {
        let schema = self.declaration().settings.as_ref()?.schema;
        Some(redaction::settings::redacted(&schema(Refs::Defs), self.raw_settings()?, more_keys))
    }

    /// The credential of a connector that declares a single one, or the only one of that type in the request.
    ///
    /// # Errors
    /// `integration_missing_parameter` when the request does not carry it, which never happens for the declared
    /// credential.
    pub fn auth<T: CredentialModel>(&self) -> Result<T> {
        let envelope = &self.0.envelope;
        let all = envelope.auth.as_deref().into_iter().chain(envelope.credentials.iter().flatten());
        all.filter_map(T::find).next().ok_or_else(|| {
            ConnectorError::missing_parameter(format!("Missing '{}' credential in request", T::MODEL))
        })
    }

    /// The credential with an id, of a connector that declares several. Of several entries with the id the first
    /// counts.
    ///
    /// # Errors
    /// `invalid_value` when the request has no `credentials` at all (it came with `auth`, or with neither), or when the
    /// entry lacks the part for its type; `integration_missing_parameter` when no entry has the id.
    pub fn credential<T: CredentialModel>(&self, id: &str) -> Result<T> {
        let credentials = self.credentials();
        if credentials.is_empty() {
            return Err(ConnectorError::invalid_configuration(format!(
                "The request has no 'credentials', and so no credential '{id}' ({})",
                T::MODEL
            )));
        }
        match credentials.iter().find(|credential| credential.id.as_deref() == Some(id)) {
            Some(entry) => T::find(entry).ok_or_else(|| {
                ConnectorError::invalid_configuration(format!(
                    "The credential '{id}' has no '{}' part",
                    T::MODEL
                ))
            }),
            None => Err(ConnectorError::missing_parameter(format!(
                "The request has no credential '{id}' ({})",
                T::MODEL
            ))),
        }
    }

    /// The credential with an id when the request carries it whole. Of several entries with the id the first counts.
    #[must_use]
    pub fn optional_credential<T: CredentialModel>(&self, id: &str) -> Option<T> {
        let mut credentials = self.credentials().iter();
        credentials.find(|credential| credential.id.as_deref() == Some(id)).and_then(T::find)
    }

    /// All credentials of the request, in its order.
    #[must_use]
    pub fn credentials(&self) -> &[AuthCredential] {
        self.0.envelope.credentials.as_deref().unwrap_or_default()
    }

    /// The `auth` of the request.
    #[must_use]
    pub fn raw_auth(&self) -> Option<&AuthCredential> {
        self.0.envelope.auth.as_deref()
    }

    /// The page that the request asks for.
    #[must_use]
    pub fn page(&self) -> PageRequest {
        let page = self.0.envelope.page.clone().unwrap_or_default();
        PageRequest::new(self.capability()).with_page(page)
    }

    /// Whether the answer may carry the app's own answers.
    #[must_use]
    pub fn include_raw_data(&self) -> bool {
        self.0.envelope.include_raw_data.unwrap_or_default()
    }

    /// How calls to the app are to be limited.
    #[must_use]
    pub fn rate_limit(&self) -> RateLimitContext {
        let parts = &*self.0;
        RateLimitContext::new(
            parts.capability.metadata.rate_limit_mode.or(self.declaration().rate_limit_mode),
            parts.envelope.rate_limit.as_ref(),
            parts.capability.standard,
            parts.started,
        )
    }

    /// What the request says about rate limits, as it came.
    #[must_use]
    pub fn raw_rate_limit(&self) -> Option<&RateLimitRequestInfo> {
        self.0.envelope.rate_limit.as_ref()
    }

    /// Where the states of rate limits are noted for the answer.
    #[must_use]
    pub fn rate_limit_report(&self) -> RateLimitReport {
        self.0.rate_limit_report.clone()
    }

    /// Notes the state of a rate limit, for the answer; the last state of a configuration counts.
    pub fn report_rate_limit(&self, config_id: impl Into<String>, state: RateLimitStateSnapshot) {
        self.0.rate_limit_report.note(config_id, state);
    }

    /// A value that all parts of the call share, made on first use: one HTTP client, one cache.
    pub fn share_with<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let mut shared = self.0.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let value = shared.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(make())).clone();
        drop(shared);
        value.downcast().unwrap_or_else(|_| unreachable!("a value is kept under its own type"))
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("app_id", &self.app_id())
            .field("capability", &self.capability())
            .finish_non_exhaustive()
    }
}
