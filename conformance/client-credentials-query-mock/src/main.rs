//! The twin `client_credentials_query_mock`: the client-credentials flow, token requests as queries, no refresh.

mod integration;
mod oauth;
mod settings;

use lumos_connector::prelude::*;

fn main() -> ExitCode {
    lumos_connector::run(integration::integration())
}
