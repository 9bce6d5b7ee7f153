//! Passwords of accounts. The server never sees one in the clear: it is given what it would have stored.

use lumos_connector::prelude::*;
use postgres_protocol::password::scram_sha_256;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Characters of a generated password, six random bits each.
const LENGTH: usize = 32;

/// A password that nobody knows yet.
pub(crate) fn generated() -> Result<Secret> {
    let mut bytes = [0_u8; LENGTH];
    getrandom::fill(&mut bytes)?;
    let password: String = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 64)])).collect();
    Ok(password.into())
}

/// What the server stores of a password (SCRAM-SHA-256, RFC 5803), made here so that the password is in no log of the
/// server.
pub(crate) fn verifier(password: &Secret) -> Result<String> {
    if password.is_empty() || password.expose().contains('\0') {
        return Err(ConnectorError::invalid_value("The password is empty or holds a NUL character"));
    }
    Ok(scram_sha_256(password.expose().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_passwords_are_long_and_differ() {
        let (first, second) = (generated().unwrap(), generated().unwrap());
        assert_eq!(first.expose().len(), LENGTH);
        assert_ne!(first.expose(), second.expose());
        assert!(first.expose().bytes().all(|letter| ALPHABET.contains(&letter)));
    }

    #[test]
    fn the_verifier_does_not_hold_the_password() {
        let verifier = verifier(&"correct horse".into()).unwrap();
        assert!(verifier.starts_with("SCRAM-SHA-256$4096:"), "{verifier}");
        assert!(!verifier.contains("correct"));
    }

    #[test]
    fn passwords_that_the_server_would_drop_are_refused() {
        for password in ["", "a\0b"] {
            let error = verifier(&password.into()).unwrap_err();
            assert_eq!(error.class(), Some(ErrorClass::InvalidValue));
        }
    }
}
