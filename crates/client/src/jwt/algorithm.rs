//! The algorithms that tokens are signed with.

use lumos_connector_core::error::{ConnectorError, Result};
use lumos_connector_types::wire_enum;

wire_enum! {
    /// How a token is signed (RFC 7518 §3.1, RFC 8037 §3.1).
    pub enum Algorithm {
        /// HMAC with SHA-256: a shared secret.
        Hs256 = "HS256",
        /// HMAC with SHA-384: a shared secret.
        Hs384 = "HS384",
        /// HMAC with SHA-512: a shared secret.
        Hs512 = "HS512",
        /// RSA PKCS #1 v1.5 with SHA-256.
        Rs256 = "RS256",
        /// RSA PKCS #1 v1.5 with SHA-384.
        Rs384 = "RS384",
        /// RSA PKCS #1 v1.5 with SHA-512.
        Rs512 = "RS512",
        /// RSA PSS with SHA-256.
        Ps256 = "PS256",
        /// RSA PSS with SHA-384.
        Ps384 = "PS384",
        /// RSA PSS with SHA-512.
        Ps512 = "PS512",
        /// ECDSA on P-256 with SHA-256.
        Es256 = "ES256",
        /// ECDSA on P-384 with SHA-384.
        Es384 = "ES384",
        /// Ed25519.
        EdDsa = "EdDSA",
    }
}

impl Algorithm {
    /// The algorithm with a name, such as the `alg` of a credential.
    ///
    /// # Errors
    /// `invalid_value` for any other name: `none`, which signs nothing, and `ES512` and `ES256K`, whose curves the
    /// cryptography beneath does not have.
    pub fn named(name: &str) -> Result<Self> {
        Self::from_wire(name).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|algorithm| algorithm.as_str()).collect();
            ConnectorError::invalid_configuration(format!(
                "Tokens cannot be signed with the algorithm {name:?}; expected one of {}",
                known.join(", ")
            ))
        })
    }
}
