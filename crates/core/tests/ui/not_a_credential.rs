//! A credential of the author's own.

use lumos_connector_core::auth::CredentialConfig;
use lumos_connector_core::{Call, Integration};

#[derive(Clone)]
struct AcmeKey;

fn take(call: &Call) {
    let _ = call.auth::<AcmeKey>();
}

fn main() {
    let _ = Integration::builder("acme", "1.0.0").auth::<AcmeKey>();
    let _ = CredentialConfig::<AcmeKey>::new("key", "A key.");
    let _ = take;
}
