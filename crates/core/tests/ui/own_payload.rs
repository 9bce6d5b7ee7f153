//! Creating accounts from a payload of the connector's own, without `::of`.

use lumos_connector_core::Integration;
use lumos_connector_core::error::Result;
use lumos_connector_types::capability::marker as capability;
use lumos_connector_types::payload::{AccountStatus, CreatedAccount};

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct NewAccount {
    email: String,
}

async fn create_account(_: (), new: NewAccount) -> Result<CreatedAccount> {
    Ok(CreatedAccount::new(new.email, AccountStatus::Active))
}

fn main() {
    let _ = Integration::builder("acme", "1.0.0").capability(capability::CreateAccount, create_account);
}
