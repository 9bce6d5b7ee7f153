//! A connector for [Kinto](https://pypi.org/project/kinto/), tried against its server: accounts, buckets, groups.
//!
//! `cases.rs` beside it is its suite. To run it against a server: `cargo run --example kinto -- list_accounts --json …`.

mod connector;

use std::process::ExitCode;

fn main() -> ExitCode {
    lumos_connector::run(connector::integration())
}
