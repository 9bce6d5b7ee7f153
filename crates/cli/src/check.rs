//! `connector check`: whether a connector is right.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Duration;

use clap::{Args, ValueEnum};
use lumos_check::observer::{Event, Observer};
use lumos_check::report::{Report, html, json, junit, sarif, terminal};
use lumos_check::writing::{Template, clean_up};
use lumos_check::{Baseline, CheckOptions, Group, Rule, Severity, check};
use lumos_connection::Connection;
use lumos_connector_runtime::failure::Failure;
use lumos_connector_runtime::output;
use serde_json::Value;

use crate::connection::{ConnectionArguments, block_on};

/// Check whether a connector keeps the contract
///
/// It is asked what the platform and the on-premise agent would ask, right requests and wrong ones. Nothing is changed in
/// the app unless --write names a template for a test account. Status 0: no finding of the severity of --fail-on or worse;
/// 3: the worst one is a note; 4: a warning; 5: an error; 1: the check could not be run; 130: it was interrupted.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  connector check mock.toml
  connector check mock.toml --group paging --rule errors/unknown-id
  connector check mock.toml --format html --output check.html
  connector check mock.toml --accept accepted.toml --format junit --output check.xml
  connector check mock.toml --write test-account.toml
  connector check --list")]
pub(crate) struct Arguments {
    /// The connection file
    #[arg(value_name = "CONNECTION", required_unless_present = "list")]
    file: Option<PathBuf>,
    /// Take secrets that stand in the connection file itself
    #[arg(long)]
    allow_literal_secrets: bool,
    /// Print the rules and check nothing
    #[arg(long)]
    list: bool,
    /// Check only the rules of this group; may be given several times
    #[arg(long, value_name = "GROUP")]
    group: Vec<Group>,
    /// Check only this rule; may be given several times
    #[arg(long, value_name = "ID", value_parser = rule)]
    rule: Vec<&'static Rule>,
    /// The form of the report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write the report to a file; a summary still goes to standard error
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Findings that are known, each with its reason, as TOML
    #[arg(long, value_name = "FILE")]
    accept: Option<PathBuf>,
    /// The least severity of a finding that makes the status other than 0
    #[arg(long, value_name = "SEVERITY", default_value = "warning")]
    fail_on: Severity,
    /// Check changes, too, with a test account that this template describes, as TOML
    #[arg(long, value_name = "TEMPLATE")]
    write: Option<PathBuf>,
    /// Where it is written down what was created; the connection file's name with .check-journal when not given
    #[arg(long, value_name = "FILE", requires = "write")]
    journal: Option<PathBuf>,
    /// Payloads by the capability's name, as JSON, for what cannot be called without knowing the app
    #[arg(long, value_name = "FILE")]
    requests: Option<PathBuf>,
    /// How many pages of a listing are read
    #[arg(long, value_name = "PAGES", default_value_t = 50)]
    max_pages: usize,
    /// How many calls may be made at the same time; 1 for an app that limits them strictly
    #[arg(long, value_name = "CALLS", default_value_t = 4)]
    parallel: usize,
    /// How many seconds a call may take
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    call_timeout: u64,
    /// Print nothing while it runs
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Junit,
    Html,
    Sarif,
}

fn rule(id: &str) -> Result<&'static Rule, String> {
    Rule::find(id).ok_or_else(|| "there is no such rule; see `connector check --list`".to_owned())
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    if arguments.list {
        let all = arguments.group.is_empty() && arguments.rule.is_empty();
        let chosen = Rule::all().filter(|rule| {
            all || arguments.group.contains(&rule.group) || arguments.rule.iter().any(|one| one.id == rule.id)
        });
        output::print(&terminal::rules(chosen))?;
        return Ok(ExitCode::SUCCESS);
    }
    let file = arguments.file.clone().unwrap_or_default();
    let options = options(arguments, &file)?;
    let connection = ConnectionArguments::new(file, arguments.allow_literal_secrets);
    let progress =
        Progress { shown: !arguments.quiet && io::stderr().is_terminal(), group: Mutex::default() };
    let report = block_on(async {
        let connection = connection.open().await?;
        let result = tokio::select! {
            result = check(&connection, &options, &progress) => {
                Some(result.map_err(|error| Failure::new(error.to_string())))
            }
            _ = tokio::signal::ctrl_c() => None,
        };
        let result = match result {
            Some(result) => result.map(Some),
            None => interrupted(&connection, options.journal.as_deref()).await.map(|()| None),
        };
        connection.close().await;
        result
    })?;
    progress.end();
    // As a shell has it for a program that a signal ended.
    let Some(report) = report else { return Ok(ExitCode::from(130)) };
    write(arguments, &report)?;
    Ok(status(&report, arguments.fail_on))
}

/// Takes away what was created.
async fn interrupted(connection: &Connection, journal: Option<&Path>) -> Result<(), Failure> {
    let Some(journal) = journal else { return Ok(()) };
    let left = clean_up(connection, journal).await.map_err(|error| Failure::new(error.to_string()))?;
    for one in left {
        output::message(format!("left behind: {one}; the journal {} has it", journal.display()));
    }
    Ok(())
}

fn options(arguments: &Arguments, file: &Path) -> Result<CheckOptions, Failure> {
    let failure = |error: &dyn std::error::Error| Failure::new(error.to_string());
    let mut options = CheckOptions::new(file.display().to_string());
    options.groups.clone_from(&arguments.group);
    options.rules.clone_from(&arguments.rule);
    options.max_pages = arguments.max_pages.max(1);
    options.parallel = arguments.parallel.max(1);
    options.call_timeout = Duration::from_secs(arguments.call_timeout.max(1));
    if let Some(path) = &arguments.accept {
        options.baseline = Baseline::read(path).map_err(|error| failure(&error))?;
    }
    if let Some(path) = &arguments.write {
        options.writes = Some(Template::read(path).map_err(|error| failure(&error))?);
        let journal = arguments.journal.clone();
        options.journal = Some(journal.unwrap_or_else(|| file.with_extension("check-journal")));
    }
    if let Some(path) = &arguments.requests {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))?;
        let requests: BTreeMap<String, Value> = serde_json::from_str(&text).map_err(|error| {
            Failure::new(format!("{}: expected an object of payloads by capability: {error}", path.display()))
        })?;
        options.requests = requests;
    }
    Ok(options)
}

fn write(arguments: &Arguments, report: &Report) -> Result<(), Failure> {
    let text = match arguments.format {
        Format::Text => terminal::text(report),
        Format::Json => json::value(report).to_string(),
        Format::Junit => junit::text(report),
        Format::Html => html::text(report),
        Format::Sarif => sarif::value(report).to_string(),
    };
    let Some(path) = &arguments.output else { return output::print(text.trim_end()) };
    std::fs::write(path, text)
        .map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display())))?;
    let summary = terminal::text(report);
    for line in summary.lines().rev().take(2).collect::<Vec<_>>().into_iter().rev() {
        output::message(line);
    }
    Ok(())
}

/// The status by the worst finding that counts.
fn status(report: &Report, least: Severity) -> ExitCode {
    match report.worst().filter(|worst| *worst >= least) {
        None => ExitCode::SUCCESS,
        Some(Severity::Note) => ExitCode::from(3),
        Some(Severity::Warning) => ExitCode::from(4),
        Some(Severity::Error) => ExitCode::from(5),
    }
}

/// One line at a terminal that says where the check is.
struct Progress {
    shown: bool,
    group: Mutex<String>,
}

impl Progress {
    fn end(&self) {
        if self.shown {
            Self::line("");
        }
    }

    /// Replaces the line. When it cannot be written there is nobody to see it.
    fn line(text: &str) {
        let mut stderr = io::stderr().lock();
        let _ = write!(stderr, "\r\x1b[2K{text}").and_then(|()| stderr.flush());
    }
}

impl Observer for Progress {
    fn event(&self, event: &Event<'_>) {
        if !self.shown {
            return;
        }
        let mut shown = self.group.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match event {
            Event::Group { group, number, of } => *shown = format!("{number}/{of} {group}"),
            Event::Call { name, calls } => Self::line(&format!("{shown}: {calls} calls, {name}")),
            _ => {}
        }
    }
}
