//! What the connector declares.

use lumos_connector::prelude::*;

use crate::echo::EchoSettings;
use crate::settings::MultiSettings;
use crate::{access_graph, accounts, connection, credentials, echo};

pub(crate) fn integration() -> Result<Integration, IntegrationError> {
    Integration::builder("multi-auth-mock", "2.1.0")
        .about("Multi Auth Mock", [AppCategory::Other])
        .description("Accepts almost anything.")
        .vendor_domain("vendor.example.com")
        .resource_types([access_graph::vault()])
        .access_graph_entitlement_types([access_graph::opener()])
        .entitlement_rules([access_graph::open_on_every_vault()])
        .implied_access_rules([access_graph::open_implies_what_is_contained()])
        .credential(credentials::oauth_main())
        .credential(credentials::oauth_machine())
        .credential(credentials::basic_main())
        .credential(credentials::token_extra())
        .credential(credentials::service())
        .credential(credentials::jwt_main())
        .credential(credentials::keys())
        .credential(credentials::legacy())
        .credential(credentials::ambient())
        .allow_credentials([credentials::OAUTH_MAIN])
        .allow_credentials([credentials::OAUTH_MACHINE])
        .allow_credentials([credentials::BASIC_MAIN, credentials::TOKEN_EXTRA])
        .allow_credentials([credentials::SERVICE])
        .allow_credentials([credentials::JWT_MAIN, credentials::KEYS])
        .allow_credentials([credentials::LEGACY])
        .allow_credentials([credentials::AMBIENT])
        .settings::<MultiSettings>()
        .capability(capability::ValidateCredentials, connection::validate_credentials)
        .capability(capability::ListAccounts, accounts::list)
        .capability(capability::GetAccount, accounts::get)
        .capability(EchoSettings {}, echo::echo_settings)
        .build()
}
