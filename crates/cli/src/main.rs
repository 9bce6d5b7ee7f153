//! `connector`: what authors and operators of connectors run. One file or folder a command.
//!
//! stdout carries what was asked for and nothing else; progress and errors go to stderr.

mod add;
mod call;
mod check;
mod command_line;
mod compile_on_prem;
mod connection;
mod diff;
mod export;
mod scaffold;
mod shell;
mod spec;
mod stub;
mod sync;
mod workbench;

use std::process::ExitCode;

fn main() -> ExitCode {
    command_line::run()
}
