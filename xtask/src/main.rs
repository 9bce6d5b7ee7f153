//! What people run while developing this workspace: `cargo xtask <command>`, one file or folder a command.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it is a command line")]

mod api;
mod bench;
mod e2e;
mod floors;
mod golden;
mod instructions;
mod references;
mod rust_version;
mod schemas;
mod source;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "What people run while developing this workspace")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Api(api::Arguments),
    Bench(bench::Arguments),
    E2e(e2e::Arguments),
    Floors(floors::Arguments),
    Golden(golden::Arguments),
    Instructions(instructions::Arguments),
    References(references::Arguments),
    RustVersion(rust_version::Arguments),
    Schemas(schemas::Arguments),
}

fn main() -> ExitCode {
    match run(&Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> Result<()> {
    match command {
        Command::Api(arguments) => api::run(arguments),
        Command::Bench(arguments) => bench::run(arguments),
        Command::E2e(arguments) => e2e::run(arguments),
        Command::Floors(arguments) => floors::run(arguments),
        Command::Golden(arguments) => golden::run(arguments),
        Command::Instructions(arguments) => instructions::run(arguments),
        Command::References(arguments) => references::run(arguments),
        Command::RustVersion(arguments) => rust_version::run(arguments),
        Command::Schemas(arguments) => schemas::run(arguments),
    }
}
