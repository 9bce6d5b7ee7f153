//! `connector completions` and `connector man-page`: the tool in a shell and in `man`.

use clap::{Args, Command};
use clap_complete::Shell;
use lumos_connector_runtime::failure::Failure;
use lumos_connector_runtime::output;

/// Print completions for a shell
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  connector completions bash > ~/.local/share/bash-completion/completions/connector
  connector completions zsh > \"${fpath[1]}/_connector\"")]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

/// Print the man page in roff
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  connector man-page > connector.1
  man ./connector.1")]
pub(crate) struct ManPage {}

pub(crate) fn completions(arguments: &Completions, mut definition: Command) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut definition, "connector", &mut text);
    output::print(&String::from_utf8_lossy(&text))
}

pub(crate) fn man_page(definition: Command) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_mangen::Man::new(definition)
        .render(&mut text)
        .map_err(|error| Failure::new(format!("cannot write the man page: {error}")))?;
    output::print(&String::from_utf8_lossy(&text))
}
