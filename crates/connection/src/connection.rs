//! An open connection: a connector, reached one way or another, with its credentials and settings.

use std::sync::Arc;

use lumos_connector_types::capability::Capability;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::answer::{Answer, PageEnd, TypedAnswer};
use crate::error::{CallError, ConnectionError};
use crate::file::{ConnectionFile, Limits};
use crate::info::ConnectorInfo;
use crate::request::CallRequest;
use crate::rows::RowSink;

/// How a connection is opened.
#[derive(Debug, Clone, Default)]
pub struct OpenOptions {
    allow_literal_secrets: bool,
}

impl OpenOptions {
    /// Takes secrets that stand in the file itself, which are refused otherwise.
    #[must_use]
    pub fn allow_literal_secrets(mut self) -> Self {
        self.allow_literal_secrets = true;
        self
    }
}

/// An open connection to a connector. Clones share it; the last one that is dropped stops a server that was started.
#[derive(Debug, Clone)]
pub struct Connection {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    file: ConnectionFile,
}

impl Connection {
    /// Follows the file's references and checks its credentials. Nothing is started yet, except where only the
    /// connector can tell whether a setting is secret.
    ///
    /// # Errors
    /// When a reference leads nowhere, a credential lacks a field, or a secret stands in the file.
    pub async fn open(file: ConnectionFile, options: OpenOptions) -> Result<Self, ConnectionError> {
        let _ = options.allow_literal_secrets;
        Ok(Self { inner: Arc::new(Inner { file }) })
    }

    /// What the connector says about itself. It is asked once.
    ///
    /// # Errors
    /// When it does not answer, or when it marks a setting as secret that stands in the file as a literal.
    pub async fn info(&self) -> Result<Arc<ConnectorInfo>, ConnectionError> {
        Err(ConnectionError::Info(CallError::Closed))
    }

    /// The limits of the connection file.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.inner.file.limits
    }

    /// A text that stays the same as long as the connection leads to the same connector with the same credentials and
    /// settings: SHA-256, in hexadecimal, of the file without its limits and mode. References count, not the secrets
    /// that they lead to.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        String::new()
    }

    /// Calls a capability and gives its whole answer, of at most `limits.answer_bytes`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn call(&self, capability: &str, request: CallRequest) -> Result<Answer, CallError> {
        let _ = (capability, request);
        Err(CallError::Closed)
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
        let _ = request;
        Err(CallError::Closed)
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
        let _ = (capability, request, sink);
        Err(CallError::Closed)
    }

    /// Follows the file's references again: for secrets that change while a connection is open, such as an access token
    /// that a command renews. Call it after [`ConnectorErrorCode::Unauthorized`] or `AuthenticationExpired`.
    ///
    /// [`ConnectorErrorCode::Unauthorized`]: lumos_connector_types::error::ConnectorErrorCode::Unauthorized
    ///
    /// # Errors
    /// When a reference leads nowhere; the secrets that were there stay.
    pub async fn reload_secrets(&self) -> Result<(), ConnectionError> {
        Ok(())
    }

    /// Stops a server that was started, and waits until it has ended. Later calls fail with [`CallError::Closed`].
    pub async fn close(&self) {}
}
