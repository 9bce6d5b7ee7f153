//! A payload in the place of a capability's marker.

use lumos_connector_core::Integration;
use lumos_connector_core::error::Result;
use lumos_connector_types::payload::{FoundAccountData, ListAccounts};

async fn list_accounts(_: (), _: ListAccounts) -> Result<Vec<FoundAccountData>> {
    Ok(Vec::new())
}

fn main() {
    let _ = Integration::builder("acme", "1.0.0").capability(ListAccounts::default(), list_accounts);
}
