//! A handler with a tuple of which one part cannot be taken from a call.

use lumos_connector_core::error::Result;
use lumos_connector_core::page::PageRequest;
use lumos_connector_core::{Call, Integration};
use lumos_connector_types::capability::marker as capability;
use lumos_connector_types::payload::{FoundAccountData, ListAccounts};

struct AcmeClient;

async fn list_accounts(_: (Call, AcmeClient, PageRequest), _: ListAccounts) -> Result<Vec<FoundAccountData>> {
    Ok(Vec::new())
}

fn main() {
    let _ = Integration::builder("acme", "1.0.0").capability(capability::ListAccounts, list_accounts);
}
