//! `cargo xtask schemas`: what this workspace says the wire looks like, to read beside the contract.

use std::io::{Write, stdout};

use anyhow::Result;
use clap::Args;
use lumos_connector_types::schema::{Refs, catalog};

/// Print the JSON Schema of every wire type by its name
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Point references at `#/components/schemas/`, as in an OpenAPI document, instead of `#/$defs/`
    #[arg(long)]
    components: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let refs = if arguments.components { Refs::Components } else { Refs::Defs };
    writeln!(stdout().lock(), "{}", serde_json::to_string_pretty(&catalog(refs))?)?;
    Ok(())
}
