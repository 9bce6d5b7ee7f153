//! A handler that holds across an `await` what must not leave its thread.

use std::rc::Rc;

use lumos_connector_core::Integration;
use lumos_connector_core::error::Result;
use lumos_connector_types::capability::marker as capability;
use lumos_connector_types::payload::{FoundAccountData, ListAccounts};

async fn list_accounts(_: (), _: ListAccounts) -> Result<Vec<FoundAccountData>> {
    let shared = Rc::new(Vec::new());
    std::future::ready(()).await;
    Ok(shared.to_vec())
}

fn main() {
    let _ = Integration::builder("acme", "1.0.0").capability(capability::ListAccounts, list_accounts);
}
