//! A handler that is no `async fn`.

use lumos_connector_core::Integration;
use lumos_connector_core::error::Result;
use lumos_connector_types::capability::marker as capability;
use lumos_connector_types::payload::{FoundAccountData, ListAccounts};

fn list_accounts(_: (), _: ListAccounts) -> Result<Vec<FoundAccountData>> {
    Ok(Vec::new())
}

fn main() {
    let _ = Integration::builder("acme", "1.0.0").capability(capability::ListAccounts, list_accounts);
}
