//! The connector as a program.

use std::process::ExitCode;

fn main() -> ExitCode {
    lumos_connector::run(bench_connector::integration())
}
