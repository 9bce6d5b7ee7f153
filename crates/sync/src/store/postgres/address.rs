//! Where a server is, and how a session with it is opened.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use futures_util::FutureExt;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::store::error::{ServerError, Trouble};

/// Where a server is, without what nobody may see.
#[derive(Clone)]
pub(in crate::store) struct Address {
    config: Config,
    root_certificate: Option<String>,
    shown: String,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown)
    }
}

impl Address {
    /// Whether the name of a store is the address of a server.
    pub(in crate::store) fn is_one(name: &Path) -> bool {
        let name = name.to_string_lossy();
        name.starts_with("postgres://") || name.starts_with("postgresql://")
    }

    /// Reads the address of a server, as libpq writes it; `sslrootcert` names a file of certificates to trust.
    pub(in crate::store) fn read(name: &Path) -> Result<Self, ServerError> {
        let text = name.to_string_lossy();
        let (text, root_certificate) = take_parameter(&text, "sslrootcert");
        let mut config: Config = text.parse().map_err(|_| ServerError::Address)?;
        let shown = shown(&text);
        config.application_name("lumos-sync");
        if config.get_password().is_none()
            && let Ok(password) = std::env::var("PGPASSWORD")
        {
            config.password(password);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(std::time::Duration::from_secs(10));
        }
        Ok(Self { config, root_certificate, shown })
    }

    /// The address as it may be shown.
    pub(in crate::store) fn shown(&self) -> &str {
        &self.shown
    }

    fn tls(&self) -> Result<ClientConfig, ServerError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| ServerError::Tls(error.to_string()))?;
        let config = match &self.root_certificate {
            None => {
                let verifier = rustls_platform_verifier::Verifier::new(provider)
                    .map_err(|error| ServerError::Tls(error.to_string()))?;
                builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
            }
            Some(path) => {
                let mut roots = RootCertStore::empty();
                let certificates = CertificateDer::pem_file_iter(path)
                    .map_err(|error| ServerError::Tls(format!("{path}: {error}")))?;
                for certificate in certificates {
                    certificate
                        .map_err(|error| error.to_string())
                        .and_then(|certificate| roots.add(certificate).map_err(|error| error.to_string()))
                        .map_err(|error| ServerError::Tls(format!("{path}: {error}")))?;
                }
                builder.with_root_certificates(roots)
            }
        };
        Ok(config.with_no_client_auth())
    }

    async fn connect(&self) -> Result<(Client, Connection), Trouble> {
        // Why a connection ended is what its client says.
        if self.config.get_ssl_mode() == SslMode::Disable {
            let (client, connection) = self.config.connect(NoTls).await?;
            return Ok((client, Box::pin(connection.map(drop))));
        }
        let tls = MakeRustlsConnect::new(self.tls().map_err(Trouble::Server)?);
        let (client, connection) = self.config.connect(tls).await?;
        Ok((client, Box::pin(connection.map(drop))))
    }
}

/// An address without the value of a parameter that libpq knows and the client does not.
fn take_parameter(address: &str, name: &str) -> (String, Option<String>) {
    let Some((before, query)) = address.split_once('?') else { return (address.to_owned(), None) };
    let mut value = None;
    let mut rest = Vec::new();
    for part in query.split('&') {
        match part.split_once('=') {
            Some((key, found)) if key == name => value = Some(found.replace("%2F", "/")),
            _ => rest.push(part),
        }
    }
    let query = rest.join("&");
    (if query.is_empty() { before.to_owned() } else { format!("{before}?{query}") }, value)
}

/// An address without user, password and parameters.
fn shown(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or(("postgres", address));
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}/{path}")
}

/// Opens a session. A thread of its own tells when its socket is ready, and ends with it.
pub(super) fn open(address: &Address) -> Result<Open, Trouble> {
    let (sender, receiver) = std::sync::mpsc::channel();
    let (end, ended) = tokio::sync::oneshot::channel();
    let address = address.clone();
    let serve = move || {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                // Whoever waits has gone.
                let _ = sender.send(Err(Trouble::File(error)));
                return;
            }
        };
        runtime.block_on(async {
            let _ = sender.send(address.connect().await);
            // Until the session has gone: nothing is ever sent.
            let _ = ended.await;
        });
    };
    std::thread::Builder::new().name("store".to_owned()).spawn(serve).map_err(Trouble::File)?;
    let (client, connection) =
        receiver.recv().map_err(|_| Trouble::Server(ServerError::Lost(NOT_OPENED.to_owned())))??;
    Ok(Open { client: Some(client), connection: Some(connection), _end: end })
}

const NOT_OPENED: &str = "the session ended while it was opened";

/// What moves the messages of a session between its statements and its socket, whenever it is polled.
pub(super) type Connection = Pin<Box<dyn Future<Output = ()> + Send>>;

/// An open session.
pub(super) struct Open {
    /// There until it is dropped.
    client: Option<Client>,
    /// There until the session is lost.
    connection: Option<Connection>,
    _end: tokio::sync::oneshot::Sender<()>,
}

impl Open {
    /// Takes what the server has said unasked. Whether the session is still there.
    pub(super) fn is_alive(&mut self) -> bool {
        drive(&mut self.connection, &mut Context::from_waker(Waker::noop()));
        self.connection.is_some()
    }

    /// What statements are made with, and what has to be polled until they are answered.
    pub(super) fn parts(&mut self) -> Option<(&Client, &mut Option<Connection>)> {
        Some((self.client.as_ref()?, &mut self.connection))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        // A connection without a client takes its leave of the server.
        self.client = None;
        drive(&mut self.connection, &mut Context::from_waker(Waker::noop()));
    }
}

/// Moves messages until there are none. A connection that is at its end is dropped: what waits for answers learns it.
pub(super) fn drive(connection: &mut Option<Connection>, context: &mut Context<'_>) {
    if connection.as_mut().is_some_and(|connection| connection.as_mut().poll(context).is_ready()) {
        *connection = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_of_an_address_is_shown() {
        let address = "postgres://sync:s3cret@db.test:6432/tenants?sslmode=disable&sslrootcert=%2Fca.pem";
        let read = Address::read(Path::new(address)).unwrap();
        assert_eq!(read.shown(), "postgres://db.test:6432/tenants");
        assert_eq!(format!("{read:?}"), "postgres://db.test:6432/tenants");
        assert_eq!(read.root_certificate.as_deref(), Some("/ca.pem"));
        let error = Address::read(Path::new("postgres://a:s3cret@db.test:port/x")).unwrap_err();
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
}
