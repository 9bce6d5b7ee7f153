//! The token that requests must bring.

use std::fs;
use std::path::Path;

use hyper::header::{AUTHORIZATION, HeaderMap};
use lumos_connector_types::secret::Secret;
use subtle::ConstantTimeEq;

use crate::failure::Failure;

/// The token that requests must bring in `Authorization: Bearer` (RFC 6750).
#[derive(Debug)]
pub(super) struct Token(Secret);

impl Token {
    /// The content of a file, without white space around it.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let text = fs::read_to_string(path).map_err(|error| {
            Failure::new(format!("cannot read the bearer token from {}: {error}", path.display()))
        })?;
        match text.trim() {
            "" => Err(Failure::new(format!("the bearer token in {} is empty", path.display()))
                .advice("put a long random text there, such as that of `openssl rand -hex 32`")),
            token => Ok(Self(Secret::from(token.to_owned()))),
        }
    }

    /// Whether a request brings it. The time that this takes does not depend on how much of the token is right.
    pub(super) fn is_in(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(AUTHORIZATION).map_or(&b""[..], |value| value.as_bytes());
        let given = match given.split_at_checked(7) {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case(b"Bearer ") => token,
            _ => b"",
        };
        given.ct_eq(self.0.expose().as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_accepted(authorization: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, authorization.parse().unwrap());
        Token(Secret::from("s3cret".to_owned())).is_in(&headers)
    }

    #[test]
    fn only_the_whole_token_opens() {
        assert!(is_accepted("Bearer s3cret"));
        assert!(is_accepted("bearer s3cret"));
        for wrong in ["", "Bearer", "Bearer ", "Bearer s3cre", "Bearer s3cret2", "Basic s3cret", "s3cret"] {
            assert!(!is_accepted(wrong), "{wrong}");
        }
    }
}
