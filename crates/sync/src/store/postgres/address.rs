//! Where a server is, and how a session with it is opened.

use std::path::Path;
use std::sync::Arc;

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

/// Opens a session; its socket is served by a thread of its own, which ends with it.
pub(super) fn open(address: &Address) -> Result<Client, Trouble> {
    let (sender, receiver) = std::sync::mpsc::channel();
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
            if address.config.get_ssl_mode() == SslMode::Disable {
                match address.config.connect(NoTls).await {
                    Ok((client, connection)) => {
                        let _ = sender.send(Ok(client));
                        // Why it ended is what its client says.
                        let _ = connection.await;
                    }
                    Err(error) => {
                        let _ = sender.send(Err(error.into()));
                    }
                }
                return;
            }
            let tls = match address.tls() {
                Ok(tls) => MakeRustlsConnect::new(tls),
                Err(error) => {
                    let _ = sender.send(Err(Trouble::Server(error)));
                    return;
                }
            };
            match address.config.connect(tls).await {
                Ok((client, connection)) => {
                    let _ = sender.send(Ok(client));
                    let _ = connection.await;
                }
                Err(error) => {
                    let _ = sender.send(Err(error.into()));
                }
            }
        });
    };
    std::thread::Builder::new().name("store".to_owned()).spawn(serve).map_err(Trouble::File)?;
    let ended = || Trouble::Server(ServerError::Lost("the session ended while it was opened".to_owned()));
    receiver.recv().map_err(|_| ended())?
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
