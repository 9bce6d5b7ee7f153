//! A check that runs, or has ended.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lumos_check::observer::{Event, Observer};
use lumos_check::{CheckOptions, Report, check};
use tokio::sync::watch;

use crate::connection::entry::Entry;

/// A check that runs, or has ended.
#[derive(Debug)]
pub(crate) struct Checking {
    progress: Mutex<Progress>,
    changed: watch::Sender<u64>,
}

/// How far a check is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    /// The group of rules that is checked, its number and of how many.
    pub(crate) group: Option<(&'static str, usize, usize)>,
    pub(crate) calls: u64,
    pub(crate) findings: u64,
    pub(crate) end: Option<Result<Arc<Report>, String>>,
}

impl Checking {
    pub(crate) fn start(entry: Arc<Entry>) -> Arc<Self> {
        let checking = Arc::new(Self { progress: Mutex::default(), changed: watch::Sender::new(0) });
        let shared = Arc::clone(&checking);
        let runtime = tokio::runtime::Handle::current();
        tokio::task::spawn_blocking(move || {
            let end = runtime.block_on(async {
                let connection = entry.open().await.map_err(|error| error.to_string())?;
                let options = CheckOptions::new(entry.name());
                check(&connection, &options, &*shared).await.map(Arc::new).map_err(|error| error.to_string())
            });
            shared.progress().end = Some(end);
            shared.tell();
        });
        checking
    }

    /// How far it is.
    pub(crate) fn get(&self) -> Progress {
        self.progress().clone()
    }

    /// Tells when something changed.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self) {
        self.changed.send_modify(|number| *number += 1);
    }
}

impl Observer for Checking {
    fn event(&self, event: &Event<'_>) {
        let mut progress = self.progress();
        match event {
            Event::Group { group, number, of } => progress.group = Some((group, *number, *of)),
            Event::Call { calls, .. } => progress.calls = *calls,
            Event::Finding { .. } => progress.findings += 1,
            _ => {}
        }
        drop(progress);
        self.tell();
    }
}
