//! Whether a request brings the credentials that the connector declares.

use std::collections::HashMap;

use lumos_connector_types::auth::AuthCredential;

use super::config::AuthRequirements;
use super::model::AuthModel;

/// Checks the credentials of a request.
///
/// The order of rules is the contract's (§4); the first that fails gives the message.
pub(crate) fn check(
    login: &AuthRequirements,
    auth: Option<&AuthCredential>,
    credentials: Option<&[AuthCredential]>,
) -> Result<(), String> {
    match (auth, credentials) {
        (Some(_), Some(_)) => Err("A request has `auth` or `credentials`, not both".to_owned()),
        (None, None) => Err("No credentials in the request: neither `auth` nor `credentials`".to_owned()),
        (Some(auth), None) => match login.single {
            Some((model, _)) if !model.is_complete(auth) => Err(missing(&[model])),
            // A connector with several credentials accepts any `auth`: callers from before they existed send it.
            _ => Ok(()),
        },
        (None, Some(credentials)) => check_several(login, credentials),
    }
}

fn check_several(login: &AuthRequirements, credentials: &[AuthCredential]) -> Result<(), String> {
    if credentials.is_empty() {
        return Err("No credentials in the request: `credentials` is empty".to_owned());
    }
    let mut complete: HashMap<&str, bool> = HashMap::new();
    for (index, credential) in credentials.iter().enumerate() {
        let id = credential.id.as_deref().unwrap_or_default();
        if id.is_empty() {
            return Err(format!("credentials[{index}].id: required, but not given"));
        }
        let Some(config) = login.credential(id) else {
            return Err(format!("Credential with id '{id}' not expected"));
        };
        *complete.entry(&config.id).or_default() |= config.model.is_complete(credential);
    }

    let mut closest: Option<Vec<AuthModel>> = None;
    for combination in login.combinations() {
        match lacking(login, &combination, &complete) {
            Some(lacking) if lacking.is_empty() => return Ok(()),
            Some(lacking) if closest.as_ref().is_none_or(|best| lacking.len() < best.len()) => {
                closest = Some(lacking);
            }
            _ => {}
        }
    }
    Err(closest
        .map_or_else(|| "The credentials fit no allowed combination".to_owned(), |models| missing(&models)))
}

/// The models that a combination still needs; `None` when it cannot be satisfied at all.
fn lacking(
    login: &AuthRequirements,
    combination: &[&str],
    complete: &HashMap<&str, bool>,
) -> Option<Vec<AuthModel>> {
    let members = combination.iter().map(|id| login.credential(id)).collect::<Option<Vec<_>>>()?;
    let is_complete = |id: &str| complete.get(id) == Some(&true);
    let lacking: Vec<_> = members
        .iter()
        .filter(|config| !config.optional && !is_complete(&config.id))
        .map(|config| config.model)
        .collect();
    if lacking.is_empty() && !members.iter().any(|config| is_complete(&config.id)) {
        return Some(members.iter().map(|config| config.model).collect())
            .filter(|models: &Vec<_>| !models.is_empty());
    }
    Some(lacking)
}

fn missing(models: &[AuthModel]) -> String {
    let names: Vec<_> = models.iter().map(|model| format!("'{model}'")).collect();
    format!("Missing {} credential in request", names.join(", "))
}
