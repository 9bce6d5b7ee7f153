//! TLS of the server.

use std::path::Path;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

use super::options::TlsFiles;
use crate::failure::Failure;

/// Makes encrypted connections of plain ones.
#[derive(Clone)]
pub(super) struct Acceptor(TlsAcceptor);

impl Acceptor {
    pub(super) fn new(files: &TlsFiles) -> Result<Self, Failure> {
        let chain = CertificateDer::pem_file_iter(&files.certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| unreadable("certificate", &files.certificate, &error))?;
        let key = PrivateKeyDer::from_pem_file(&files.key)
            .map_err(|error| unreadable("key", &files.key, &error))?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(|error| {
                Failure::new(format!("the certificate and the key do not work: {error}"))
                    .advice("the first certificate of the file must be the one that the key belongs to")
            })?;
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    pub(super) async fn accept<I: AsyncRead + AsyncWrite + Unpin>(
        &self,
        io: I,
    ) -> std::io::Result<TlsStream<I>> {
        self.0.accept(io).await
    }
}

fn unreadable(what: &str, path: &Path, error: &pem::Error) -> Failure {
    Failure::new(format!("cannot read the {what} from {}: {error}", path.display()))
        .advice("the file must be readable and hold PEM, with `-----BEGIN …-----` lines")
}
