//! Accounts: the users of the broker.

use lumos_connector::prelude::*;

use crate::broker::{Broker, SIZES, User};

pub(crate) async fn list_accounts(
    (broker, page): (Broker, PageRequest),
    _: ListAccounts,
) -> Result<Reply<Vec<FoundAccountData>>> {
    let listing = page.listing(SIZES)?;
    let users = broker.users().await?;
    Ok(broker.noted(listing.reply_sorted(users, |user| user.name.clone(), |user| found(&user))?))
}

pub(crate) async fn get_account(broker: Broker, request: GetAccount) -> Result<FoundAccountData> {
    Ok(found(&broker.user(&request.account_id).await?))
}

/// RabbitMQ has no users that are switched off. Names that are e-mail addresses are said to be those, too.
fn found(user: &User) -> FoundAccountData {
    FoundAccountData {
        username: Some(user.name.clone()),
        email: Some(user.name.clone()).filter(|name| is_email(name)),
        user_status: Some(AccountStatus::Active),
        ..FoundAccountData::new(user.name.clone())
    }
}

fn is_email(name: &str) -> bool {
    name.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty() && host.contains('.') && !host.contains('@') && !name.contains(char::is_whitespace)
    })
}
