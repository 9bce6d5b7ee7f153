//! `validate_credential_config`: whether the form of a credential is right, without asking the app (contract §4).

use lumos_connector_types::auth::AuthCredential;
use lumos_connector_types::validation::{ValidateCredentialConfig, ValidatedCredentialConfig};
use serde_json::Value;

use crate::call::Call;
use crate::declaration::error::{ConnectorError, Result};

/// Answers `validate_credential_config`.
pub(crate) async fn validate_credential_config(
    call: Call,
    request: ValidateCredentialConfig,
) -> Result<ValidatedCredentialConfig> {
    let credential = request.credential;
    let id = credential.id.as_deref().unwrap_or_default();
    if id.is_empty() {
        return Err(ConnectorError::missing_parameter("The credential has no id"));
    }
    let login = call.integration().auth_requirements();
    let entry = login.credential(id).ok_or_else(|| {
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

    let own = entry.validation.as_ref().and_then(|validation| validation(call.clone(), &credential));
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
