//! Credentials: which a connector declares, and whether a request brings them (contract §4).

mod check;
mod config;
mod model;

pub(crate) use check::check;
pub use config::{CredentialConfig, OAuthModel};
pub(crate) use config::{CredentialEntry, Login, SchemaOf};
pub use model::{AuthModel, CredentialModel};
