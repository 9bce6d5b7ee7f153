//! Credentials: their models, their declaration, and `validate_credential_config`: whether the form of a credential is right, without
//! asking the app (contract §4).

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use lumos_connector_types::auth::{AuthCredential, OAuthClientCredential, OAuthCredential};
use lumos_connector_types::schema;
use lumos_connector_types::validation::{ValidateCredentialConfig, ValidatedCredentialConfig};
use schemars::JsonSchema;
use serde_json::Value;

use super::oauth::OAuthSettings;
use crate::call::Call;
use crate::declaration::auth::CredentialEntry;
pub use crate::declaration::auth::{AuthModel, CredentialModel};
use crate::declaration::error::{ConnectorError, Result};

/// The connector's own check of a credential, with its type erased. `None` when the part for its type is not there.
pub(crate) type Validation = Arc<
    dyn Fn(Call, &AuthCredential) -> Option<BoxFuture<'static, Result<ValidatedCredentialConfig>>>
        + Send
        + Sync,
>;

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
#[derive(Clone)]
pub struct CredentialConfig<T> {
    pub(crate) entry: CredentialEntry,
    pub(crate) oauth: Option<OAuthSettings>,
    pub(crate) validation: Option<Validation>,
    model: PhantomData<fn() -> T>,
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
            },
            oauth: None,
            validation: None,
            model: PhantomData,
        }
    }

    /// Sets the name of the credential in forms.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.entry.name = Some(name.into());
        self
    }

    /// Lets requests leave the credential out.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.entry.optional = true;
        self
    }

    /// Sets the schema of the form in which the credential is entered, in place of the model's.
    #[must_use]
    pub fn input_model<M: JsonSchema>(mut self) -> Self {
        self.entry.input_model = Some(schema::of::<M>);
        self.entry.schema = schema::of::<M>;
        self
    }

    /// Sets the connector's own check of the credential's form. It runs in `validate_credential_config`, after the SDK's
    /// checks found nothing missing; it must not need the app.
    #[must_use]
    pub fn validate<F, Fut>(mut self, validation: F) -> Self
    where
        F: Fn(Call, T) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<ValidatedCredentialConfig>> + Send + 'static,
    {
        self.validation = Some(Arc::new(move |call, credential| {
            T::find(credential)
                .map(|credential| Box::pin(validation(call, credential)) as BoxFuture<'static, _>)
        }));
        self
    }
}

/// A credential that an OAuth flow obtains.
pub trait OAuthModel: CredentialModel {}

impl OAuthModel for OAuthCredential {}
impl OAuthModel for OAuthClientCredential {}

impl<T: OAuthModel> CredentialConfig<T> {
    /// Sets the OAuth flow that obtains the credential.
    #[must_use]
    pub fn oauth(mut self, settings: OAuthSettings) -> Self {
        self.oauth = Some(settings);
        self
    }
}

impl<T> fmt::Debug for CredentialConfig<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entry.fmt(f)
    }
}

/// The connector's own checks of credentials, by the ids of their credentials.
pub(crate) type Validations = HashMap<String, Validation>;

/// Answers `validate_credential_config`.
pub(crate) async fn validate_credential_config(
    validations: Arc<Validations>,
    call: Call,
    request: ValidateCredentialConfig,
) -> Result<ValidatedCredentialConfig> {
    let credential = request.credential;
    let id = credential.id.as_deref().unwrap_or_default();
    if id.is_empty() {
        return Err(ConnectorError::missing_parameter("The credential has no id"));
    }
    let entry = call.declaration().auth.credential(id).ok_or_else(|| {
        ConnectorError::invalid_configuration(format!("This connector has no credential '{id}'"))
    })?;
    if !entry.model.is_complete(&credential) {
        let problem = format!("The credential '{id}' has no '{}' part", entry.model);
        return Err(ConnectorError::invalid_value(problem));
    }

    let mut errors = Vec::new();
    let payload = payload(&credential, entry.model.as_str())?;
    if let Value::Object(fields) = &payload {
        if fields.values().any(|value| value == "") {
            errors.push("A field that is needed is empty".to_owned());
        } else if has_outer_blanks(&payload) {
            errors.push("A field begins or ends with a blank".to_owned());
        }
    }
    if !errors.is_empty() {
        return Ok(ValidatedCredentialConfig { valid: false, validation_errors: Some(errors) });
    }

    let own = validations.get(id).and_then(|validation| validation(call.clone(), &credential));
    let Some(own) = own else {
        return Ok(ValidatedCredentialConfig { valid: true, validation_errors: Some(errors) });
    };
    let own = own.await?;
    let mut found = own.validation_errors.unwrap_or_default();
    if !own.valid && found.is_empty() {
        found.push("The credential is not valid".to_owned());
    }
    Ok(ValidatedCredentialConfig { valid: own.valid && found.is_empty(), validation_errors: Some(found) })
}

/// The part of a credential for its model, as JSON.
fn payload(credential: &AuthCredential, model: &str) -> Result<Value> {
    let mut whole = serde_json::to_value(credential)?;
    Ok(whole.get_mut(model).map(Value::take).unwrap_or_default())
}

/// Whether a text, also inside objects, has blanks around it. Keys of private keys and lists are left out: their
/// blanks may be meant.
fn has_outer_blanks(value: &Value) -> bool {
    match value {
        Value::String(text) => text.trim_matches(is_blank) != text,
        Value::Object(fields) => {
            fields.iter().any(|(key, field)| !key.contains("private_key") && has_outer_blanks(field))
        }
        _ => false,
    }
}

/// White space of Unicode, and the separators of ASCII that it leaves out.
fn is_blank(letter: char) -> bool {
    letter.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&letter)
}
