//! A connection of the workbench: its file as it is now, and what is open.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lumos_connection::{Connection, ConnectionError, ConnectionFile, ConnectorInfo, OpenOptions};
use lumos_connector_types::secret::Secret;

use crate::checking::running::Checking;
use crate::page::PageError;
use crate::syncing::running::Running;

/// Lines of the log that are kept.
const LINES: usize = 2000;

/// A connection of the workbench.
pub(crate) struct Entry {
    allow_literal_secrets: bool,
    inner: Mutex<Inner>,
    log: Arc<Mutex<Log>>,
    running: Mutex<Option<Arc<Running>>>,
    checking: Mutex<Option<Arc<Checking>>>,
    /// Whether its program can record calls, once it was asked.
    can_record: Mutex<Option<bool>>,
}

struct Inner {
    name: String,
    /// The file that it was read from, or written to.
    path: Option<PathBuf>,
    file: ConnectionFile,
    /// Whether secrets were typed: they stand in `file`, which is in memory alone.
    has_typed: bool,
    opened: Option<Connection>,
    /// Tokens that new access tokens can be had for, by credential.
    refresh_tokens: HashMap<String, Secret>,
}

/// The last lines that the connector logged, without secrets.
#[derive(Default)]
struct Log {
    first: u64,
    lines: VecDeque<String>,
}

impl Entry {
    pub(crate) fn read(path: &Path, allow_literal_secrets: bool) -> Result<Self, ConnectionError> {
        let file = ConnectionFile::read(path)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self::of(name, Some(path.to_owned()), file, allow_literal_secrets))
    }

    pub(crate) fn of(
        name: String,
        path: Option<PathBuf>,
        file: ConnectionFile,
        allow_literal_secrets: bool,
    ) -> Self {
        let inner =
            Inner { name, path, file, has_typed: false, opened: None, refresh_tokens: HashMap::new() };
        Self {
            allow_literal_secrets,
            inner: Mutex::new(inner),
            log: Arc::default(),
            running: Mutex::default(),
            checking: Mutex::default(),
            can_record: Mutex::default(),
        }
    }

    pub(crate) fn name(&self) -> String {
        self.inner().name.clone()
    }

    pub(crate) fn path(&self) -> Option<PathBuf> {
        self.inner().path.clone()
    }

    /// The file as it is now. Typed secrets stand in it.
    pub(crate) fn file(&self) -> ConnectionFile {
        self.inner().file.clone()
    }

    /// Whether secrets were typed that no file holds.
    pub(crate) fn has_typed(&self) -> bool {
        self.inner().has_typed
    }

    /// Sets what the connection is from now on. Calls that are under way end as they began.
    pub(crate) fn change(&self, file: ConnectionFile, has_typed: bool) {
        let mut inner = self.inner();
        inner.file = file;
        inner.has_typed |= has_typed;
        close_later(inner.opened.take());
        *self.can_record.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Notes that it was saved.
    pub(crate) fn saved(&self, path: &Path, file: ConnectionFile) {
        let mut inner = self.inner();
        inner.name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        inner.path = Some(path.to_owned());
        inner.file = file;
        inner.has_typed = false;
        close_later(inner.opened.take());
    }

    pub(crate) fn set_refresh_token(&self, credential: &str, token: Option<Secret>) {
        if let Some(token) = token {
            self.inner().refresh_tokens.insert(credential.to_owned(), token);
        }
    }

    pub(crate) fn refresh_token(&self, credential: &str) -> Option<Secret> {
        self.inner().refresh_tokens.get(credential).cloned()
    }

    /// The open connection; it is opened when it is not.
    pub(crate) async fn open(&self) -> Result<Connection, ConnectionError> {
        let (file, allow) = {
            let inner = self.inner();
            if let Some(opened) = &inner.opened {
                return Ok(opened.clone());
            }
            (inner.file.clone(), self.allow_literal_secrets || inner.has_typed)
        };
        let log = Arc::clone(&self.log);
        let options = OpenOptions::default()
            .allow_literal_secrets(allow)
            .on_log_line(move |line| log.lock().unwrap_or_else(PoisonError::into_inner).add(line));
        let opened = Connection::open(file, options).await?;
        let mut inner = self.inner();
        Ok(inner.opened.get_or_insert(opened).clone())
    }

    /// What the connector says about itself. It may do so without credentials, which are still to be filled in.
    pub(crate) async fn info(&self) -> Result<Arc<ConnectorInfo>, ConnectionError> {
        match self.open().await {
            Ok(connection) => connection.info().await,
            Err(problem @ (ConnectionError::LiteralSecret { .. } | ConnectionError::Read { .. })) => {
                Err(problem)
            }
            Err(problem) => {
                let mut bare = self.file();
                bare.auth.clear();
                bare.credentials.clear();
                bare.settings.clear();
                let connection = Connection::open(bare, OpenOptions::default()).await.map_err(|_| problem)?;
                let info = connection.info().await;
                connection.close().await;
                info
            }
        }
    }

    /// The sync that runs, or ran last.
    pub(crate) fn running(&self) -> Option<Arc<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_running(&self, running: Arc<Running>) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(running);
    }

    /// The check that runs, or ran last.
    pub(crate) fn checking(&self) -> Option<Arc<Checking>> {
        self.checking.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_checking(&self, checking: Arc<Checking>) {
        *self.checking.lock().unwrap_or_else(PoisonError::into_inner) = Some(checking);
    }

    /// Whether the connector's program can record calls. It is asked once.
    pub(crate) async fn can_record(&self, connection: &Connection) -> bool {
        let known = *self.can_record.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known {
            return known;
        }
        let can = connection.has_program() && connection.can_record().await;
        *self.can_record.lock().unwrap_or_else(PoisonError::into_inner) = Some(can);
        can
    }

    /// The number of the next line of the log.
    pub(crate) fn log_position(&self) -> u64 {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.first + log.lines.len() as u64
    }

    /// The lines of the log from a number on.
    pub(crate) fn log_since(&self, position: u64) -> Vec<String> {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let skipped = usize::try_from(position.saturating_sub(log.first)).unwrap_or(usize::MAX);
        log.lines.iter().skip(skipped).cloned().collect()
    }

    /// Stops what was started.
    pub(crate) async fn close(&self) {
        if let Some(running) = self.running() {
            running.stop();
        }
        let opened = self.inner().opened.take();
        if let Some(opened) = opened {
            opened.close().await;
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log {
    fn add(&mut self, line: &str) {
        if self.lines.len() == LINES {
            self.lines.pop_front();
            self.first += 1;
        }
        self.lines.push_back(line.to_owned());
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("name", &self.name()).finish_non_exhaustive()
    }
}

fn close_later(opened: Option<Connection>) {
    if let Some(opened) = opened {
        tokio::spawn(async move { opened.close().await });
    }
}

impl From<ConnectionError> for PageError {
    /// What a connection says holds no secret.
    fn from(error: ConnectionError) -> Self {
        Self::failed(error)
    }
}
