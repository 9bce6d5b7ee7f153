//! The program: see the library beside it.

use std::process::ExitCode;

fn main() -> ExitCode {
    lumos_connector::run(lumos_rabbitmq_connector::integration())
}
