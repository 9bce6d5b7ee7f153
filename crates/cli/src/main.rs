//! `connector`: what authors and operators of connectors run. One file or folder a command.
//!
//! stdout carries what was asked for and nothing else; progress and errors go to stderr.

mod add;
mod call;
mod check;
#[cfg(feature = "workers")]
mod cluster;
#[cfg(feature = "workers")]
mod collect;
mod command_line;
mod compile_on_prem;
mod connection;
mod diff;
mod export;
mod scaffold;
#[cfg(feature = "workers")]
mod schedule;
mod shell;
mod spec;
mod stub;
mod sync;
mod workbench;
#[cfg(feature = "workers")]
mod worker;

use std::process::ExitCode;

fn main() -> ExitCode {
    command_line::run()
}
