//! Accounts of people; each shows what came with one of the credentials.

use lumos_connector::prelude::*;

use crate::credentials::{BASIC_MAIN, OAUTH_MAIN};

pub(crate) async fn list(call: Call, _: ListAccounts) -> Result<Vec<FoundAccountData>> {
    let login: BasicCredential = call.credential(BASIC_MAIN)?;
    Ok(vec![FoundAccountData {
        integration_specific_id: "one".to_owned(),
        username: Some(login.username),
        ..Default::default()
    }])
}

pub(crate) async fn get(call: Call, request: GetAccount) -> Result<FoundAccountData> {
    let login: Option<OAuthCredential> = call.optional_credential(OAUTH_MAIN);
    Ok(FoundAccountData {
        integration_specific_id: request.account_id,
        username: login.map(|login| login.access_token.expose().to_owned()),
        ..Default::default()
    })
}
