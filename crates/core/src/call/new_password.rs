//! The password that a new account gets.

use lumos_connector_types::secret::Secret;
use serde_json::json;

use super::Call;
use super::reply::Reply;
use crate::declaration::error::{ConnectorError, Result};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Characters of a generated password, six random bits each.
const LENGTH: usize = 32;

/// The password of a new account: the one that the request gives, one that is made here, or none. One that is made here is
/// answered once, as `generated_password` in `raw_data`, where no log keeps it.
///
/// ```
/// use lumos_connector_core::error::Result;
/// use lumos_connector_core::{Call, NewPassword, Reply};
/// use lumos_connector_types::payload::{AccountStatus, CreatedAccount};
/// use lumos_connector_types::secret::Secret;
///
/// struct NewAccount { name: String, password: Option<Secret>, generate_password: bool }
/// # async fn create(_: &str, _: Option<&Secret>) -> Result<()> { Ok(()) }
///
/// async fn create_account(call: Call, request: NewAccount) -> Result<Reply<CreatedAccount>> {
///     let password = NewPassword::choose(&call, request.password.as_ref(), request.generate_password)?;
///     create(&request.name, password.secret()).await?;
///     Ok(password.answered(Reply::new(CreatedAccount::new(request.name, AccountStatus::Active))))
/// }
/// ```
#[derive(Debug)]
pub struct NewPassword {
    secret: Option<Secret>,
    is_generated: bool,
}

impl NewPassword {
    /// The password that a request gives, or one of 32 random letters, digits, `-` and `_` when it asks for one.
    ///
    /// # Errors
    /// `bad_request` for a request that does both; `integration_missing_parameter` for one that asks for a password and not
    /// for the raw data in which it is answered.
    pub fn choose(call: &Call, given: Option<&Secret>, generate: bool) -> Result<Self> {
        match (given, generate) {
            (Some(_), true) => Err(ConnectorError::client("Give a password or have one generated, not both")),
            (None, true) if !call.include_raw_data() => Err(ConnectorError::missing_parameter(
                "A generated password is answered in `raw_data`: ask for it with `include_raw_data`",
            )),
            (None, true) => Ok(Self { secret: Some(generated()?), is_generated: true }),
            (given, false) => Ok(Self { secret: given.cloned(), is_generated: false }),
        }
    }

    /// The password, when there is one.
    #[must_use]
    pub fn secret(&self) -> Option<&Secret> {
        self.secret.as_ref()
    }

    /// The answer with the password when it was made here.
    #[must_use]
    pub fn answered<P>(&self, reply: Reply<P>) -> Reply<P> {
        match &self.secret {
            Some(password) if self.is_generated => reply.raw_data(json!({ "generated_password": password })),
            _ => reply,
        }
    }
}

/// A password that nobody knows yet.
fn generated() -> Result<Secret> {
    let mut bytes = [0_u8; LENGTH];
    getrandom::fill(&mut bytes)
        .map_err(|error| ConnectorError::internal(format!("No random numbers: {error}")))?;
    let password: String = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 64)])).collect();
    Ok(password.into())
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
    fn only_a_password_that_was_made_here_is_answered() {
        let answered = |secret: Option<&str>, is_generated| {
            let password = NewPassword { secret: secret.map(Secret::from), is_generated };
            assert!(!format!("{password:?}").contains("hunter2"));
            password.answered(Reply::new(())).raw_data.map(|raw| raw.text().to_owned())
        };
        assert_eq!(answered(Some("hunter2"), true).as_deref(), Some(r#"{"generated_password":"hunter2"}"#));
        assert_eq!((answered(Some("hunter2"), false), answered(None, false)), (None, None));
    }
}
