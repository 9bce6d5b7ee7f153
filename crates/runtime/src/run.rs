//! The whole of a connector's `main`.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap_complete::generate;
use lumos_connector_core::Integration;
use lumos_connector_core::host::HostBuilder;
use lumos_connector_core::integration::IntegrationError;

use crate::command_line::{self, Action};
use crate::failure::Failure;
use crate::observability::context::CallContext;
use crate::observability::{Observability, traced};
use crate::output::Counted;
use crate::recording::{Kept, RecordingFile};
use crate::result_file::ResultFile;
use crate::{develop, log, output, recording, request, server};

/// Exit status of an error answer, when it was asked for.
const ERROR_ANSWER: u8 = 3;

/// Runs a connector's command line: parses the arguments, answers, and says how it went.
///
/// Exit status (contract §8): 0 when there is an answer, error envelopes included; 1 when there is none; 2 when the
/// arguments make no sense; 3 for an error envelope when `--exit-code` is given.
///
/// ```no_run
/// use std::process::ExitCode;
/// use lumos_connector_core::Integration;
/// use lumos_connector_core::host::Host;
///
/// fn main() -> ExitCode {
///     lumos_connector_runtime::run(Integration::builder("acme", "1.0.0").build(), Host::builder())
/// }
/// ```
pub fn run(integration: Result<Integration, IntegrationError>, host: HostBuilder) -> ExitCode {
    let integration = match integration {
        Ok(integration) => integration,
        Err(error) => {
            output::message(format_args!("error: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let arguments: Vec<_> = std::env::args_os().collect();
    let mut definition = command_line::definition_for(&integration, &arguments);
    let matches = match definition.try_get_matches_from_mut(&arguments) {
        Ok(matches) => matches,
        Err(error) => return refuse(&error),
    };
    let host = if command_line::uses_proxy(&matches) { host.use_proxy() } else { Ok(host) };
    let done = match host {
        Err(error) => Err(Failure::new(error.to_string()).advice(
            "build it with the feature `proxy` of lumos-connector, which is on by default, or leave --use-proxy out",
        )),
        Ok(host) => carry_out(&integration, host, command_line::action(&definition, &matches)),
    };
    done.unwrap_or_else(|failure| {
        output::message(failure);
        ExitCode::FAILURE
    })
}

/// Help goes to stdout with status 0; everything else to stderr with status 2.
fn refuse(error: &clap::Error) -> ExitCode {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        // Clap puts the nearest last.
        Some(ContextValue::Strings(texts)) => texts.last().map(String::as_str),
        _ => None,
    };
    let failure = match error.kind() {
        // It may be a whole request, secrets and all: do not repeat it.
        ErrorKind::UnknownArgument
            if context(ContextKind::InvalidArg).is_some_and(|given| !given.starts_with('-')) =>
        {
            Failure::new("an argument was given without its option")
                .advice("a request goes after --json or --json-file")
        }
        ErrorKind::InvalidSubcommand => {
            let given = context(ContextKind::InvalidSubcommand).filter(|given| is_name(given));
            let problem = given.map_or("a command has another form".to_owned(), |given| {
                format!("there is no command '{given}'")
            });
            Failure::new(problem).advice(context(ContextKind::SuggestedSubcommand).map_or_else(
                || "--help lists them all".to_owned(),
                |nearest| format!("did you mean '{nearest}'? --help lists them all"),
            ))
        }
        _ => {
            // When the message cannot be printed, the exit status still says it.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    output::message(failure);
    ExitCode::from(2)
}

/// Whether it can be a mistyped command; anything else may be a request with secrets in it.
fn is_name(given: &str) -> bool {
    given.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-'))
}

fn carry_out(integration: &Integration, host: HostBuilder, action: Action) -> Result<ExitCode, Failure> {
    match action {
        Action::Nothing(mut definition) => {
            output::message(definition.render_help());
            return Ok(ExitCode::FAILURE);
        }
        Action::Info { result_file } => {
            let result_file = result_file.as_deref().map(ResultFile::new).transpose()?;
            let _log = log::start(integration, &host)?;
            let info = integration.info();
            output::write(result_file.as_ref(), |sink| sink.write_all(info.as_bytes()))?;
        }
        Action::Capability { name, json, json_file, result_file, record, exit_code } => {
            let result_file = result_file.as_deref().map(ResultFile::new).transpose()?;
            let recording = record.as_deref().map(RecordingFile::new).transpose()?;
            let host = match &recording {
                Some(recording) => recording.watch(host)?,
                None => host,
            };
            let log = log::start(integration, &host)?;
            let request = request::read(json, json_file.as_deref())?;
            log::arguments(&log.settings, integration, &name, json_file.is_none().then_some(&request));
            let runtime = runtime()?;
            let observability = Observability::new(integration, &log, None);
            let host = observability.watch(host).build();
            let context = Arc::new(CallContext::new(integration.app_id(), &name));
            let call = integration.dispatch(&host, &name, &request);
            let answer = runtime.block_on(context.scope(traced(&name, call)));
            let failed = answer.error_code().is_some();
            let started = Instant::now();
            let mut bytes = 0;
            let mut kept = recording.is_some().then(Vec::new);
            output::write(result_file.as_ref(), |sink| {
                let mut counted = Counted { sink: &mut Kept { sink, kept: kept.as_mut() }, bytes: 0 };
                runtime.block_on(context.scope(answer.write_to(&mut counted)))?;
                bytes = counted.bytes;
                Ok(())
            })?;
            observability.serialised(&name, started.elapsed(), bytes);
            if let Some(recording) = recording {
                recording.finish(integration, &name, &request, &kept.unwrap_or_default())?;
            }
            if exit_code && failed {
                return Ok(ExitCode::from(ERROR_ANSWER));
            }
        }
        Action::Serve(options) => {
            let log = log::start(integration, &host)?;
            server::run(integration, host, &log, *options)?;
        }
        Action::Replay(path) => return recording::replay(integration, host, &path),
        Action::Reload(arguments) => develop::reload(&arguments)?,
        Action::Completions(shell) => output::write(None, |sink| {
            let mut definition = command_line::definition(integration);
            let program = definition.get_bin_name().unwrap_or_default().to_owned();
            generate(shell, &mut definition, program, &mut { sink });
            Ok(())
        })?,
        Action::BuildExecutable(path) => {
            let executable = develop::build_executable(&path)?;
            output::print(&executable.display().to_string())?;
        }
        Action::ManPage => {
            let page = clap_mangen::Man::new(command_line::definition(integration));
            output::write(None, |mut sink| page.render(&mut sink))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A process answers one request, so one thread is enough.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start: {error}")))
}
