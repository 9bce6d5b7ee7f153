//! Which servers are trusted.

use std::sync::Arc;

use lumos_connector_core::error::Result;
use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring;

use super::certificates;
use super::verifier::Verifier;

/// Which servers a TLS client trusts: those with a certificate of an authority that the operating system trusts, or the
/// certificates of a setting and no others.
///
/// What is given is understood as libpq and OpenSSL understand it, so that what works with an app's own clients works
/// here: certificates of authorities, or the server's own where it is self-signed; a certificate without a
/// `subjectAltName` counts for its common name.
///
/// ```
/// # futures_util::FutureExt::now_or_never(async {
/// use lumos_connector_client::tls::Trust;
///
/// let ca_certificate: Option<&str> = None;
/// let config = Trust::setting("ca_certificate", ca_certificate).client_config().await?;
/// // let stream = TlsConnector::from(Arc::new(config)).connect(server_name, stream).await?;
/// # drop(config);
/// # Ok::<_, lumos_connector_core::error::ConnectorError>(())
/// # }).unwrap().unwrap();
/// ```
#[derive(Debug, Clone)]
#[must_use = "it is what `client_config()` makes a configuration of"]
pub struct Trust {
    /// The name of the setting and its value.
    given: Option<(&'static str, String)>,
    check_name: bool,
}

impl Trust {
    /// The certificates of the setting with this name: PEM text however it was pasted, or the path of a PEM file of at
    /// most 1 MiB. When it is missing or blank, the authorities of the operating system are trusted.
    pub fn setting(name: &'static str, value: Option<&str>) -> Self {
        let value = value.map(str::trim).filter(|value| !value.is_empty());
        Self { given: value.map(|value| (name, value.to_owned())), check_name: true }
    }

    /// Trusts the certificates whatever host they name. `None` when there are none in the setting: any authority that the
    /// operating system trusts could vouch for any host then.
    pub fn any_name(self) -> Option<Self> {
        self.given.is_some().then_some(Self { check_name: false, ..self })
    }

    /// The configuration of a client without a certificate of its own, for TLS 1.2 and 1.3.
    ///
    /// # Errors
    /// `invalid_value` when there are no certificates where the setting says. The message names the setting, and is the
    /// same whatever is wrong: it must not tell which files there are.
    pub async fn client_config(&self) -> Result<ClientConfig> {
        let provider = Arc::new(ring::default_provider());
        let verifier: Arc<dyn ServerCertVerifier> = match &self.given {
            None => Arc::new(rustls_platform_verifier::Verifier::new(provider.clone())?),
            Some((setting, given)) => {
                let trusted = certificates::read(given).await;
                let algorithms = provider.signature_verification_algorithms;
                let verifier = Verifier::new(setting, trusted, self.check_name, algorithms);
                Arc::new(verifier.ok_or_else(|| certificates::unreadable(setting))?)
            }
        };
        Ok(ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::Problem;
    use rcgen::{CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
    use rustls::{ServerConfig, crypto};
    use tokio_rustls::{TlsAcceptor, TlsConnector};

    /// A certificate for a server with this common name, and no other name.
    fn named(name: &str) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params
    }

    /// What a handshake with a server of this certificate comes to, for a client that connects to a host.
    async fn handshake(
        trust: Option<Trust>,
        host: &'static str,
        certificate: &CertificateDer<'static>,
        key: &KeyPair,
    ) -> std::result::Result<(), Option<Problem>> {
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let server = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()));
        let server = server.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let server = server.with_single_cert(vec![certificate.clone()], key).unwrap();
        let client = TlsConnector::from(Arc::new(trust.unwrap().client_config().await.unwrap()));
        let (near, far) = tokio::io::duplex(1 << 16);
        let accepted = TlsAcceptor::from(Arc::new(server)).accept(far);
        let connected = client.connect(ServerName::try_from(host).unwrap(), near);
        let (connected, _) = tokio::join!(connected, accepted);
        connected.map(drop).map_err(|error| Problem::of(&error))
    }

    #[tokio::test]
    async fn p23_a_self_signed_certificate_is_trusted_when_it_is_given() {
        let key = KeyPair::generate().unwrap();
        let mut params = named("db.test");
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let own = params.self_signed(&key).unwrap();
        let other = named("db.test").self_signed(&KeyPair::generate().unwrap()).unwrap();
        let given = Trust::setting("ca", Some(&own.pem()));
        let try_it = |trust, host| handshake(trust, host, own.der(), &key);
        assert_eq!(try_it(Some(given.clone()), "db.test").await, Ok(()));
        assert_eq!(try_it(Some(given.clone()), "other.test").await, Err(Some(Problem::OtherName)));
        assert_eq!(try_it(given.any_name(), "other.test").await, Ok(()));
        let other = Trust::setting("ca", Some(&other.pem()));
        assert_eq!(try_it(other.any_name(), "db.test").await, Err(Some(Problem::AuthorityAsServer)));
    }

    #[tokio::test]
    async fn an_authority_vouches_for_the_host_that_a_certificate_names() {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let given = Trust::setting("ca", Some(&authority.pem()));
        let by_common_name = named("*.db.test").signed_by(&key, &authority).unwrap();
        assert_eq!(handshake(Some(given.clone()), "a.db.test", by_common_name.der(), &key).await, Ok(()));
        // Where there are alternative names, the common name does not count.
        let mut params = CertificateParams::new(vec!["a.test".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "b.test");
        let named = params.signed_by(&key, &authority).unwrap();
        assert_eq!(handshake(Some(given.clone()), "a.test", named.der(), &key).await, Ok(()));
        let refused = handshake(Some(given), "b.test", named.der(), &key).await;
        assert_eq!(refused, Err(Some(Problem::OtherName)));
    }

    #[test]
    fn without_certificates_every_name_is_checked() {
        for value in [None, Some(""), Some(" \n")] {
            assert!(Trust::setting("ca", value).any_name().is_none());
        }
    }

    #[tokio::test]
    async fn what_is_no_certificate_is_an_error_that_names_the_setting() {
        for value in [
            "-----BEGIN CERTIFICATE-----",
            "/no/such/file.pem",
            "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----",
        ] {
            let error = Trust::setting("ca", Some(value)).client_config().await.unwrap_err();
            assert!(error.message().contains("`ca`"), "{}", error.message());
        }
    }
}
