//! Accounts: the users of the service, and when they were last active.

use lumos_connector::prelude::*;

use crate::attribute_path::{AttributePath, named, values_of};
use crate::resource::Resource;
use crate::service::{Endpoint, Scim};
use crate::settings::ScimSettings;
use crate::walk::Walk;

pub(crate) async fn list_accounts(scim: Scim, request: ListAccounts) -> Result<Reply<Vec<FoundAccountData>>> {
    let wanted = named(request.custom_attributes)?;
    // A user's groups may be many, and each is an association.
    let walk = |size| Walk::all(Endpoint::users(), size).without("groups");
    scim.page(walk, |user: Resource| account(&user, &scim.settings, wanted.as_deref())).await
}

pub(crate) async fn get_account(scim: Scim, request: GetAccount) -> Result<FoundAccountData> {
    let wanted = named(request.custom_attributes)?;
    let user = scim.read(&Endpoint::users(), &request.account_id, "").await?;
    Ok(account(&user, &scim.settings, wanted.as_deref()))
}

fn account(user: &Resource, settings: &ScimSettings, wanted: Option<&[AttributePath]>) -> FoundAccountData {
    let text = |path: &AttributePath| path.text_in(user).map(std::borrow::Cow::into_owned);
    FoundAccountData {
        email: text(&settings.email_attribute),
        given_name: text(&settings.given_name_attribute),
        family_name: text(&settings.family_name_attribute),
        username: text(&settings.username_attribute),
        user_status: status(user),
        custom_attributes: wanted.map(|paths| values_of(paths, user)),
        extra_data: Some(user.extra_data()),
        ..FoundAccountData::new(user.id.as_str())
    }
}

/// The state of a user; none when the service does not tell.
pub(crate) fn status(user: &Resource) -> Option<AccountStatus> {
    Some(if user.is_active()? { AccountStatus::Active } else { AccountStatus::Inactive })
}

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
