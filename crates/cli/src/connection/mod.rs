//! `connector connection`: connection files, and how every command opens one.

mod init;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use lumos_connection::{Connection, ConnectionError, ConnectionFile, OpenOptions};
use lumos_connector_runtime::failure::Failure;

/// Write and check connection files
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Command::Init(arguments) => init::run(arguments),
    }
}

/// The connection that a command works with.
#[derive(Debug, Args)]
pub(crate) struct ConnectionArguments {
    /// The connection file
    #[arg(value_name = "CONNECTION")]
    file: PathBuf,
    /// Take secrets that stand in the connection file itself
    #[arg(long)]
    allow_literal_secrets: bool,
}

impl ConnectionArguments {
    /// Those of a command that does not always need a connection.
    pub(crate) fn new(file: PathBuf, allow_literal_secrets: bool) -> Self {
        Self { file, allow_literal_secrets }
    }

    /// The connection file.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// The name of the connection: that of its file, without the ending.
    pub(crate) fn name(&self) -> String {
        self.file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Reads the file and opens the connection.
    pub(crate) async fn open(&self) -> Result<Connection, Failure> {
        open(&self.file, self.allow_literal_secrets).await
    }
}

/// Reads a connection file and opens the connection.
pub(crate) async fn open(file: &Path, allow_literal_secrets: bool) -> Result<Connection, Failure> {
    let file = ConnectionFile::read(file).map_err(failure)?;
    let options = OpenOptions::default().allow_literal_secrets(allow_literal_secrets);
    Connection::open(file, options).await.map_err(failure)
}

/// A connection that cannot be opened, as a failure of the command.
pub(crate) fn failure(error: ConnectionError) -> Failure {
    Failure::new(error.to_string())
}

/// Runs what a command does on the network.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::new(format!("cannot start: {error}")))?.block_on(work)
}
