//! The twin `open_mock`: a connector without credentials and settings, for the capabilities that no other twin has.

mod access_graph;
mod accounts;
mod applications;
mod arbitrary_endpoint;
mod connection;
mod integration;
mod non_human;

use lumos_connector::prelude::*;

fn main() -> ExitCode {
    lumos_connector::run(integration::integration())
}
