//! Signed JSON Web Tokens (RFC 7519): of the `jwt` credential, of key pairs, of service accounts.
//!
//! | you have | you write |
//! | --- | --- |
//! | a [`JWTCredential`] | [`of_credential`]: its claims and headers, valid from now on |
//! | a [`KeyPairCredential`] | [`of_key_pair`]: your claims, signed with its private key |
//! | a Google service account | [`service_account::access_token`](crate::service_account::access_token) |
//! | anything else | a [`SigningKey`], your own header and claims |

mod algorithm;
mod credential;
mod key;

pub use algorithm::Algorithm;
pub use credential::{of_credential, of_credential_at, of_key_pair};
pub use key::SigningKey;

#[cfg(doc)]
use lumos_connector_types::auth::{JWTCredential, KeyPairCredential};
