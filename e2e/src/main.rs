//! `cargo xtask e2e`: release binaries against programs that are not ours.
//!
//! A suite is one file or folder of [`suites`]; what suites share is in [`harness`].
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it is a command line")]

mod harness;
mod suites;

use std::process::ExitCode;

use anyhow::{Result, ensure};
use cargo_metadata::MetadataCommand;
use clap::Parser;
use clap::builder::PossibleValuesParser;
use xtask::binaries::{Binaries, Choice};

use harness::stage::Stage;
use suites::{SUITES, Suite};

const ALL: &str = "all";

/// Run binaries end to end against programs that are not ours
#[derive(Debug, Parser)]
#[command(name = "cargo xtask e2e", bin_name = "cargo xtask e2e")]
struct Arguments {
    /// The suites to run, or `all`
    #[arg(value_name = "NAME", required = true, value_parser = PossibleValuesParser::new(names()))]
    names: Vec<String>,
    #[command(flatten)]
    binaries: Choice,
    /// Take tenants of the full size, not the tenth of it that CI takes
    #[arg(long)]
    full: bool,
}

fn names() -> impl Iterator<Item = &'static str> {
    SUITES.iter().map(|suite| suite.name).chain([ALL])
}

fn main() -> ExitCode {
    // A process of a suite: it is this program, too.
    let done = suites::workers::nonce::process(&std::env::args().skip(1).collect::<Vec<_>>());
    match done.unwrap_or_else(|| run(&Arguments::parse())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let workspace = MetadataCommand::new().no_deps().exec()?;
    let binaries = Binaries::new(arguments.binaries, &workspace);
    let is_chosen = |suite: &&Suite| arguments.names.iter().any(|name| name == suite.name || name == ALL);
    let mut failed = Vec::new();
    for suite in SUITES.iter().filter(is_chosen) {
        println!("e2e {}", suite.name);
        let mut stage = Stage::new(&workspace, binaries.clone(), arguments.full);
        if let Err(error) = (suite.run)(&mut stage) {
            stage.failed(&format!("the suite ended early: {error:#}"));
        }
        println!("{}", stage.summary());
        if !stage.is_green() {
            failed.push(suite.name);
        }
    }
    ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
    Ok(())
}
