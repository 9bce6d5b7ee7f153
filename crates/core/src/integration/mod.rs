//! A connector, put together: its declaration, its handlers, and the capabilities that the SDK brings.

mod builder;

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

pub use self::builder::Builder;
use crate::builtin::oauth::OAuthFlows;
use crate::builtin::{example, info};
use crate::call::answer::Answer;
use crate::call::host::Host;
use crate::call::observation::CallHandle;
use crate::call::recording::{RecordedExchange, Recording};
use crate::declaration::error::ConnectorError;
pub use crate::declaration::mistake::{IntegrationError, Mistake};
use crate::dispatch::Dispatcher;

/// A connector, declared and ready to answer. It does not change any more. Cheap to clone.
///
/// ```
/// use lumos_connector_core::{Integration, error::Result};
/// use lumos_connector_types::{capability::marker as capability, payload::*};
///
/// async fn validate_credentials(_: (), _: ValidateCredentials) -> Result<ValidatedCredentials> {
///     Ok(ValidatedCredentials::valid("acme"))
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
pub struct Integration {
    dispatcher: Arc<Dispatcher>,
    flows: Arc<OAuthFlows>,
}

impl Integration {
    /// Begins the declaration of a connector: the id of its app, and its own version.
    pub fn builder(app_id: impl Into<String>, version: impl Into<String>) -> Builder {
        Builder::new(app_id.into(), version.into())
    }

    /// The id of the app.
    #[must_use]
    pub fn app_id(&self) -> &str {
        &self.dispatcher.declaration.app_id
    }

    /// The version of the connector.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.dispatcher.declaration.version
    }

    /// The names of all capabilities in alphabetical order, with what each does.
    pub fn capabilities(&self) -> impl Iterator<Item = (&'static str, String)> + '_ {
        self.dispatcher.declaration.capabilities.values().map(|info| {
            let own = info.metadata.description.clone();
            let summary = own.or_else(|| info.standard.map(|standard| standard.summary().to_owned()));
            (info.name, summary.unwrap_or_default())
        })
    }

    /// Whether the connector has a capability.
    #[must_use]
    pub fn has_capability(&self, name: &str) -> bool {
        self.dispatcher.declaration.capabilities.contains_key(name)
    }

    /// Answers one request of a capability.
    ///
    /// Whatever goes wrong, a panic of the handler included, is an answer.
    ///
    /// ```
    /// # use lumos_connector_core::Integration;
    /// use lumos_connector_core::host::Host;
    ///
    /// # async fn example() -> std::io::Result<()> {
    /// # let acme = Integration::builder("acme", "1.0.0").build().map_err(std::io::Error::other)?;
    /// let answer = acme.dispatch(&Host::default(), "app_info", r#"{"request": {}}"#).await;
    /// assert!(answer.error_code().is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn dispatch(&self, host: &Host, capability: &str, request: &str) -> Answer {
        self.dispatcher.dispatch(host, None, capability, request).await
    }

    /// Answers one request of the capability of a handle, by which the call may be
    /// [interrupted](Self::interrupt) meanwhile.
    pub async fn dispatch_with(&self, handle: &CallHandle, request: &str) -> Answer {
        self.dispatcher.dispatch(handle.host(), Some(handle), handle.capability(), request).await
    }

    /// Ends a call from outside, such as at the deadline of a server: the answer with this error, of which observers are
    /// told unless the call has ended before.
    #[must_use]
    pub fn interrupt(&self, handle: &CallHandle, error: ConnectorError) -> Answer {
        let declaration = &self.dispatcher.declaration;
        let error = declaration.mapped(error);
        handle.interrupt(error.code());
        Answer::failure(declaration.own_error(error))
    }

    /// The text of `info`: one JSON envelope with sorted keys, in ASCII.
    #[must_use]
    pub fn info(&self) -> String {
        info::text(&self.dispatcher.declaration, &self.flows)
    }

    /// The recording of a call, without its secrets: what [`Recording`] says, with the secret fields that the connector
    /// marks. `exchanges` are as a [`Recorder`](crate::recording::Recorder) keeps them.
    ///
    /// # Errors
    /// When the request or the answer is not JSON.
    pub fn recording(
        &self,
        capability: &str,
        request: &str,
        exchanges: Vec<RecordedExchange>,
        answer: &[u8],
    ) -> Result<Recording, serde_json::Error> {
        let mut names = self.secret_fields();
        if let Some(info) = self.dispatcher.declaration.capabilities.get(capability) {
            names.extend_from_slice(info.secret_payload_names());
        }
        Recording::of(capability, request, exchanges, answer, names)
    }

    /// A request of a capability, with this connector's credentials and settings, and an answer to it: what is required,
    /// with `…` for texts. `None` when the connector does not have the capability.
    ///
    /// ```
    /// # use lumos_connector_core::Integration;
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let acme = Integration::builder("acme", "1.0.0").build()?;
    /// let (request, answer) = acme.example("app_info").ok_or("every connector has app_info")?;
    /// assert_eq!(request["request"], serde_json::json!({}));
    /// assert!(answer["response"].is_object());
    /// # Ok(())
    /// # }
    /// # example().unwrap();
    /// ```
    #[must_use]
    pub fn example(&self, capability: &str) -> Option<(Value, Value)> {
        example::of(&self.dispatcher.declaration, capability)
    }

    /// The names, in lower case, of the fields that settings and credentials mark as secret.
    #[must_use]
    pub fn secret_fields(&self) -> Vec<String> {
        self.dispatcher.declaration.secret_fields()
    }
}

impl fmt::Debug for Integration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Integration")
            .field("app_id", &self.app_id())
            .field("version", &self.version())
            .field("capabilities", &self.dispatcher.declaration.capabilities.keys())
            .finish_non_exhaustive()
    }
}
