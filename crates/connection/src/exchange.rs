//! Exchanges as they are: the very bytes that a program or a server answers, for whoever judges the connector itself
//! instead of what it says. Nothing here is interpreted, and nothing is redacted: see [`Connection::redact`].

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use lumos_connector_types::secret::Secret;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::{Instant, timeout, timeout_at};

use crate::connection::{Connection, Transport};
use crate::error::CallError;
use crate::request::CallRequest;
use crate::transport::http::{Endpoint, unreachable};

/// How many bytes of stdout and of stderr are kept when nothing else is said.
const KEPT: u64 = 64 << 20;

/// How often the memory of a program is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// How long the rest of the output of a program that has ended is waited for.
const REST: Duration = Duration::from_secs(2);

/// One run of a connector's program with arguments of the caller's choice.
#[derive(Clone)]
pub struct ProgramRun {
    arguments: Vec<OsString>,
    stdin: Stdin,
    timeout: Duration,
    environment: Vec<(OsString, Option<OsString>)>,
    clear_environment: bool,
    directory: Option<PathBuf>,
    close_stdout: bool,
}

#[derive(Clone)]
enum Stdin {
    Empty,
    Given(Secret),
    Open,
}

impl ProgramRun {
    /// A run with these arguments after those of the connection file. Its stdin is empty, and it may take a minute.
    pub fn new<A: Into<OsString>>(arguments: impl IntoIterator<Item = A>) -> Self {
        Self {
            arguments: arguments.into_iter().map(Into::into).collect(),
            stdin: Stdin::Empty,
            timeout: Duration::from_secs(60),
            environment: Vec::new(),
            clear_environment: false,
            directory: None,
            close_stdout: false,
        }
    }

    /// A call whose request comes from standard input.
    #[must_use]
    pub fn call(capability: &str, body: Secret) -> Self {
        Self::new([capability, "--json-file", "/dev/stdin"]).stdin(body)
    }

    /// Sets what is written to its standard input, which is then closed.
    #[must_use]
    pub fn stdin(mut self, text: Secret) -> Self {
        self.stdin = Stdin::Given(text);
        self
    }

    /// Leaves its standard input open, with nothing in it, until it ends.
    #[must_use]
    pub fn open_stdin(mut self) -> Self {
        self.stdin = Stdin::Open;
        self
    }

    /// Sets how long it may take; it is killed then.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets an environment variable, in place of the connection file's.
    #[must_use]
    pub fn variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), Some(value.into())));
        self
    }

    /// Takes an environment variable away.
    #[must_use]
    pub fn without_variable(mut self, name: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), None));
        self
    }

    /// Leaves it nothing of this process's environment; the variables of the connection file stay.
    #[must_use]
    pub fn clear_environment(mut self) -> Self {
        self.clear_environment = true;
        self
    }

    /// Sets the folder in which it runs, in place of the connection file's.
    #[must_use]
    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// Closes the reading end of its standard output before it writes.
    #[must_use]
    pub fn close_stdout(mut self) -> Self {
        self.close_stdout = true;
        self
    }
}

impl fmt::Debug for ProgramRun {
    /// Arguments and variables may hold secrets; only their number is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProgramRun")
            .field("arguments", &self.arguments.len())
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// What a program did, as it is: secrets are not replaced.
#[derive(Clone)]
#[non_exhaustive]
pub struct ProgramOutput {
    /// How it ended; `None` when it had to be killed because its time was over.
    pub status: Option<ExitStatus>,
    /// What it wrote to standard output, of which the first 64 MiB are kept.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error, likewise.
    pub stderr: Vec<u8>,
    /// How long it took.
    pub elapsed: Duration,
    /// The most memory that it was seen to hold, in bytes; `None` where the system does not tell or it ended too soon.
    pub peak_memory: Option<u64>,
}

impl fmt::Debug for ProgramOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProgramOutput")
            .field("status", &self.status)
            .field("stdout bytes", &self.stdout.len())
            .field("stderr bytes", &self.stderr.len())
            .field("elapsed", &self.elapsed)
            .finish_non_exhaustive()
    }
}

/// A program that runs. Dropping it kills it with everything it started.
#[derive(Debug)]
pub struct RunningProgram {
    child: Child,
    #[cfg(unix)]
    group: Option<rustix::process::Pid>,
    /// Held so that it stays open.
    _stdin: Option<ChildStdin>,
    collecting: tokio::task::JoinHandle<(Vec<u8>, Vec<u8>)>,
    begin: Instant,
    timeout: Duration,
}

impl RunningProgram {
    /// Asks it to end, as a service manager does: `SIGTERM`.
    pub fn terminate(&self) {
        #[cfg(unix)]
        if let (Some(group), true) = (self.group, self.child.id().is_some()) {
            // An error says that nobody is left.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::TERM);
        }
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until it ends, for as long as the run may take from here on, then kills it.
    pub async fn output(mut self) -> ProgramOutput {
        let deadline = Instant::now() + self.timeout;
        let mut peak_memory = None;
        let status = loop {
            if let Some(id) = self.child.id() {
                peak_memory = memory(id).max(peak_memory);
            }
            let until = deadline.min(Instant::now() + LOOK);
            match timeout_at(until, self.child.wait()).await {
                Ok(status) => break status.ok(),
                Err(_) if Instant::now() >= deadline => break None,
                Err(_) => {}
            }
        };
        let elapsed = self.begin.elapsed();
        if status.is_none() {
            self.kill();
            // It cannot refuse: the wait is short.
            let _ = timeout(REST, self.child.wait()).await;
        }
        let collected = timeout(REST, &mut self.collecting).await;
        let (stdout, stderr) = match collected {
            Ok(Ok(output)) => output,
            _ => {
                // Something that it started holds its output open.
                self.kill();
                self.collecting.abort();
                (Vec::new(), Vec::new())
            }
        };
        ProgramOutput { status, stdout, stderr, elapsed, peak_memory }
    }

    fn kill(&mut self) {
        #[cfg(unix)]
        if let Some(group) = self.group {
            // An error says that nobody is left.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        // An error says that it has ended already.
        let _ = self.child.start_kill();
    }
}

impl Drop for RunningProgram {
    fn drop(&mut self) {
        // The number of a process that has been waited for may be another's by now.
        if self.child.id().is_some() {
            self.kill();
        }
        self.collecting.abort();
    }
}

/// An HTTP request of a connector's server.
#[derive(Clone)]
pub struct HttpExchange {
    method: String,
    path: String,
    body: Vec<u8>,
    timeout: Duration,
}

impl HttpExchange {
    /// A request without a body, which may take a minute. The path is relative to the server's address.
    #[must_use]
    pub fn new(method: &str, path: &str) -> Self {
        let path = path.trim_start_matches('/').to_owned();
        Self { method: method.to_owned(), path, body: Vec::new(), timeout: Duration::from_secs(60) }
    }

    /// The call of a capability.
    #[must_use]
    pub fn call(capability: &str, body: &Secret) -> Self {
        Self::new("POST", capability).body(body.expose().as_bytes().to_vec())
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }

    /// Sets how long it may take.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

impl fmt::Debug for HttpExchange {
    /// Bodies may hold secrets; only their size is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpExchange")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// What a server answered, as it is: secrets are not replaced.
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpOutput {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// How long it took.
    pub elapsed: Duration,
}

impl fmt::Debug for HttpOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpOutput")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .field("elapsed", &self.elapsed)
            .finish()
    }
}

/// The bytes themselves.
impl Connection {
    /// Whether there is a program that can be run.
    #[must_use]
    pub fn has_program(&self) -> bool {
        self.program().is_some()
    }

    /// Whether calls go to a server, at an address or the program's own.
    #[must_use]
    pub fn has_server(&self) -> bool {
        !matches!(self.transport(), Transport::Program(_))
    }

    /// The envelope that a [call](Self::call) would send, with credentials and settings.
    #[must_use]
    pub fn envelope(&self, capability: &str, request: CallRequest) -> Secret {
        request.body(capability, &self.resolved(), self.limits())
    }

    /// Starts the connector's program.
    ///
    /// # Errors
    /// [`CallError::Start`]; [`CallError::Request`] when the connection has no program.
    pub fn start_program(&self, run: ProgramRun) -> Result<RunningProgram, CallError> {
        let Some(program) = self.program() else {
            return Err(CallError::no_program());
        };
        let resolved = self.resolved();
        let mut command = program.command(&[], &resolved);
        if run.clear_environment {
            command.env_clear();
            for (name, value) in &resolved.environment {
                command.env(name, value.expose());
            }
        }
        for (name, value) in &run.environment {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if let Some(directory) = &run.directory {
            command.current_dir(directory);
        }
        command.args(&run.arguments);
        start(command, run).map_err(|source| CallError::Start { program: program.name().to_owned(), source })
    }

    /// Whether the connector's program can record calls ([`CallRequest::record`]): connectors of this SDK can. It is
    /// asked for the help of a command that makes no call, and has ten seconds to answer.
    pub async fn can_record(&self) -> bool {
        let help = ProgramRun::new(["dev", "replay", "--help"]).timeout(Duration::from_secs(10));
        match self.run_program(help).await {
            Ok(output) => {
                output.status.is_some_and(|status| status.success())
                    && String::from_utf8_lossy(&output.stdout).contains("--record")
            }
            Err(_) => false,
        }
    }

    /// Runs the connector's program to its end.
    ///
    /// # Errors
    /// See [`start_program`](Self::start_program).
    pub async fn run_program(&self, run: ProgramRun) -> Result<ProgramOutput, CallError> {
        Ok(self.start_program(run)?.output().await)
    }

    /// Sends a request to the connector's server, which is started unless it runs.
    ///
    /// # Errors
    /// [`CallError::Unreachable`], [`CallError::TimedOut`] and [`CallError::Died`]; [`CallError::Request`] when the
    /// connection has no server.
    pub async fn send_http(&self, request: HttpExchange) -> Result<HttpOutput, CallError> {
        self.check_open()?;
        let resolved = self.resolved();
        match self.transport() {
            Transport::Address(endpoint) => {
                let endpoint = Endpoint { token: resolved.token.clone(), ..endpoint.clone() };
                send(&endpoint, request, self.limits().answer_bytes).await
            }
            Transport::Server(server) => {
                let endpoint = server.endpoint(&resolved).await?;
                match send(&endpoint, request, self.limits().answer_bytes).await {
                    Ok(output) => Ok(output),
                    Err(error) => Err(server.explain(error).await),
                }
            }
            Transport::Program(_) => {
                Err(CallError::Request { problem: "the connection has no server".to_owned() })
            }
        }
    }
}

fn start(mut command: Command, run: ProgramRun) -> std::io::Result<RunningProgram> {
    #[cfg(unix)]
    command.process_group(0);
    command.stdin(if matches!(run.stdin, Stdin::Empty) { Stdio::null() } else { Stdio::piped() });
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn()?;
    let mut held = None;
    match (child.stdin.take(), run.stdin) {
        (Some(mut stdin), Stdin::Given(text)) => {
            // The task ends when the pipe is read or broken. A program that does not read is judged by its answer.
            tokio::spawn(async move {
                let _ = stdin.write_all(text.expose().as_bytes()).await;
                let _ = stdin.shutdown().await;
            });
        }
        (stdin, _) => held = stdin,
    }
    if run.close_stdout {
        drop(child.stdout.take());
    }
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let collecting = tokio::spawn(async move { tokio::join!(collect(stdout), collect(stderr)) });
    Ok(RunningProgram {
        #[cfg(unix)]
        group: child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw),
        child,
        _stdin: held,
        collecting,
        begin: Instant::now(),
        timeout: run.timeout,
    })
}

/// Reads to the end; what is too much is read and dropped, so that the program is not held up.
async fn collect(source: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut kept = Vec::new();
    if let Some(mut source) = source {
        let _ = (&mut source).take(KEPT).read_to_end(&mut kept).await;
        let _ = tokio::io::copy(&mut source, &mut tokio::io::sink()).await;
    }
    kept
}

/// The most memory that a process has held so far, in bytes.
fn memory(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

async fn send(endpoint: &Endpoint, request: HttpExchange, limit: u64) -> Result<HttpOutput, CallError> {
    let begin = Instant::now();
    let deadline = begin + request.timeout;
    let timed_out = |_| CallError::TimedOut { after: request.timeout, stderr: Vec::new() };
    let method = Method::from_bytes(request.method.as_bytes())
        .map_err(|_| CallError::Request { problem: "is not an HTTP method".to_owned() })?;
    let mut sending = endpoint.client.request(method, endpoint.address(&request.path));
    if !request.body.is_empty() {
        sending = sending.header(CONTENT_TYPE, "application/json").body(request.body);
    }
    if let Some(token) = &endpoint.token {
        sending = sending.bearer_auth(token.expose());
    }
    let mut response = timeout_at(deadline, sending.send())
        .await
        .map_err(timed_out)?
        .map_err(|error| unreachable(&error))?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(piece) = timeout_at(deadline, response.chunk())
        .await
        .map_err(timed_out)?
        .map_err(|error| unreachable(&error))?
    {
        body.extend_from_slice(&piece);
        if u64::try_from(body.len()).unwrap_or(u64::MAX) > limit {
            return Err(CallError::TooLarge { part: "answer", limit });
        }
    }
    Ok(HttpOutput { status, body, elapsed: begin.elapsed() })
}
