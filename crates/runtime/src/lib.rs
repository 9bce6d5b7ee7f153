//! How a connector runs: its command line and its logs.
//!
//! | room | what lives there |
//! | --- | --- |
//! | [`run`] | the whole of a connector's `main` |
//! | [`command_line`] | the definition of the command line: help, completions and man page come from it |
//! | `executable` | the executable of a connector, built from its source; with the feature `develop` |
//! | [`failure`] | why a command could not be carried out |
//! | [`output`] | stdout and stderr |
//! | `recording` | calls that are recorded into a file, and replayed without the app |
//! | [`log`] | where log lines go, and what never appears in them |
//!
//! stdout carries the answer and nothing else; messages for people go to stderr (contract §8).

pub mod command_line;
mod develop;
#[cfg(feature = "develop")]
pub mod executable;
pub mod failure;
pub mod log;
mod observability;
pub mod output;
mod recording;
mod request;
mod result_file;
mod run;
mod safe_file;
mod server;

pub use run::run;
