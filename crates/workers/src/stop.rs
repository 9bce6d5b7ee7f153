//! Ending in an orderly way: what is under way is finished first, and asked a second time, all stops at once.

use std::sync::Arc;

use tokio::sync::watch;

/// How far the end has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Running,
    Draining,
    Stopping,
}

/// Tells everything in a process that it is to end. Clones tell the same.
#[derive(Clone, Debug)]
pub struct Stop(Arc<watch::Sender<Phase>>);

impl Default for Stop {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Phase::Running)))
    }
}

impl Stop {
    /// Asks for the end: the first time what is under way is finished, the second time nothing is.
    pub fn ask(&self) {
        self.0.send_modify(|phase| {
            *phase = if *phase == Phase::Running { Phase::Draining } else { Phase::Stopping };
        });
    }

    /// Whether nothing new is to be begun.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        *self.0.borrow() >= Phase::Draining
    }

    /// Waits until nothing new is to be begun.
    pub async fn asked(&self) {
        self.reached(Phase::Draining).await;
    }

    /// Waits until all is to stop at once.
    pub async fn at_once(&self) {
        self.reached(Phase::Stopping).await;
    }

    async fn reached(&self, wanted: Phase) {
        let mut phases = self.0.subscribe();
        // The sender lives as long as this does.
        let _ = phases.wait_for(|phase| *phase >= wanted).await;
    }

    /// Asks at each SIGTERM and SIGINT, for as long as it runs.
    ///
    /// # Errors
    /// When signals cannot be waited for.
    #[cfg(unix)]
    pub async fn at_signals(&self) -> std::io::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            self.ask();
        }
    }

    /// Asks at each Ctrl-C, for as long as it runs.
    ///
    /// # Errors
    /// When it cannot be waited for.
    #[cfg(not(unix))]
    pub async fn at_signals(&self) -> std::io::Result<()> {
        loop {
            tokio::signal::ctrl_c().await?;
            self.ask();
        }
    }
}
