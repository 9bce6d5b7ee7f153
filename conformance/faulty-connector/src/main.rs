//! A connector with a fault of choice: `FAULT` names it, and without it the connector is healthy.
//!
//! Faults that an SDK lets one make are made in the handlers ([`listings`]); those that none does, such as noise on
//! stdout, are made in place of the connector ([`by_hand`]). `FAULT_STATE` names a file in which faults count that do
//! not happen every time.

mod by_hand;
mod fault;
mod listings;
mod tenant;

use lumos_connector::prelude::*;

use fault::Fault;

fn main() -> ExitCode {
    let fault = Fault::chosen();
    if let Some(status) = by_hand::answer(fault) {
        return status;
    }
    lumos_connector::run(integration())
}

fn integration() -> Result<Integration, IntegrationError> {
    Integration::builder("faulty-connector", "1.0.0")
        .about("Faulty Connector", [])
        .requires_authentication(false)
        .capability(capability::ValidateCredentials, listings::validate)
        .capability(capability::ListAccounts, listings::accounts)
        .capability(capability::ListEntitlements, listings::entitlements)
        .capability(capability::FindEntitlementAssociations, listings::associations)
        .build()
}
