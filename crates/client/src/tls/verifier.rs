//! Certificates that are trusted because they were given.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};
use x509_cert::der::Decode;
use x509_cert::der::oid::db::rfc4519::COMMON_NAME;
use x509_cert::der::oid::db::rfc5280::ID_CE_SUBJECT_ALT_NAME;

/// Trusts the certificates of a setting as libpq does, which is wider than webpki in two ways: a server may show one of
/// these certificates itself, as the manual's recipe for a self-signed one makes it; and a certificate without
/// alternative names has its common name for one.
#[derive(Debug)]
pub(super) struct Verifier {
    trusted: Vec<CertificateDer<'static>>,
    roots: RootCertStore,
    check_name: bool,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    /// `None` when none of the certificates can be used.
    pub(super) fn new(
        setting: &str,
        trusted: Vec<CertificateDer<'static>>,
        check_name: bool,
        algorithms: WebPkiSupportedAlgorithms,
    ) -> Option<Self> {
        let mut roots = RootCertStore::empty();
        // Bundles hold certificates of all kinds; those that cannot be used cost only themselves.
        let (used, unused) = roots.add_parsable_certificates(trusted.iter().cloned());
        if used > 0 && unused > 0 {
            tracing::warn!("{unused} of the certificates of the setting `{setting}` cannot be used");
        }
        (used > 0).then_some(Self { trusted, roots, check_name, algorithms })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        use CertificateError::{Other, UnknownIssuer};
        let parsed = ParsedCertificate::try_from(end_entity)?;
        let (roots, algorithms) = (&self.roots, self.algorithms.all);
        match verify_server_cert_signed_by_trust_anchor(&parsed, roots, intermediates, now, algorithms) {
            // Its validity in time is checked before its issuer, and before whether it is an authority's own.
            Err(rustls::Error::InvalidCertificate(UnknownIssuer | Other(_)))
                if self.trusted.iter().any(|trusted| trusted == end_entity) => {}
            verified => verified?,
        }
        match verify_server_name(&parsed, server_name) {
            Err(_) if !self.check_name || has_common_name(end_entity, &server_name.to_str()) => {}
            named => named?,
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Whether a certificate without alternative names has a host's name as its common name.
fn has_common_name(certificate: &CertificateDer<'_>, host: &str) -> bool {
    let Ok(certificate) = x509_cert::Certificate::from_der(certificate) else {
        return false;
    };
    let certificate = certificate.tbs_certificate;
    let mut extensions = certificate.extensions.iter().flatten();
    if extensions.any(|extension| extension.extn_id == ID_CE_SUBJECT_ALT_NAME) {
        return false;
    }
    let mut names = certificate.subject.0.iter().flat_map(|names| names.0.iter());
    let name =
        names.find(|name| name.oid == COMMON_NAME).and_then(|name| str::from_utf8(name.value.value()).ok());
    name.is_some_and(|name| names_host(name, host))
}

/// Whether a name of a certificate is that of a host; `*` stands for the first label.
fn names_host(name: &str, host: &str) -> bool {
    let (name, host) = (name.to_ascii_lowercase(), host.to_ascii_lowercase());
    match name.strip_prefix("*.") {
        Some(domain) if host.parse::<std::net::IpAddr>().is_err() => {
            domain.contains('.')
                && host.split_once('.').is_some_and(|(label, rest)| !label.is_empty() && rest == domain)
        }
        _ => name == host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_names_are_hosts_or_patterns_of_their_first_label() {
        for (name, host, same) in [
            ("db.example.com", "DB.example.com", true),
            ("*.example.com", "db.example.com", true),
            ("*.example.com", "a.db.example.com", false),
            ("*.example.com", "example.com", false),
            ("*.com", "example.com", false),
            ("*", "db", false),
            ("db", "db.example.com", false),
            ("127.0.0.1", "127.0.0.1", true),
            ("*.0.0.1", "127.0.0.1", false),
        ] {
            assert_eq!(names_host(name, host), same, "{name} {host}");
        }
    }
}
