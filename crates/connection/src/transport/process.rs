//! A process and everything it starts: one process group, which is killed as a whole and never left behind.

use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;

use super::stderr::{LastLines, LogLines};
use crate::secrets::Redactor;

/// How long a process may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(2);

/// How long the last lines of a process that has ended may take.
const LAST_LINES: Duration = Duration::from_millis(500);

/// A running process. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    #[cfg(unix)]
    group: Option<rustix::process::Pid>,
    stderr: LastLines,
    reading: Option<JoinHandle<()>>,
}

impl Process {
    /// Starts a program in a process group of its own. Its stderr goes into the log.
    pub(crate) fn start(
        mut command: Command,
        name: &str,
        redactor: Arc<Redactor>,
        log: Option<LogLines>,
    ) -> Result<Self, std::io::Error> {
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.stderr(Stdio::piped()).kill_on_drop(true).spawn()?;
        let stderr = LastLines::new(name, redactor, log);
        let reading = child.stderr.take().map(|source| tokio::spawn(stderr.clone().read(source)));
        Ok(Self {
            #[cfg(unix)]
            group: child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw),
            child,
            stderr,
            reading,
        })
    }

    pub(crate) fn stdin(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    pub(crate) fn stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// The group that it leads.
    #[cfg(unix)]
    pub(crate) fn group(&self) -> Option<rustix::process::Pid> {
        self.group
    }

    /// Waits until it has ended. May be dropped and called again.
    pub(crate) async fn wait(&mut self) -> Result<ExitStatus, std::io::Error> {
        self.child.wait().await
    }

    /// How it ended, when it has.
    pub(crate) fn status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// What it wrote to stderr last, waiting a moment for what is still under way.
    pub(crate) async fn last_lines(&mut self) -> Vec<String> {
        if let Some(reading) = &mut self.reading
            && tokio::time::timeout(LAST_LINES, reading).await.is_ok()
        {
            self.reading = None;
        }
        self.stderr.get()
    }

    /// Asks it to end, waits a moment, then kills it with everything it started.
    pub(crate) async fn stop(&mut self) {
        if self.child.id().is_none() {
            return;
        }
        #[cfg(unix)]
        self.signal(rustix::process::Signal::TERM);
        #[cfg(unix)]
        if tokio::time::timeout(GRACE, self.child.wait()).await.is_ok() {
            // What it started may still be there.
            self.signal(rustix::process::Signal::KILL);
            return;
        }
        self.kill();
        // It cannot refuse: the wait is short.
        let _ = tokio::time::timeout(GRACE, self.child.wait()).await;
    }

    /// Kills what it started, after it has ended itself. Only for a process whose output is still open: then somebody is
    /// left, and the group's number is not another's.
    pub(crate) fn kill_rest(&mut self) {
        #[cfg(unix)]
        self.signal(rustix::process::Signal::KILL);
    }

    fn kill(&mut self) {
        #[cfg(unix)]
        self.signal(rustix::process::Signal::KILL);
        // An error says that it has ended already.
        let _ = self.child.start_kill();
    }

    /// Sends a signal to the whole group.
    #[cfg(unix)]
    fn signal(&self, signal: rustix::process::Signal) {
        if let Some(group) = self.group {
            // An error says that nobody is left.
            let _ = rustix::process::kill_process_group(group, signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The number of a process that has been waited for may be another's by now.
        if self.child.id().is_some() {
            self.kill();
        }
        if let Some(reading) = self.reading.take() {
            reading.abort();
        }
    }
}
