//! Certificates made for one run.

use anyhow::Result;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

/// A certificate authority and a server certificate that it has signed, as PEM.
#[derive(Debug)]
pub(super) struct Certificates {
    pub(super) authority: String,
    pub(super) certificate: String,
    pub(super) key: String,
}

impl Certificates {
    /// Certificates for a server with this name.
    pub(super) fn for_host(host: &str) -> Result<Self> {
        let mut authority = CertificateParams::new(Vec::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_key = KeyPair::generate()?;
        let authority_pem = authority.self_signed(&authority_key)?.pem();
        let key = KeyPair::generate()?;
        let issuer = Issuer::new(authority, authority_key);
        let certificate = CertificateParams::new(vec![host.to_owned()])?.signed_by(&key, &issuer)?;
        Ok(Self { authority: authority_pem, certificate: certificate.pem(), key: key.serialize_pem() })
    }
}
