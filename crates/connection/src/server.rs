//! A program's own server, started with the first call and stopped with the connection.

use std::net::{Ipv4Addr, TcpListener};
use std::process::Stdio;
use std::time::Duration;

use reqwest::{Client, StatusCode, Url};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::error::CallError;
use crate::program::Program;
use crate::secrets::Resolved;
use crate::transport::http::{Endpoint, local_client, unreachable};
use crate::transport::process::Process;
use crate::transport::stderr::LastLines;

/// How often it is looked whether a server is ready.
const PAUSE: Duration = Duration::from_millis(20);

/// How long a server that may be stuck has to show that it is not.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);

/// Another process may take a port between its choice and its use.
const ATTEMPTS: usize = 3;

/// The server of a program.
#[derive(Debug)]
pub(crate) struct OwnServer {
    program: Program,
    start_timeout: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    running: Option<Running>,
    closed: bool,
}

#[derive(Debug)]
struct Running {
    process: Process,
    watchdog: Option<Child>,
    endpoint: Endpoint,
    /// A call took too long: it may be stuck.
    maybe_stuck: bool,
}

impl OwnServer {
    pub(crate) fn new(program: Program, start_timeout: Duration) -> Self {
        Self { program, start_timeout, state: Mutex::default() }
    }

    /// Where the server is; it is started unless it runs.
    pub(crate) async fn endpoint(&self, resolved: &Resolved) -> Result<Endpoint, CallError> {
        let mut state = self.state.lock().await;
        if state.closed {
            return Err(CallError::Closed);
        }
        if let Some(running) = &mut state.running {
            let stuck =
                running.maybe_stuck && timeout(SIGN_OF_LIFE, is_ready(&running.endpoint)).await.is_err();
            if running.process.status().is_none() && !stuck {
                running.maybe_stuck = false;
                return Ok(running.endpoint.clone());
            }
            tracing::warn!(program = self.program.name(), stuck, "the connector's server is started anew");
            running.stop().await;
        }
        state.running = None;
        let running = self.start(resolved).await?;
        let endpoint = running.endpoint.clone();
        state.running = Some(running);
        Ok(endpoint)
    }

    /// What a failure of a call means for the server: a connection that broke because it ended is its death.
    pub(crate) async fn explain(&self, error: CallError) -> CallError {
        let mut state = self.state.lock().await;
        let Some(running) = &mut state.running else { return error };
        match error {
            CallError::Unreachable { reason } => {
                // The process may need a moment to end after its connections.
                match timeout(Duration::from_secs(1), running.process.wait()).await {
                    Ok(Ok(status)) => CallError::Died {
                        status: status.to_string(),
                        stderr: running.process.last_lines().await,
                    },
                    _ => CallError::Unreachable { reason },
                }
            }
            CallError::TimedOut { after, .. } => {
                running.maybe_stuck = true;
                CallError::TimedOut { after, stderr: running.process.last_lines().await }
            }
            other => other,
        }
    }

    pub(crate) async fn close(&self) {
        let mut state = self.state.lock().await;
        state.closed = true;
        if let Some(mut running) = state.running.take() {
            running.stop().await;
        }
    }

    async fn start(&self, resolved: &Resolved) -> Result<Running, CallError> {
        let client = local_client().map_err(|error| unreachable(&error))?;
        let deadline = Instant::now() + self.start_timeout;
        for _ in 1..ATTEMPTS {
            match self.attempt(&client, resolved, deadline).await {
                Err(CallError::Died { stderr, .. }) if is_about_the_port(&stderr) => {}
                result => return result,
            }
        }
        self.attempt(&client, resolved, deadline).await
    }

    async fn attempt(
        &self,
        client: &Client,
        resolved: &Resolved,
        deadline: Instant,
    ) -> Result<Running, CallError> {
        let port = free_port()?;
        let base = Url::parse(&format!("http://{}:{port}", Ipv4Addr::LOCALHOST))
            .map_err(|error| CallError::Unreachable { reason: error.to_string() })?;
        let endpoint = Endpoint { client: client.clone(), base, token: None };
        let mut command =
            self.program.command(&["dev", "http-server", "--port", &port.to_string()], resolved);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = self.program.start(command, resolved)?;
        if let Some(stdout) = process.stdout() {
            // The task ends with the process.
            tokio::spawn(
                LastLines::new(self.program.name(), resolved.redactor.clone(), self.program.log())
                    .read(stdout),
            );
        }
        let watchdog = watchdog(&process);
        let ready = tokio::select! {
            status = process.wait() => Err(status),
            ready = timeout_at(deadline, is_ready(&endpoint)) => Ok(ready),
        };
        match ready {
            Ok(Ok(())) if process.status().is_none() => {
                Ok(Running { process, watchdog, endpoint, maybe_stuck: false })
            }
            Ok(Err(_)) => {
                process.stop().await;
                Err(CallError::TimedOut { after: self.start_timeout, stderr: process.last_lines().await })
            }
            Ok(Ok(())) | Err(_) => {
                let status = match process.wait().await {
                    Ok(status) => status.to_string(),
                    Err(error) => error.to_string(),
                };
                Err(CallError::Died { status, stderr: process.last_lines().await })
            }
        }
    }
}

impl Running {
    async fn stop(&mut self) {
        self.process.stop().await;
        if let Some(watchdog) = &mut self.watchdog {
            // It was killed with the group; this reaps it.
            let _ = watchdog.start_kill();
            let _ = watchdog.wait().await;
        }
    }
}

/// Waits until a server describes itself.
async fn is_ready(endpoint: &Endpoint) {
    loop {
        let request = endpoint.client.get(endpoint.address("openapi.json"));
        if request.send().await.is_ok_and(|response| response.status() == StatusCode::OK) {
            return;
        }
        sleep(PAUSE).await;
    }
}

fn is_about_the_port(stderr: &[String]) -> bool {
    stderr.iter().any(|line| line.to_lowercase().contains("address already in use"))
}

/// A port that nothing listens on.
fn free_port() -> Result<u16, CallError> {
    let port = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr().map(|address| address.port());
    port().map_err(|error: std::io::Error| CallError::Unreachable {
        reason: format!("looking for a free port: {error}"),
    })
}

/// A process in the server's group that kills the group when this process ends, however it ends: the pipe between them
/// closes then. Without it, a server would outlive a caller that is killed.
fn watchdog(process: &Process) -> Option<Child> {
    #[cfg(unix)]
    {
        let group = process.group()?.as_raw_nonzero().get();
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "read -r _; kill -KILL 0"]).stdin(Stdio::piped());
        command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).process_group(group);
        command.spawn().ok()
    }
    #[cfg(not(unix))]
    {
        let _ = process;
        None
    }
}
