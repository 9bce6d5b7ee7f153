//! A reply around the payload of another capability.

use lumos_connector_core::error::Result;
use lumos_connector_core::{Integration, Reply};
use lumos_connector_types::capability::marker as capability;
use lumos_connector_types::payload::{FoundAccountData, ListAccounts};

async fn list_accounts(_: (), _: ListAccounts) -> Result<Reply<FoundAccountData>> {
    Ok(Reply::new(FoundAccountData::default()))
}

fn main() {
    let _ = Integration::builder("acme", "1.0.0").capability(capability::ListAccounts, list_accounts);
}
