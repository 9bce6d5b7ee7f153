//! `connector`: what an author of connectors runs. One file or folder a command.
//!
//! stdout carries what was asked for and nothing else; progress and errors go to stderr.

mod command_line;
mod compile_on_prem;
mod scaffold;
mod shell;
mod spec;

use std::process::ExitCode;

fn main() -> ExitCode {
    command_line::run()
}
