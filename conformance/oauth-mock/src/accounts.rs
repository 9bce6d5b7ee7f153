//! Accounts of people.

use lumos_connector::prelude::*;

pub(crate) async fn list(_: (), _: ListAccounts) -> Result<Vec<FoundAccountData>> {
    Ok(vec![FoundAccountData { integration_specific_id: "only-one".to_owned(), ..Default::default() }])
}
