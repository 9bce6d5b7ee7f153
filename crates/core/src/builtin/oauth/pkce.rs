//! Proof Key for Code Exchange, method S256 (RFC 7636).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lumos_connector_types::secret::Secret;
use sha2::{Digest, Sha256};

use crate::declaration::error::{ConnectorError, Result};

/// A verifier of 32 random bytes: 43 characters (RFC 7636 §4.1).
pub(super) struct Pkce {
    verifier: Secret,
}

impl Pkce {
    pub(super) fn new() -> Result<Self> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)
            .map_err(|error| ConnectorError::internal(format!("No random numbers: {error}")))?;
        Ok(Self { verifier: URL_SAFE_NO_PAD.encode(bytes).into() })
    }

    pub(super) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.expose()))
    }

    pub(super) fn into_verifier(self) -> Secret {
        self.verifier
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_rfc() {
        // RFC 7636, appendix B.
        let pkce = Pkce { verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into() };
        assert_eq!(pkce.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn verifiers_are_43_characters_and_differ() {
        let [one, other] = [Pkce::new().unwrap(), Pkce::new().unwrap()];
        assert_eq!(one.verifier.expose().len(), 43);
        assert_ne!(one.verifier.expose(), other.verifier.expose());
    }
}
