//! Credentials: which a connector declares, and whether a request brings them (contract §4).

mod check;
mod config;
mod model;

pub(crate) use check::check;
pub(crate) use config::{AuthRequirements, CredentialEntry, SchemaOf};
pub use config::{CredentialConfig, OAuthModel};
pub use model::{AuthModel, CredentialModel};
