//! TLS: rustls over ring; whom it trusts is a setting.

use std::sync::Arc;

use lumos_connector::prelude::*;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::settings::{PostgresSettings, SslMode};

/// What every PEM text holds; a path does not.
const PEM_MARK: &str = "-----BEGIN";

/// The TLS of a connection; `None` when the settings turn it off.
pub(crate) async fn connector(settings: &PostgresSettings) -> Result<Option<MakeRustlsConnect>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let authority = match settings.ca_certificate.as_deref().map(str::trim) {
        None | Some("") => None,
        Some(given) => Some(webpki(authority(given).await?, &provider)?),
    };
    let verifier: Arc<dyn ServerCertVerifier> = match (settings.ssl_mode, authority) {
        (SslMode::Disable, _) => return Ok(None),
        (SslMode::VerifyFull, Some(verifier)) => verifier,
        (SslMode::VerifyFull, None) => Arc::new(rustls_platform_verifier::Verifier::new(provider.clone())?),
        (SslMode::VerifyCa, Some(verifier)) => Arc::new(AnyName(verifier)),
        (SslMode::VerifyCa, None) => {
            return Err(ConnectorError::invalid_configuration(
                "`verify-ca` needs a certificate authority: whoever the operating system trusts could stand for any host",
            ));
        }
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(Some(MakeRustlsConnect::new(config)))
}

/// The certificates of a PEM text or file.
async fn authority(given: &str) -> Result<RootCertStore> {
    let unreadable = |error: &dyn std::fmt::Display| {
        ConnectorError::invalid_configuration(format!("The certificate authority cannot be read: {error}"))
    };
    let pem = if given.contains(PEM_MARK) {
        given.to_owned()
    } else {
        tokio::fs::read_to_string(given).await.map_err(|error| unreadable(&error))?
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|error| unreadable(&error))?;
        roots.add(certificate).map_err(|error| unreadable(&error))?;
    }
    if roots.is_empty() {
        return Err(unreadable(&"it holds no certificate"));
    }
    Ok(roots)
}

fn webpki(roots: RootCertStore, provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>> {
    Ok(WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build()?)
}

/// Trusts a certificate of the authority whatever host it names: `verify-ca`.
#[derive(Debug)]
struct AnyName(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        use CertificateError::{NotValidForName, NotValidForNameContext};
        let verified = self.0.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match verified {
            // The name is looked at last: everything else is in order.
            Err(rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. })) => {
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
