//! The command line of a connector, defined once: parsing, help, completions and the man page come from here.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command, value_parser};
use clap_complete::Shell;
use lumos_connector_core::Integration;

use crate::server;

pub(crate) const JSON: &str = "json";
pub(crate) const JSON_FILE: &str = "json-file";
pub(crate) const RESULT_FILE: &str = "result-file-path";
pub(crate) const RECORD: &str = "record";
pub(crate) const EXIT_CODE: &str = "exit-code";
const USE_PROXY: &str = "use-proxy";
const SHELL: &str = "shell";
const PATH: &str = "path";

/// What a command line asks for.
#[derive(Debug)]
pub(crate) enum Action {
    /// Print what the connector says about itself.
    Info { result_file: Option<String> },
    /// Answer one request.
    Capability {
        name: String,
        json: Option<String>,
        json_file: Option<String>,
        result_file: Option<String>,
        /// The file that the call is recorded into.
        record: Option<String>,
        exit_code: bool,
    },
    /// Answer requests over HTTP until a signal comes.
    Serve(Box<server::Options>),
    /// Answer a recorded request without the app, and compare.
    Replay(String),
    /// Answer requests over HTTP by a child process that is rebuilt and restarted when a source changes.
    Reload(Vec<String>),
    /// Build the connector from its source.
    BuildExecutable(PathBuf),
    /// Print completions for a shell.
    Completions(Shell),
    /// Print the man page.
    ManPage,
    /// Nothing was asked for: show the help of this command.
    Nothing(Box<Command>),
}

/// The definition of a connector's command line.
#[must_use]
pub fn definition(integration: &Integration) -> Command {
    let commands = capabilities(integration, None);
    basis(integration)
        .subcommand(info())
        .subcommands(commands)
        .subcommand(server::arguments::serve().arg(use_proxy()))
        .subcommand(dev())
}

/// As much of the definition as these arguments need: a connector has dozens of commands, and a call names one.
pub(crate) fn definition_for(integration: &Integration, arguments: &[OsString]) -> Command {
    match arguments.get(1).and_then(|argument| argument.to_str()) {
        Some("info") => basis(integration).subcommand(info()),
        Some(name) if integration.has_capability(name) => {
            // Schemas are made for those who ask; a call does without.
            let asks = arguments
                .iter()
                .any(|argument| matches!(argument.to_str(), Some("-h" | "--help" | "--hel" | "--he")));
            let help = if asks { example(integration, name) } else { None };
            let commands = capabilities(integration, Some(name));
            basis(integration).subcommands(commands.map(|command| match &help {
                Some(help) => command.after_help(help.clone()),
                None => command,
            }))
        }
        _ => definition(integration),
    }
}

/// Where log lines go, for people.
fn logs(integration: &Integration) -> String {
    format!(
        "Logs go to logs/{}_DATE.log in the working folder, which is made with the first line; at the level ERROR unless\n\
         LUMOS_LOG_LEVEL says another. LUMOS_LOG_DIRECTORY names another folder, LUMOS_LOG_TO_STDOUT=true means stderr.",
        integration.app_id()
    )
}

/// How a capability is called, with a request to begin from, and its answer.
fn example(integration: &Integration, name: &str) -> Option<String> {
    let (request, answer) = integration.example(name)?;
    let [request, answer] = [request, answer].map(|value| format!("{value:#}"));
    let program = program_name(integration);
    Some(format!(
        "Example: what is required, with … for texts. Put it into request.json:\n{request}\n\n\
         {program} {name} --json-file request.json\n\nprints on one line:\n{answer}\n\n{}",
        logs(integration)
    ))
}

fn basis(integration: &Integration) -> Command {
    Command::new(integration.app_id().to_owned())
        .bin_name(program_name(integration))
        .version(integration.version().to_owned())
        .about(format!("The Lumos connector of {}", integration.app_id()))
        .after_help(format!(
            "Every capability takes a request with --json or --json-file and prints one JSON answer; CAPABILITY --help has\n\
             an example. Errors of a capability are answers: they are printed on stdout, and the exit status is 0.\n\n{}",
            logs(integration)
        ))
        .infer_long_args(true)
        .args_override_self(true)
        .subcommand_value_name("CAPABILITY")
        .subcommand_help_heading("Capabilities")
        .disable_help_subcommand(true)
}

fn info() -> Command {
    Command::new("info").about("Describe the connector").arg(result_file()).arg(use_proxy())
}

fn result_file() -> Arg {
    Arg::new(RESULT_FILE)
        .long(RESULT_FILE)
        .value_name("FILE.gz")
        .help("Write the answer to this file, compressed, instead of stdout; its name must end in .gz")
}

/// The commands of all capabilities, or of one.
fn capabilities(integration: &Integration, only: Option<&str>) -> impl Iterator<Item = Command> {
    let wanted = move |(name, _): &(&str, String)| only.is_none_or(|only| only == *name);
    integration.capabilities().filter(wanted).map(|(name, summary)| {
        Command::new(name)
            .about(summary)
            .arg(
                Arg::new(JSON)
                    .long(JSON)
                    .value_name("TEXT")
                    .allow_hyphen_values(true)
                    .help("The request as JSON"),
            )
            .arg(
                Arg::new(JSON_FILE)
                    .long(JSON_FILE)
                    .value_name("FILE")
                    .value_parser(NonEmptyStringValueParser::new())
                    .help("A file that holds the request as JSON; - reads standard input, where no secret shows in a list of processes"),
            )
            .group(ArgGroup::new("request").args([JSON, JSON_FILE]).required(true))
            .arg(result_file())
            .arg(
                Arg::new(RECORD)
                    .long(RECORD)
                    .value_name("FILE")
                    .value_parser(NonEmptyStringValueParser::new())
                    .help("Write the call and its HTTP exchanges to this file, secrets replaced, for tests and `dev replay`"),
            )
            .arg(use_proxy())
            .arg(
                Arg::new(EXIT_CODE)
                    .long(EXIT_CODE)
                    .action(ArgAction::SetTrue)
                    .help("Exit with status 3 when the answer is an error; without this it is 0"),
            )
    })
}

fn dev() -> Command {
    Command::new("dev")
        .alias("hacking")
        .about("Commands for developing and installing the connector")
        .disable_help_subcommand(true)
        .subcommand(server::arguments::http_server().arg(use_proxy()))
        .subcommand(
            Command::new("replay")
                .about(
                    "Answer a recorded request without the app, and compare the answer with the recorded one",
                )
                .after_help(
                    "The exit status is 1 when the call differs from its recording; stderr says where.",
                )
                .arg(
                    Arg::new(PATH)
                        .value_name("FILE")
                        .required(true)
                        .help("A file that a call was recorded into with --record"),
                ),
        )
        .subcommand(
            Command::new("completions").about("Print completions for a shell").arg(
                Arg::new(SHELL)
                    .value_name("SHELL")
                    .required(true)
                    .value_parser(value_parser!(Shell))
                    .help("The shell"),
            ),
        )
        .subcommand(
            Command::new("build-executable")
                .about("Build the connector as it is shipped, and print where its executable is")
                .arg(
                    Arg::new(PATH)
                        .value_name("PATH")
                        .required(true)
                        .value_parser(value_parser!(PathBuf))
                        .help("The folder of the connector's package, or a file in it"),
                ),
        )
        .subcommand(Command::new("man-page").about("Print the man page in roff"))
}

fn use_proxy() -> Arg {
    Arg::new(USE_PROXY)
        .long(USE_PROXY)
        .visible_alias("sip")
        .action(ArgAction::SetTrue)
        .help("Send the requests to the app through Lumos's proxy, with the AWS keys of the environment")
}

/// Whether requests to the app are to go through the proxy. `info` takes the option, and sends none.
pub(crate) fn uses_proxy(matches: &ArgMatches) -> bool {
    match matches.subcommand() {
        None | Some(("info", _)) => false,
        Some((_, command)) => {
            command.try_get_one(USE_PROXY).ok().flatten() == Some(&true) || uses_proxy(command)
        }
    }
}

/// The name under which the connector was called, for messages.
fn program_name(integration: &Integration) -> String {
    let called = std::env::args_os().next().map(std::path::PathBuf::from);
    let name = called.as_deref().and_then(std::path::Path::file_name).and_then(std::ffi::OsStr::to_str);
    name.unwrap_or(integration.app_id()).to_owned()
}

/// What the matched arguments ask for.
pub(crate) fn action(definition: &Command, matches: &ArgMatches) -> Action {
    let text = |matches: &ArgMatches, id: &str| matches.get_one::<String>(id).cloned();
    // An empty name of a result file counts as none, as with the reference.
    let result_file = |matches: &ArgMatches| text(matches, RESULT_FILE).filter(|path| !path.is_empty());
    match matches.subcommand() {
        None => Action::Nothing(Box::new(definition.clone())),
        Some(("info", info)) => Action::Info { result_file: result_file(info) },
        Some(("serve", serve)) => Action::Serve(Box::new(server::arguments::options(serve))),
        Some(("dev", dev_matches)) => match dev_matches.subcommand() {
            Some(("replay", replay)) => match text(replay, PATH) {
                Some(path) => Action::Replay(path),
                None => Action::Nothing(Box::new(dev())),
            },
            Some(("completions", completions)) => match completions.get_one::<Shell>(SHELL) {
                Some(shell) => Action::Completions(*shell),
                None => Action::Nothing(Box::new(dev())),
            },
            Some(("http-server", http_server)) => match server::arguments::reloading(http_server) {
                Some(arguments) => Action::Reload(arguments),
                None => Action::Serve(Box::new(server::arguments::options(http_server))),
            },
            Some(("build-executable", build)) => match build.get_one::<PathBuf>(PATH) {
                Some(path) => Action::BuildExecutable(path.clone()),
                None => Action::Nothing(Box::new(dev())),
            },
            Some(("man-page", _)) => Action::ManPage,
            _ => Action::Nothing(Box::new(dev())),
        },
        Some((name, request)) => Action::Capability {
            name: name.to_owned(),
            json: text(request, JSON),
            json_file: text(request, JSON_FILE),
            result_file: result_file(request),
            record: text(request, RECORD),
            exit_code: request.get_flag(EXIT_CODE),
        },
    }
}

#[cfg(test)]
mod tests {
    use lumos_connector_core::error::Result;
    use lumos_connector_types::capability::marker as capability;
    use lumos_connector_types::payload::{FoundAccountData, ListAccounts, TokenCredential};

    use super::*;

    #[derive(serde::Deserialize, schemars::JsonSchema)]
    #[expect(dead_code, reason = "its schema is what is looked at")]
    struct AcmeSettings {
        base_url: String,
        region: Option<String>,
    }

    async fn list_accounts(_: (), _: ListAccounts) -> Result<Vec<FoundAccountData>> {
        Ok(Vec::new())
    }

    fn help(arguments: &[&str]) -> String {
        let acme = Integration::builder("acme", "1.0.0")
            .auth::<TokenCredential>()
            .settings::<AcmeSettings>()
            .capability(capability::ListAccounts, list_accounts)
            .build()
            .unwrap();
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        definition_for(&acme, &arguments).try_get_matches_from(&arguments).unwrap_err().to_string()
    }

    #[test]
    fn the_help_of_a_capability_has_a_request_with_the_connectors_own_credentials_and_settings() {
        let help = help(&["acme", "list_accounts", "--help"]);
        let (before, request) = help.split_once("request.json:\n").unwrap();
        assert!(before.contains("Lists the accounts of the app."), "{help}");
        let mut values = serde_json::Deserializer::from_str(request).into_iter::<serde_json::Value>();
        let request = values.next().unwrap().unwrap();
        let expected = serde_json::json!({
            "auth": {"token": {"token": "…"}},
            "settings": {"base_url": "…", "region": "…"},
            "request": {},
            "page": {"size": 100},
        });
        assert_eq!(request, expected);
        assert!(help.contains("list_accounts --json-file request.json\n"), "{help}");
        assert!(help.contains("\"integration_specific_id\": \"…\""), "{help}");
        assert!(help.contains("Logs go to logs/acme_DATE.log"), "{help}");
    }

    #[test]
    fn the_help_of_the_connector_says_where_logs_go_and_how_to_ask_for_a_capability() {
        let help = help(&["acme", "--help"]);
        assert!(help.contains("CAPABILITY --help") && help.contains("LUMOS_LOG_DIRECTORY"), "{help}");
    }
}
