//! A connector whose logins come from an OpenID provider: what `cargo xtask e2e oidc` drives.
//!
//! It has one credential for each way of getting a token: a person's consent with PKCE, and a machine's own access with
//! the client in a Basic header or in the body.

mod logins;
mod settings;

use lumos_connector::prelude::*;

use settings::OidcSettings;

fn main() -> ExitCode {
    lumos_connector::run(integration())
}

fn integration() -> Result<Integration, IntegrationError> {
    Integration::builder("oidc-connector", env!("CARGO_PKG_VERSION"))
        .about("OpenID provider", [AppCategory::Internal])
        .credential(logins::person())
        .credential(logins::machine_basic())
        .credential(logins::machine_body())
        .settings::<OidcSettings>()
        .build()
}
