//! The declaration of credentials.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use lumos_connector_types::auth::{AuthCredential, OAuthClientCredential, OAuthCredential};
use lumos_connector_types::schema::{self, Object, Refs};
use lumos_connector_types::validation::ValidatedCredentialConfig;
use schemars::JsonSchema;

use super::model::{AuthModel, CredentialModel};
use crate::builtin::oauth::OAuthSettings;
use crate::call::Call;
use crate::declaration::error::Result;
use crate::dispatch::handler::BoxFuture;

/// The schema of a type, made when it is asked for.
pub(crate) type SchemaOf = fn(Refs) -> Object;

/// The connector's own check of a credential, with its type erased. `None` when the part for its type is not there.
pub(crate) type Validation =
    Arc<dyn Fn(Call, &AuthCredential) -> Option<BoxFuture<Result<ValidatedCredentialConfig>>> + Send + Sync>;

/// One of the credentials that a connector can be connected with.
///
/// ```
/// use lumos_connector_core::auth::CredentialConfig;
/// use lumos_connector_types::payload::{TokenCredential, ValidatedCredentialConfig};
///
/// let config = CredentialConfig::<TokenCredential>::new("api_token", "A token from Settings → API.")
///     .name("API token")
///     .optional()
///     .validate(async |_call, token| {
///         let valid = token.token.expose().starts_with("acme_");
///         Ok(ValidatedCredentialConfig { valid, validation_errors: None })
///     });
/// # let _ = config;
/// ```
#[derive(Debug, Clone)]
pub struct CredentialConfig<T> {
    entry: CredentialEntry,
    model: PhantomData<fn() -> T>,
}

/// A declared credential, whatever its type.
#[derive(Clone)]
pub(crate) struct CredentialEntry {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) model: AuthModel,
    pub(crate) description: String,
    pub(crate) optional: bool,
    /// The schema of the form, when it is not the model's.
    pub(crate) input_model: Option<SchemaOf>,
    pub(crate) schema: SchemaOf,
    pub(crate) oauth: Option<OAuthSettings>,
    pub(crate) validation: Option<Validation>,
}

impl<T: CredentialModel> CredentialConfig<T> {
    /// A credential that is required, under an id that requests use.
    #[must_use]
    pub fn new(id: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            entry: CredentialEntry {
                id: id.into(),
                name: None,
                model: T::MODEL,
                description: description.into(),
                optional: false,
                input_model: None,
                schema: schema::of::<T>,
                oauth: None,
                validation: None,
            },
            model: PhantomData,
        }
    }

    /// The same credential under another name in forms.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.entry.name = Some(name.into());
        self
    }

    /// The same credential, which may be left out.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.entry.optional = true;
        self
    }

    /// The same credential with a form of its own: the schema of `M` instead of the model's.
    #[must_use]
    pub fn input_model<M: JsonSchema>(mut self) -> Self {
        self.entry.input_model = Some(schema::of::<M>);
        self.entry.schema = schema::of::<M>;
        self
    }

    /// The same credential with a check of its form by the connector. It runs in `validate_credential_config`, after
    /// the SDK's own checks found nothing missing; it must not need the app.
    #[must_use]
    pub fn validate<F, Fut>(mut self, validation: F) -> Self
    where
        F: Fn(Call, T) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<ValidatedCredentialConfig>> + Send + 'static,
    {
        self.entry.validation = Some(Arc::new(move |call, credential| {
            T::find(credential).map(|credential| Box::pin(validation(call, credential)) as BoxFuture<_>)
        }));
        self
    }

    pub(crate) fn into_entry(self) -> CredentialEntry {
        self.entry
    }
}

/// A credential that OAuth brings.
pub trait OAuthModel: CredentialModel {}

impl OAuthModel for OAuthCredential {}
impl OAuthModel for OAuthClientCredential {}

impl<T: OAuthModel> CredentialConfig<T> {
    /// The same credential, obtained by an OAuth flow.
    #[must_use]
    pub fn oauth(mut self, settings: OAuthSettings) -> Self {
        self.entry.oauth = Some(settings);
        self
    }
}

impl fmt::Debug for CredentialEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialEntry")
            .field("id", &self.id)
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}

/// How requests log in.
#[derive(Debug, Clone)]
pub(crate) struct AuthRequirements {
    /// The single credential of requests' `auth`.
    pub(crate) single: Option<(AuthModel, SchemaOf)>,
    /// The OAuth flow of the single credential.
    pub(crate) oauth: Option<OAuthSettings>,
    /// The credentials of requests' `credentials`.
    pub(crate) credentials: Vec<CredentialEntry>,
    /// The combinations given by the author.
    pub(crate) allowed: Vec<Vec<String>>,
    /// Whether credentials are checked at all.
    pub(crate) required: bool,
}

impl AuthRequirements {
    pub(crate) fn credential(&self, id: &str) -> Option<&CredentialEntry> {
        self.credentials.iter().find(|config| config.id == id)
    }

    /// The combinations of which one must be satisfied: the author's, or all required credentials together and every
    /// optional one alone.
    pub(crate) fn combinations(&self) -> Vec<Vec<&str>> {
        if !self.allowed.is_empty() {
            return self.allowed.iter().map(|ids| ids.iter().map(String::as_str).collect()).collect();
        }
        let ids = |optional: bool| {
            self.credentials
                .iter()
                .filter(move |config| config.optional == optional)
                .map(|config| config.id.as_str())
        };
        std::iter::once(ids(false).collect()).chain(ids(true).map(|id| vec![id])).collect()
    }
}
