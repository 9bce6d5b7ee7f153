//! What the connector declares.

use lumos_connector::prelude::*;

use crate::echo::EchoPayload;
use crate::settings::BenchSettings;
use crate::{accounts, associations, connection, echo};

/// The connector.
///
/// # Errors
/// Never: its declaration holds no mistake.
pub fn integration() -> Result<Integration, IntegrationError> {
    Integration::builder("bench-connector", "1.0.0")
        .about("Bench Connector", [])
        .description("A connector that does no I/O of its own.")
        .entitlement_types([EntitlementType {
            type_id: "ROLE".to_owned(),
            type_label: "Role".to_owned(),
            resource_type_id: String::new(),
            min: 0,
            max: None,
            requirements: None,
        }])
        .auth::<BasicCredential>()
        .settings::<BenchSettings>()
        .capability(capability::ValidateCredentials, connection::validate_credentials)
        .capability(capability::ListAccounts, accounts::list)
        .capability(capability::FindEntitlementAssociations, associations::find)
        .capability(EchoPayload, echo::echo)
        .build()
}
