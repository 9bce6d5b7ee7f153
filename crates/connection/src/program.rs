//! A connector as a program: run once for each call, or started as its own server.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use lumos_connector_types::secret::Secret;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{ChildStdin, Command};
use tokio::time::Instant;

use crate::error::CallError;
use crate::file::ConnectorSection;
use crate::reader::PIECE;
use crate::receiver::{ReceiveError, Received, Receiver};
use crate::rows::RowSink;
use crate::secrets::Resolved;
use crate::transport::process::Process;
use crate::transport::stderr::LogLines;

/// Where a program finds its request: no argument and no file holds a secret.
const STDIN: &str = "/dev/stdin";

/// How long a program may take to end after its answer, and what is left of its output after it has ended.
const GRACE: Duration = Duration::from_secs(5);

/// Variables by which somebody has already chosen where a connector's log goes.
const LOG_VARIABLES: [&str; 2] = ["LUMOS_LOG_TO_STDOUT", "LUMOS_LOG_DIRECTORY"];

/// The variable that keeps connectors from sending metrics to a local agent (contract §9).
const METRICS_VARIABLE: &str = "DD_DOGSTATSD_DISABLE";

/// A program and how it is started.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    name: String,
    path: PathBuf,
    arguments: Vec<String>,
    folder: PathBuf,
    log: Option<LogLines>,
}

/// A program as it is to be started: a bare name is looked for in `PATH`, everything else is relative to a folder.
pub(crate) fn located(program: &str, folder: &Path) -> PathBuf {
    let path = Path::new(program);
    if path.components().count() > 1 || program.starts_with('.') {
        folder.join(path)
    } else {
        path.to_owned()
    }
}

impl Program {
    /// The program of a connection file that lies in a folder; `None` when the file has none.
    pub(crate) fn new(connector: &ConnectorSection, folder: &Path, log: Option<LogLines>) -> Option<Self> {
        let (name, arguments) = connector.command.split_first()?;
        let working =
            connector.directory.as_ref().map_or_else(|| folder.to_owned(), |path| folder.join(path));
        Some(Self {
            name: name.clone(),
            path: located(name, folder),
            arguments: arguments.to_vec(),
            folder: working,
            log,
        })
    }

    /// Who is told what it logs.
    pub(crate) fn log(&self) -> Option<LogLines> {
        self.log.clone()
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A command of it. Variables that hold secrets are not inherited. Its log goes to stderr and its metrics nowhere,
    /// unless the environment says otherwise.
    pub(crate) fn command(&self, arguments: &[&str], resolved: &Resolved) -> Command {
        let mut command = Command::new(&self.path);
        command.args(&self.arguments).args(arguments).current_dir(&self.folder);
        if LOG_VARIABLES.iter().all(|name| std::env::var_os(name).is_none()) {
            command.env("LUMOS_LOG_TO_STDOUT", "true");
        }
        // Metrics of the agent go to the agent's machine.
        if std::env::var_os(METRICS_VARIABLE).is_none() {
            command.env(METRICS_VARIABLE, "true");
        }
        for name in &resolved.hidden {
            command.env_remove(name);
        }
        for (name, value) in &resolved.environment {
            command.env(name, value.expose());
        }
        command
    }

    pub(crate) fn start(&self, command: Command, resolved: &Resolved) -> Result<Process, CallError> {
        Process::start(command, &self.name, Arc::clone(&resolved.redactor), self.log())
            .map_err(|source| CallError::Start { program: self.name.clone(), source })
    }

    /// Describes itself.
    pub(crate) async fn info<S: RowSink>(
        &self,
        receiver: Receiver<'_, S>,
        resolved: &Resolved,
    ) -> Result<Received, CallError> {
        let mut command = self.command(&["info"], resolved);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        self.run(command, None, receiver, resolved).await
    }

    /// One call: the request goes to its stdin, the answer comes from its stdout.
    pub(crate) async fn call<S: RowSink>(
        &self,
        capability: &str,
        body: Secret,
        receiver: Receiver<'_, S>,
        resolved: &Resolved,
    ) -> Result<Received, CallError> {
        let mut command = self.command(&[capability, "--json-file", STDIN], resolved);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        self.run(command, Some(body), receiver, resolved).await
    }

    /// Makes a call whose HTTP exchanges the program writes into a file. A call that made none has not failed, though the
    /// program says so by its status.
    pub(crate) async fn call_recorded<S: RowSink>(
        &self,
        capability: &str,
        body: Secret,
        file: &Path,
        receiver: Receiver<'_, S>,
        resolved: &Resolved,
    ) -> Result<Received, CallError> {
        let mut command = self.command(&[capability, "--json-file", STDIN, "--record"], resolved);
        command.arg(file).stdin(Stdio::piped()).stdout(Stdio::piped());
        let (process, end, receiver) = self.read_answer(command, Some(body), receiver, resolved).await?;
        conclude(process, end, receiver, self.log.is_some(), is_ended).await
    }

    async fn run<S: RowSink>(
        &self,
        command: Command,
        body: Option<Secret>,
        receiver: Receiver<'_, S>,
        resolved: &Resolved,
    ) -> Result<Received, CallError> {
        let (process, end, receiver) = self.read_answer(command, body, receiver, resolved).await?;
        conclude(process, end, receiver, self.log.is_some(), ExitStatus::success).await
    }

    async fn read_answer<'s, S: RowSink>(
        &self,
        command: Command,
        body: Option<Secret>,
        mut receiver: Receiver<'s, S>,
        resolved: &Resolved,
    ) -> Result<(Process, End, Receiver<'s, S>), CallError> {
        receiver.begin();
        let mut process = self.start(command, resolved)?;
        let writing = write(process.stdin(), body);
        let end = {
            let reading = read(&mut process, &mut receiver);
            tokio::pin!(writing, reading);
            tokio::select! {
                biased;
                end = &mut reading => end,
                // The request is written; the answer is still to come.
                () = &mut writing => reading.await,
            }
        };
        Ok((process, end, receiver))
    }
}

/// Whether a program ended by itself, whatever its status.
fn is_ended(status: &ExitStatus) -> bool {
    status.code().is_some()
}

/// Writes a request and closes the pipe. A program that does not read it is judged by its answer.
async fn write(stdin: Option<ChildStdin>, body: Option<Secret>) {
    if let (Some(mut stdin), Some(body)) = (stdin, body) {
        let _ = stdin.write_all(body.expose().as_bytes()).await;
        let _ = stdin.shutdown().await;
    }
}

/// How reading from a program ended.
#[derive(Debug)]
enum End {
    /// Its stdout is closed.
    Closed,
    /// Its stdout is still open, held by something that it started or by itself, long after its answer or its end.
    StillOpen(Option<ExitStatus>),
    TimedOut,
    Rejected(ReceiveError),
    Failed(std::io::Error),
}

async fn read<S: RowSink>(process: &mut Process, receiver: &mut Receiver<'_, S>) -> End {
    let Some(mut stdout) = process.stdout() else { return End::Closed };
    let mut ended: Option<(ExitStatus, Instant)> = None;
    let mut done: Option<Instant> = None;
    loop {
        if receiver.is_done() && done.is_none() {
            done = Some(Instant::now() + GRACE);
        }
        let patience = [ended.map(|(_, until)| until), done].into_iter().flatten().min();
        let until = patience.map_or(receiver.deadline(), |until| until.min(receiver.deadline()));
        receiver.buffer().reserve(PIECE);
        tokio::select! {
            biased;
            read = stdout.read_buf(receiver.buffer()) => match read {
                Ok(0) => return End::Closed,
                Ok(_) => match receiver.take().await {
                    Ok(()) => {}
                    Err(error) => return End::Rejected(error),
                },
                Err(error) => return End::Failed(error),
            },
            status = process.wait(), if ended.is_none() => match status {
                Ok(status) => ended = Some((status, Instant::now() + GRACE)),
                Err(error) => return End::Failed(error),
            },
            () = tokio::time::sleep_until(until) => {
                return match patience {
                    Some(_) => End::StillOpen(ended.map(|(status, _)| status)),
                    None => End::TimedOut,
                };
            }
        }
    }
}

async fn conclude<S: RowSink>(
    mut process: Process,
    end: End,
    receiver: Receiver<'_, S>,
    is_watched: bool,
    is_good: fn(&ExitStatus) -> bool,
) -> Result<Received, CallError> {
    let first = receiver.first();
    match end {
        End::Closed => {}
        End::StillOpen(status) => {
            tracing::warn!(
                "the program's stdout is still open long after its answer or its end; it is killed"
            );
            match status {
                Some(_) => process.kill_rest(),
                None => process.stop().await,
            }
            if status.is_none() && receiver.is_done() {
                return received(receiver, first, Vec::new());
            }
        }
        End::TimedOut => {
            let after = receiver.timeout();
            process.stop().await;
            return Err(CallError::TimedOut { after, stderr: process.last_lines().await });
        }
        End::Rejected(error) => {
            process.stop().await;
            let stderr = process.last_lines().await;
            return Err(CallError::from_receive_error(error, first, stderr));
        }
        End::Failed(error) => {
            process.stop().await;
            return Err(CallError::Unreachable { reason: format!("reading from the program: {error}") });
        }
    }
    let status = match tokio::time::timeout(GRACE, process.wait()).await {
        Ok(Ok(status)) => status,
        Ok(Err(error)) => {
            return Err(CallError::Unreachable { reason: format!("waiting for the program: {error}") });
        }
        Err(_) => {
            process.stop().await;
            return match receiver.is_done() {
                true => received(receiver, first, Vec::new()),
                false => Err(CallError::Died {
                    status: "it closed its stdout and was killed".to_owned(),
                    stderr: process.last_lines().await,
                }),
            };
        }
    };
    let whole = receiver.is_done();
    if whole && is_good(&status) {
        if is_watched {
            // What is still under way is told, too.
            process.last_lines().await;
        }
        return received(receiver, first, Vec::new());
    }
    let stderr = process.last_lines().await;
    // An error envelope says more than the status of the program that wrote it.
    if whole
        && let Ok(answer) = received(receiver, first, stderr.clone())
        && answer.envelope.is_error
    {
        return Ok(answer);
    }
    Err(CallError::Died { status: status.to_string(), stderr })
}

fn received<S: RowSink>(
    receiver: Receiver<'_, S>,
    first: String,
    stderr: Vec<String>,
) -> Result<Received, CallError> {
    receiver
        .finish()
        .map_err(|problem| CallError::from_receive_error(ReceiveError::Problem(problem), first, stderr))
}
