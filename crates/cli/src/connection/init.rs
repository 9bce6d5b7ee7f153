//! `connector connection init`: a connection file from what a connector says about itself.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use lumos_connection::file::{Mode, Text};
use lumos_connection::reference::{Reference, Source};
use lumos_connection::template::{Kind, Question, Template};
use lumos_connection::{Connection, ConnectionFile, OpenOptions};
use lumos_connector_runtime::failure::Failure;
use lumos_connector_runtime::output;

use super::{block_on, failure};

/// Write a connection file from what a connector says about itself
///
/// At a terminal it asks for values, elsewhere it leaves placeholders. Secrets are asked for as names of environment
/// variables: the file holds none.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  connector connection init --command ./mock-connector --output mock.toml
  connector connection init --command 'python -m acme' --server > acme.toml
  connector connection init --url https://connector.example --token-env CONNECTOR_TOKEN")]
pub(crate) struct Arguments {
    /// The connector's program with its arguments
    #[arg(long, required_unless_present = "url", value_name = "COMMAND")]
    command: Option<String>,
    /// Start the program's own server instead of the program for each call
    #[arg(long, conflicts_with = "url")]
    server: bool,
    /// The address of a connector's server
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The environment variable that holds the server's bearer token
    #[arg(long, requires = "url", value_name = "NAME")]
    token_env: Option<String>,
    /// Where to write the file; it must not exist
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    if let Some(path) = arguments.output.as_ref().filter(|path| path.exists()) {
        return Err(Failure::new(format!("{} exists", path.display())).advice("choose another name"));
    }
    let file = connector(arguments)?;
    let info = block_on(async {
        let connection = Connection::open(file.clone(), OpenOptions::default()).await.map_err(failure)?;
        let info = connection.info().await.map_err(failure);
        connection.close().await;
        info
    })?;
    let mut template = Template::new(&file.connector, &info);
    if io::stdin().is_terminal() && io::stderr().is_terminal() {
        ask(&mut template)?;
    }
    match &arguments.output {
        None => output::print(template.text().trim_end()),
        Some(path) => write(path, &template.text()),
    }
}

fn connector(arguments: &Arguments) -> Result<ConnectionFile, Failure> {
    let mut file = match &arguments.command {
        None => ConnectionFile::address(arguments.url.clone().unwrap_or_default()),
        Some(command) => {
            let words = shlex::split(command).filter(|words| !words.is_empty());
            let words =
                words.ok_or_else(|| Failure::new("--command: expected a program and its arguments"))?;
            let mode = if arguments.server { Mode::Server } else { Mode::Program };
            ConnectionFile::program(words, mode)
        }
    };
    file.connector.url.clone_from(&arguments.url);
    let token = arguments.token_env.clone().map(Source::Env);
    file.connector.token = token.map(|source| Text::Reference(Reference::new(source)));
    Ok(file)
}

fn ask(template: &mut Template) -> Result<(), Failure> {
    let questions: Vec<Question> = template.questions().cloned().collect();
    for question in questions {
        loop {
            let answer = answer(&question).map_err(|error| Failure::new(format!("cannot ask: {error}")))?;
            match template.answer(&question.field, &answer) {
                Ok(()) => break,
                Err(error) => output::message(error),
            }
        }
    }
    Ok(())
}

fn answer(question: &Question) -> io::Result<String> {
    let mut terminal = io::stderr();
    if !question.description.is_empty() {
        writeln!(terminal, "{}", question.description)?;
    }
    let what = match question.kind {
        Kind::Secret | Kind::SecretObject => " (the environment variable that holds it)",
        Kind::Texts => " (separated by commas)",
        Kind::Boolean => " (true or false)",
        Kind::Json => " (as JSON)",
        _ if question.required => "",
        _ => " (may stay empty)",
    };
    let default = question.default_text().map(|text| format!(" [{text}]")).unwrap_or_default();
    write!(terminal, "{}{what}{default}: ", question.title)?;
    terminal.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(answer)
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let problem = |error: io::Error| Failure::new(format!("cannot write {}: {error}", path.display()));
    let mut file = std::fs::File::create_new(path).map_err(problem)?;
    file.write_all(text.as_bytes()).map_err(problem)?;
    output::message(format!("wrote {}", path.display()));
    Ok(())
}
