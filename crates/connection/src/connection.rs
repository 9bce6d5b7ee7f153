//! An open connection: a connector, reached one way or another, with its credentials and settings.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lumos_connector_types::capability::Capability;
use lumos_connector_types::json::{self, Json};
use lumos_connector_types::secret::Secret;
use reqwest::Certificate;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{OnceCell, Semaphore};

use crate::answer::{Answer, PageEnd, TypedAnswer};
use crate::error::{CallError, ConnectionError};
use crate::file::{ConnectionFile, Limits, Mode, check};
use crate::fingerprint;
use crate::info::ConnectorInfo;
use crate::outcome;
use crate::program::Program;
use crate::reader::{Bounds, Payload};
use crate::receiver::{NoRows, Received, Receiver};
use crate::request::CallRequest;
use crate::rows::RowSink;
use crate::secrets::{self, Resolved};
use crate::server::OwnServer;
use crate::transport::http::{Endpoint, remote_client, unreachable};
use crate::transport::stderr::LogLines;

/// How a connection is opened.
#[derive(Debug, Clone, Default)]
pub struct OpenOptions {
    allow_literal_secrets: bool,
    log: Option<LogLines>,
}

impl OpenOptions {
    /// Sets what is called with each line that the connector's program logs, without the secrets of the connection. A
    /// server at an address logs elsewhere.
    #[must_use]
    pub fn on_log_line(mut self, told: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.log = Some(LogLines(Arc::new(told)));
        self
    }

    /// Takes secrets that stand in the file itself, which are refused otherwise.
    #[must_use]
    pub fn allow_literal_secrets(mut self, allow: bool) -> Self {
        self.allow_literal_secrets = allow;
        self
    }
}

/// An open connection to a connector. Clones share it; the last one that is dropped kills what was started.
#[derive(Debug, Clone)]
pub struct Connection {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    file: ConnectionFile,
    options: OpenOptions,
    resolved: Mutex<Arc<Resolved>>,
    program: Option<Program>,
    transport: Transport,
    info: OnceCell<Arc<ConnectorInfo>>,
    permits: Semaphore,
    closed: AtomicBool,
}

/// How calls reach the connector.
#[derive(Debug)]
pub(crate) enum Transport {
    Program(Program),
    Server(Box<OwnServer>),
    Address(Endpoint),
}

impl Connection {
    /// Follows the file's references and checks its credentials. Nothing is started yet, except where only the
    /// connector can tell whether a setting is secret.
    ///
    /// # Errors
    /// When a reference leads nowhere, a credential lacks a field, or a secret stands in the file.
    pub async fn open(file: ConnectionFile, options: OpenOptions) -> Result<Self, ConnectionError> {
        file.check()?;
        if !options.allow_literal_secrets {
            secrets::check_literals(&file)?;
        }
        let resolved = secrets::resolve(&file).await?;
        let program = Program::new(&file.connector, &file.origin.folder(), options.log.clone());
        let transport = match (&file.connector.url, &program) {
            (Some(url), _) => Transport::Address(endpoint(&file, url)?),
            (None, Some(program)) if file.connector.mode == Mode::Server => {
                let start_timeout = Duration::from_secs(file.limits.start_timeout);
                Transport::Server(Box::new(OwnServer::new(program.clone(), start_timeout)))
            }
            (None, Some(program)) => Transport::Program(program.clone()),
            (None, None) => return Err(file.origin.invalid("connector", "expected `command` or `url`")),
        };
        let suspicious = !options.allow_literal_secrets && secrets::has_suspicious_settings(&file);
        let connection = Self {
            inner: Arc::new(Inner {
                permits: Semaphore::new(file.limits.concurrency),
                file,
                options,
                resolved: Mutex::new(Arc::new(resolved)),
                program,
                transport,
                info: OnceCell::new(),
                closed: AtomicBool::new(false),
            }),
        };
        if suspicious {
            connection.info().await?;
        }
        Ok(connection)
    }

    /// What the connector says about itself. It is asked once; a failure is not remembered.
    ///
    /// # Errors
    /// When it does not answer, or when it marks a setting as secret that stands in the file as a literal.
    pub async fn info(&self) -> Result<Arc<ConnectorInfo>, ConnectionError> {
        let ask = async {
            let info = self.ask_info().await.map_err(ConnectionError::Info)?;
            if !self.inner.options.allow_literal_secrets {
                secrets::check_settings(&self.inner.file, &info.settings_schema())?;
            }
            Ok(Arc::new(info))
        };
        self.inner.info.get_or_try_init(|| ask).await.cloned()
    }

    async fn ask_info(&self) -> Result<ConnectorInfo, CallError> {
        let Some(program) = &self.inner.program else {
            let answer =
                self.call("app_info", CallRequest::empty().without_credentials().without_settings()).await?;
            return ConnectorInfo::from_app_info(&answer.response)
                .map_err(|error| CallError::invalid(format!("response.{error}"), answer.response.text()));
        };
        self.check_open()?;
        let resolved = self.resolved();
        let mut no_rows = NoRows;
        let receiver = self.receiver(Payload::Whole, false, None, &mut no_rows);
        let received = Box::pin(program.info(receiver, &resolved)).await;
        let received = received.map_err(|error| error.redacted(&resolved.redactor))?;
        let (response, _) = outcome::of(received, &resolved.redactor)?;
        let response = response.unwrap_or_default();
        ConnectorInfo::from_program(&response)
            .map_err(|error| CallError::invalid(format!("response.{error}"), response.text()))
    }

    /// The limits of the connection file.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.inner.file.limits
    }

    /// The file that the connection was opened with, its references not followed.
    #[must_use]
    pub fn file(&self) -> &ConnectionFile {
        &self.inner.file
    }

    /// A text that stays the same as long as the connection leads to the same connector with the same credentials and
    /// settings: SHA-256, in hexadecimal, of the file without its limits and mode. References count, not the secrets
    /// that they lead to.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint::of(&self.inner.file)
    }

    /// A text in which every secret of the connection is replaced by `[REDACTED]`.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        self.resolved().redactor.text(text)
    }

    /// Calls a capability and gives its whole answer, of at most `limits.answer_bytes`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn call(&self, capability: &str, request: CallRequest) -> Result<Answer, CallError> {
        let (response, end) = self.send(capability, request, Payload::Whole, &mut NoRows).await?;
        Ok(Answer { response: response.unwrap_or_default(), end })
    }

    /// Calls a capability and reads its answer as the capability's type.
    ///
    /// # Errors
    /// See [`CallError`]; [`CallError::Garbage`] when the payload is not of that type.
    pub async fn call_typed<C>(&self, request: &C::Request) -> Result<TypedAnswer<C::Response>, CallError>
    where
        C: Capability,
        C::Request: Serialize + Sync,
        C::Response: DeserializeOwned,
    {
        self.call_typed_with::<C>(CallRequest::of(request)?).await
    }

    /// Calls a capability with everything that a request may say, such as a page, and reads its answer as the capability's type.
    ///
    /// # Errors
    /// See [`call_typed`](Self::call_typed).
    pub async fn call_typed_with<C>(
        &self,
        request: CallRequest,
    ) -> Result<TypedAnswer<C::Response>, CallError>
    where
        C: Capability,
        C::Response: DeserializeOwned,
    {
        let Answer { response, end } = self.call(C::NAME, request).await?;
        let text = response.text();
        let read = if C::LAX { json::read_lax(text) } else { json::read(text) };
        let response = read.map_err(|error| CallError::invalid(error.inside("response").to_string(), ""))?;
        Ok(TypedAnswer { response, end })
    }

    /// Calls a capability and hands its rows out while they arrive. The rows are the items of the payload when it is a
    /// list, and the items of every list in it when it is an object. Memory does not grow with the answer.
    ///
    /// # Errors
    /// See [`CallError`]. Rows that were handed out before an error are not a page.
    pub async fn call_rows(
        &self,
        capability: &str,
        request: CallRequest,
        sink: &mut impl RowSink,
    ) -> Result<PageEnd, CallError> {
        let (_, end) = self.send(capability, request, Payload::Rows, sink).await?;
        Ok(end)
    }

    /// Follows the file's references again: for secrets that change while a connection is open, such as an access token
    /// that a command renews. Call it after [`ConnectorErrorCode::Unauthorized`] or `AuthenticationExpired`. A server
    /// that runs keeps its environment.
    ///
    /// [`ConnectorErrorCode::Unauthorized`]: lumos_connector_types::error::ConnectorErrorCode::Unauthorized
    ///
    /// # Errors
    /// When a reference leads nowhere; the secrets that were there stay.
    pub async fn reload_secrets(&self) -> Result<(), ConnectionError> {
        let resolved = Arc::new(secrets::resolve(&self.inner.file).await?);
        *self.inner.resolved.lock().unwrap_or_else(PoisonError::into_inner) = resolved;
        Ok(())
    }

    /// Stops a server that was started, and waits until it has ended. Later calls fail with [`CallError::Closed`].
    pub async fn close(&self) {
        self.inner.closed.store(true, Ordering::Relaxed);
        if let Transport::Server(server) = &self.inner.transport {
            server.close().await;
        }
    }

    pub(crate) fn program(&self) -> Option<&Program> {
        self.inner.program.as_ref()
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.inner.transport
    }

    pub(crate) fn resolved(&self) -> Arc<Resolved> {
        Arc::clone(&self.inner.resolved.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn check_open(&self) -> Result<(), CallError> {
        if self.inner.closed.load(Ordering::Relaxed) { Err(CallError::Closed) } else { Ok(()) }
    }

    fn receiver<'s, S: RowSink>(
        &self,
        payload: Payload,
        keep_raw_data: bool,
        timeout: Option<Duration>,
        sink: &'s mut S,
    ) -> Receiver<'s, S> {
        let limits = self.limits();
        let bounds = Bounds { row: limits.row_bytes, whole: limits.answer_bytes };
        Receiver::new(payload, keep_raw_data, bounds, timeout.unwrap_or_else(|| limits.call_timeout()), sink)
    }

    async fn send(
        &self,
        capability: &str,
        request: CallRequest,
        payload: Payload,
        sink: &mut impl RowSink,
    ) -> Result<(Option<Json>, PageEnd), CallError> {
        self.check_open()?;
        check_name(capability)?;
        let Ok(_permit) = self.inner.permits.acquire().await else { return Err(CallError::Closed) };
        let resolved = self.resolved();
        let resolved = match request.secrets() {
            own if own.is_empty() => resolved,
            own => Arc::new(resolved.with_secrets(&own)),
        };
        let keep_raw_data = request.include_raw_data || request.body.is_some();
        let timeout = request.timeout;
        let record = request.record.clone();
        let body = request.body(capability, &resolved, self.limits());
        let receiver = self.receiver(payload, keep_raw_data, timeout, sink);
        let received = Box::pin(self.deliver(capability, body, record, receiver, &resolved)).await;
        let received = match received {
            Ok(received) => received,
            Err(error) => return Err(self.named(capability, error.redacted(&resolved.redactor))),
        };
        outcome::of(received, &resolved.redactor)
    }

    async fn deliver<S: RowSink>(
        &self,
        capability: &str,
        body: Secret,
        record: Option<PathBuf>,
        receiver: Receiver<'_, S>,
        resolved: &Resolved,
    ) -> Result<Received, CallError> {
        if let Some(file) = record {
            let Some(program) = self.program() else { return Err(CallError::no_program()) };
            return program.call_recorded(capability, body, &file, receiver, resolved).await;
        }
        match &self.inner.transport {
            Transport::Program(program) => program.call(capability, body, receiver, resolved).await,
            Transport::Address(endpoint) => {
                let endpoint = Endpoint { token: resolved.token.clone(), ..endpoint.clone() };
                endpoint.call(capability, &body, receiver).await
            }
            Transport::Server(server) => {
                let endpoint = server.endpoint(resolved).await?;
                match endpoint.call(capability, &body, receiver).await {
                    Ok(received) => Ok(received),
                    Err(error) => Err(server.explain(error).await),
                }
            }
        }
    }

    /// A program says in its own words that it does not have a capability; when `info` is known, it says so, too.
    fn named(&self, capability: &str, error: CallError) -> CallError {
        let unknown = self.inner.info.get().is_some_and(|info| !info.has(capability));
        match error {
            CallError::Died { .. } if unknown => {
                CallError::NoCapability { capability: capability.to_owned() }
            }
            error => error,
        }
    }
}

/// A capability's name goes into arguments and addresses.
fn check_name(capability: &str) -> Result<(), CallError> {
    if capability == "info" {
        return Err(CallError::Request { problem: "`info` is asked for, not called".to_owned() });
    }
    let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if capability.starts_with(|first: char| first.is_ascii_lowercase()) && capability.bytes().all(letters) {
        return Ok(());
    }
    Err(CallError::Request {
        problem: "the name of a capability has lower-case letters, digits and underscores".to_owned(),
    })
}

fn endpoint(file: &ConnectionFile, url: &str) -> Result<Endpoint, ConnectionError> {
    let base = check::address(url).map_err(|problem| file.origin.invalid("connector.url", problem))?;
    let mut authorities = Vec::new();
    if let Some(path) = &file.connector.ca_file {
        let invalid = |problem: String| file.origin.invalid("connector.ca_file", problem);
        let path = file.origin.folder().join(path);
        let pem = std::fs::read(&path)
            .map_err(|error| invalid(format!("cannot read {}: {error}", path.display())))?;
        authorities =
            Certificate::from_pem_bundle(&pem).map_err(|_| invalid("is not a PEM file".to_owned()))?;
        if authorities.is_empty() {
            return Err(invalid("holds no certificate".to_owned()));
        }
    }
    let client = remote_client(authorities).map_err(|error| ConnectionError::Info(unreachable(&error)))?;
    Ok(Endpoint { client, base, token: None })
}
