//! A process on a free port of the loopback interface, stopped whatever happens.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How long a process may take to answer, and to stop.
const START: Duration = Duration::from_secs(60);
const STOP: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(50);

/// A port that nothing listens on.
pub(crate) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("looking for a free port")?;
    Ok(listener.local_addr()?.port())
}

/// Whether something listens on a port.
pub(crate) fn listens(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// A process that serves. Dropping it stops it.
#[derive(Debug)]
pub(crate) struct Server {
    process: Child,
    log: PathBuf,
}

impl Server {
    /// Starts a process, its output going to a file, and waits until `answers`, at most a minute.
    pub(crate) fn start(command: &mut Command, log: &Path, answers: impl Fn() -> bool) -> Result<Self> {
        let output = File::create(log).with_context(|| format!("making {}", log.display()))?;
        let process = command
            .stdin(Stdio::null())
            .stderr(output.try_clone()?)
            .stdout(output)
            .spawn()
            .with_context(|| format!("starting {}", command.get_program().display()))?;
        let mut server = Self { process, log: log.to_owned() };
        let deadline = Instant::now() + START;
        while !answers() {
            if let Some(status) = server.process.try_wait()? {
                bail!("the server ended with {status}:\n{}", server.output());
            }
            if Instant::now() > deadline {
                bail!("the server does not answer:\n{}", server.output());
            }
            sleep(PAUSE);
        }
        Ok(server)
    }

    /// What the process has written so far, on stdout and stderr.
    pub(crate) fn output(&self) -> String {
        std::fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// The number of the process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Kills the process, as a crash would.
    pub(crate) fn kill(mut self) {
        // Both fail when the process has ended.
        drop(self.process.kill());
        drop(self.process.wait());
    }

    /// Asks the process to end; the signal it is sent is SIGTERM where there are signals.
    fn ask_to_stop(&mut self) {
        let asked = Command::new("kill").arg(self.process.id().to_string()).stderr(Stdio::null()).status();
        if !asked.is_ok_and(|status| status.success()) {
            return;
        }
        let deadline = Instant::now() + STOP;
        while Instant::now() < deadline && matches!(self.process.try_wait(), Ok(None)) {
            sleep(PAUSE);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            self.ask_to_stop();
        }
        // Both fail when the process has ended, which is what is wanted.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn python(code: &str) -> Command {
        let mut command = Command::new("python3");
        command.args(["-c", code]);
        command
    }

    #[test]
    fn a_server_answers_and_is_gone_when_it_is_dropped() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let port = free_port()?;
        let mut command = Command::new("python3");
        command.args(["-m", "http.server", "--bind", "127.0.0.1", &port.to_string()]);
        let server = Server::start(&mut command, &folder.path().join("log"), || listens(port))?;
        assert!(listens(port));
        drop(server);
        assert!(!listens(port));
        Ok(())
    }

    #[test]
    fn a_server_that_ends_at_once_is_an_error_with_what_it_said() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let mut command = python("import sys; sys.exit('no configuration')");
        let error = Server::start(&mut command, &folder.path().join("log"), || false).unwrap_err();
        assert!(error.to_string().contains("no configuration"), "{error}");
        Ok(())
    }
}
