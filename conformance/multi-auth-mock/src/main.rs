//! The twin `multi_auth_mock`: a credential of every kind, allowed combinations, and settings of every kind.

mod access_graph;
mod accounts;
mod connection;
mod credentials;
mod echo;
mod integration;
mod settings;

use lumos_connector::prelude::*;

fn main() -> ExitCode {
    lumos_connector::run(integration::integration())
}
