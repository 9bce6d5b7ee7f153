//! The twin `oauth_mock`: the authorization-code flow with PKCE, token requests as forms.

mod accounts;
mod connection;
mod integration;
mod oauth;
mod settings;

use lumos_connector::prelude::*;

fn main() -> ExitCode {
    lumos_connector::run(integration::integration())
}
