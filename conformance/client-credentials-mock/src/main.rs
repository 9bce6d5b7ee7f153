//! The twin `client_credentials_mock`: the client-credentials flow, the client in a Basic header, token requests as
//! JSON.

mod connection;
mod integration;
mod oauth;
mod settings;

use lumos_connector::prelude::*;

fn main() -> ExitCode {
    lumos_connector::run(integration::integration())
}
