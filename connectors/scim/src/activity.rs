//! When accounts were last active, where the service tells.

use lumos_connector::prelude::*;

use crate::service::{Endpoint, Scim};

/// SCIM has no standard attribute for it; without one in the settings, nothing is known of anybody.
pub(crate) async fn get_last_activity(scim: Scim, request: GetLastActivity) -> Result<Vec<LastActivityData>> {
    let Some(attribute) = &scim.settings.last_login_attribute else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for account_id in request.account_ids {
        let user = match scim.read(&Endpoint::users(), &account_id, attribute.without_filter()).await {
            Ok(user) => user,
            Err(error) if error.code() == ConnectorErrorCode::NotFound => continue,
            Err(error) => return Err(error),
        };
        found.extend(attribute.text_in(&user).map(|happened_at| LastActivityData {
            event_type: ActivityEventType::LastLogin.to_string(),
            happened_at: happened_at.into_owned(),
            account_id,
        }));
    }
    Ok(found)
}
