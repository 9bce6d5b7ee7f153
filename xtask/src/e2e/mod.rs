//! `cargo xtask e2e`: release binaries against programs that are not ours, one file a suite.
//!
//! | part | what it is |
//! | --- | --- |
//! | [`stage`] | what a suite is given: binaries, a cache folder, and the numbered list of what it did |
//! | [`install`] | packages of pip, npm and apt, in pinned versions, installed once |
//! | [`server`] | a process on a free port, stopped whatever happens |
//! | [`large_listing`] | how fast a large listing is, and how much memory it takes |
//! | [`connector`] | command lines of a connector and what they answer |
//! | [`certificates`] | a certificate authority of one run |
//! | [`browser`] | a person who signs in |
//! | [`slow_pages`] | a server that sends too much, too slowly |
//! | [`connection`] | a connector with credentials and settings: answers, errors, listings to their end |

mod browser;
mod certificates;
mod connection;
mod connector;
mod container;
mod docs;
mod install;
mod large_listing;
mod oidc;
mod openapi;
mod postgres;
mod scaffold;
mod schemathesis;
mod scim;
mod secrets;
mod serve;
mod server;
mod slow_pages;
mod stage;

use anyhow::{Result, ensure};
use cargo_metadata::MetadataCommand;
use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::binaries::{Binaries, Choice};
use stage::Stage;

/// Run binaries end to end against programs that are not ours
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The suites to run, or `all`
    #[arg(value_name = "NAME", required = true, value_parser = PossibleValuesParser::new(names()))]
    names: Vec<String>,
    #[command(flatten)]
    binaries: Choice,
    /// Take tenants of the full size, not the tenth of it that CI takes
    #[arg(long)]
    full: bool,
}

/// A suite: it prints what it does, and an error ends it early.
struct Suite {
    name: &'static str,
    run: fn(&mut Stage) -> Result<()>,
}

const SUITES: &[Suite] = &[
    Suite { name: "container", run: container::run },
    Suite { name: "docs", run: docs::run },
    Suite { name: "oidc", run: oidc::run },
    Suite { name: "openapi", run: openapi::run },
    Suite { name: "postgres", run: postgres::run },
    Suite { name: "scaffold", run: scaffold::run },
    Suite { name: "scim", run: scim::run },
    Suite { name: "secrets", run: secrets::run },
    Suite { name: "schemathesis", run: schemathesis::run },
    Suite { name: "serve", run: serve::run },
];

const ALL: &str = "all";

fn names() -> impl Iterator<Item = &'static str> {
    SUITES.iter().map(|suite| suite.name).chain([ALL])
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
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
