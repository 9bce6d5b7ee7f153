//! The twin `fallback_auth_mock`: several credentials, whose combinations are left to the SDK.

mod connection;
mod integration;

use lumos_connector::prelude::*;

fn main() -> ExitCode {
    lumos_connector::run(integration::integration())
}
