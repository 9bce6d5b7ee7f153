//! The command line, defined once: parsing, help, completions and the man page come from here.

use std::process::ExitCode;

use clap::{ArgAction, CommandFactory, Parser, Subcommand};
use lumos_connector_runtime::failure::Failure;
use lumos_connector_runtime::output;

use crate::{
    add, call, check, compile_on_prem, connection, diff, export, scaffold, shell, spec, sync, workbench,
};
#[cfg(feature = "workers")]
use crate::{cluster, collect, schedule, worker};

/// Build and run connectors between Lumos and apps
#[derive(Debug, Parser)]
#[command(
    name = "connector",
    bin_name = "connector",
    version,
    disable_version_flag = true,
    disable_help_subcommand = true,
    infer_long_args = true,
    after_help = "Examples:
  connector scaffold acme ./connector-acme
  connector add create_account
  connector spec > connector-api.yaml
  connector compile-on-prem --app-id acme --check
  connector connection init --command ./mock-connector --output mock.toml
  connector call mock.toml list_accounts
  connector check mock.toml
  connector sync mock.toml
  connector diff mock.db#1 mock.db#2
  connector workbench mock.toml

`connector COMMAND --help` shows the examples of a command."
)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
    /// Print the version
    #[arg(short = 'v', short_alias = 'V', long, action = ArgAction::Version)]
    version: (),
}

#[derive(Debug, Subcommand)]
enum Command {
    Scaffold(scaffold::Arguments),
    Add(add::Arguments),
    Spec(spec::Arguments),
    CompileOnPrem(compile_on_prem::Arguments),
    Connection(connection::Arguments),
    Call(call::Arguments),
    Check(check::Arguments),
    Sync(sync::Arguments),
    Diff(diff::Arguments),
    Export(export::Arguments),
    Workbench(workbench::Arguments),
    #[cfg(feature = "workers")]
    Worker(worker::Arguments),
    #[cfg(feature = "workers")]
    Collect(collect::Arguments),
    #[cfg(feature = "workers")]
    Cluster(cluster::Arguments),
    #[cfg(feature = "workers")]
    Schedule(schedule::Arguments),
    Completions(shell::Completions),
    ManPage(shell::ManPage),
}

/// Exit status: 0 when the command did what it was asked to, 1 when it could not, 2 when the arguments are wrong;
/// `check`, `sync` and `diff` have more, which their help tells.
pub(crate) fn run() -> ExitCode {
    let arguments = match CommandLine::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // When the message cannot be printed, the exit status still says it.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    match carry_out(arguments.command) {
        Ok(status) => status,
        Err(failure) => {
            output::message(failure);
            ExitCode::FAILURE
        }
    }
}

fn carry_out(command: Option<Command>) -> Result<ExitCode, Failure> {
    let done = match command {
        None => output::print(CommandLine::command().render_help().to_string().trim_end()),
        Some(Command::Add(arguments)) => add::run(&arguments),
        Some(Command::Scaffold(arguments)) => scaffold::run(&arguments),
        Some(Command::Spec(arguments)) => spec::run(&arguments),
        Some(Command::CompileOnPrem(arguments)) => compile_on_prem::run(&arguments),
        Some(Command::Connection(arguments)) => connection::run(&arguments),
        Some(Command::Call(arguments)) => call::run(&arguments),
        Some(Command::Check(arguments)) => return check::run(&arguments),
        Some(Command::Sync(arguments)) => return sync::run(&arguments),
        Some(Command::Diff(arguments)) => return diff::run(&arguments),
        Some(Command::Export(arguments)) => export::run(&arguments),
        Some(Command::Workbench(arguments)) => workbench::run(&arguments),
        #[cfg(feature = "workers")]
        Some(Command::Worker(arguments)) => worker::run(&arguments),
        #[cfg(feature = "workers")]
        Some(Command::Collect(arguments)) => collect::run(&arguments),
        #[cfg(feature = "workers")]
        Some(Command::Cluster(arguments)) => cluster::run(&arguments),
        #[cfg(feature = "workers")]
        Some(Command::Schedule(arguments)) => schedule::run(&arguments),
        Some(Command::Completions(arguments)) => shell::completions(&arguments, CommandLine::command()),
        Some(Command::ManPage(_)) => shell::man_page(CommandLine::command()),
    };
    done.map(|()| ExitCode::SUCCESS)
}
