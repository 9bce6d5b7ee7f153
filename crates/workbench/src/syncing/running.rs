//! A sync that runs: what it did so far.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lumos_sync::execute::{Event, Observer, SyncOptions, run};
use lumos_sync::store::Store;
use lumos_sync::verdict::Verdict;
use tokio::sync::watch;

use crate::connection::entry::Entry;

/// A sync that runs, or has ended.
#[derive(Debug)]
pub(crate) struct Running {
    progress: Mutex<Progress>,
    changed: watch::Sender<u64>,
    stop: watch::Sender<bool>,
}

/// What a sync did so far.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    pub(crate) sync: Option<i64>,
    pub(crate) is_resumed: bool,
    /// Why a stopped sync does not go on.
    pub(crate) left: Option<String>,
    pub(crate) listings: Vec<Shown>,
    pub(crate) started: Instant,
    /// Where the rows go.
    pub(crate) store: PathBuf,
    pub(crate) end: Option<End>,
}

/// How a sync ended.
#[derive(Debug, Clone)]
pub(crate) enum End {
    Judged(Verdict),
    /// What was read is kept, and the next sync goes on.
    Stopped,
    Failed(String),
}

/// A listing of a sync that runs.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    listing: i64,
    pub(crate) label: String,
    pub(crate) reading: u8,
    pub(crate) rows: u64,
    pub(crate) pages: u64,
    /// Rows when it was last complete.
    pub(crate) expected: Option<u64>,
    pub(crate) connector: Duration,
    /// What it does at the moment.
    pub(crate) state: String,
    pub(crate) is_read: bool,
}

impl Running {
    /// Starts a sync of a connection into a store.
    pub(crate) fn start(entry: Arc<Entry>, path: PathBuf, options: SyncOptions) -> Arc<Self> {
        let progress = Progress {
            sync: None,
            is_resumed: false,
            left: None,
            listings: Vec::new(),
            started: Instant::now(),
            store: path.clone(),
            end: None,
        };
        let running = Arc::new(Self {
            progress: Mutex::new(progress),
            changed: watch::Sender::new(0),
            stop: watch::Sender::new(false),
        });
        let shared = Arc::clone(&running);
        let runtime = tokio::runtime::Handle::current();
        tokio::task::spawn_blocking(move || {
            let end = runtime.block_on(shared.read(&entry, path, &options));
            shared.progress().end = Some(end);
            shared.tell();
        });
        running
    }

    async fn read(&self, entry: &Entry, path: PathBuf, options: &SyncOptions) -> End {
        let store = match Store::open(&path) {
            Ok(store) => Arc::new(store),
            Err(error) => return End::Failed(error.to_string()),
        };
        let connection = match entry.open().await {
            Ok(connection) => connection,
            Err(error) => return End::Failed(error.to_string()),
        };
        let mut stop = self.stop.subscribe();
        let stopped = async { drop(stop.wait_for(|stop| *stop).await) };
        tokio::select! {
            end = run(&connection, &store, options, self) => match end {
                Ok(end) => End::Judged(end.outcome),
                Err(error) => End::Failed(error.to_string()),
            },
            () = stopped => End::Stopped,
        }
    }

    /// Ends it where it is: what was stored is kept.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.progress().end.is_some()
    }

    /// What it did so far.
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

    fn with(&self, listing: i64, change: impl FnOnce(&mut Shown)) {
        if let Some(shown) = self.progress().listings.iter_mut().find(|shown| shown.listing == listing) {
            change(shown);
        }
    }
}

impl Observer for Running {
    fn observe(&self, event: &Event<'_>) {
        match event {
            Event::Begun { sync, is_resumed, left, listings, expected } => {
                let mut progress = self.progress();
                progress.sync = Some(*sync);
                progress.is_resumed = *is_resumed;
                progress.left = left.map(str::to_owned);
                let shown = listings.iter().zip(*expected).map(|(listing, expected)| Shown {
                    listing: listing.id,
                    label: listing.label.clone(),
                    reading: listing.reading,
                    rows: listing.rows,
                    pages: listing.pages,
                    expected: *expected,
                    connector: listing.connector_time,
                    state: "waits".to_owned(),
                    is_read: false,
                });
                progress.listings = shown.collect();
            }
            Event::Called { listing, page } => {
                self.with(*listing, |shown| shown.state = format!("reads page {}", page + 1));
            }
            Event::Stored { listing, rows, connector, .. } => self.with(*listing, |shown| {
                shown.rows += rows;
                shown.pages += 1;
                shown.connector += *connector;
            }),
            Event::Deferred { listing, delay, reason, .. } => self.with(*listing, |shown| {
                shown.state = format!("waits {}: {reason}", crate::page::text::duration(*delay));
            }),
            Event::Read { listing } => self.with(*listing, |shown| {
                shown.state = "is indexed".to_owned();
                shown.is_read = true;
            }),
            Event::Indexed { listing } => self.with(*listing, |shown| {
                shown.state = "read".to_owned();
                shown.is_read = true;
            }),
            _ => {}
        }
        self.tell();
    }
}
