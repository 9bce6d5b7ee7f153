//! How the connector is signed in to: a single credential, or several with ids.

use lumos_connector::core::integration::Builder;
use lumos_connector::prelude::*;

/// The id of the user name and password, where there are several credentials.
const PASSWORD: &str = "login";

/// What every call brings: a user name and a password.
pub(crate) struct Login(BasicCredential);

impl std::ops::Deref for Login {
    type Target = BasicCredential;

    fn deref(&self) -> &BasicCredential {
        &self.0
    }
}

impl FromCall for Login {
    async fn from_call(call: &Call) -> Result<Self> {
        if several() { call.credential(PASSWORD) } else { call.auth() }.map(Self)
    }
}

/// Whether there are several credentials.
fn several() -> bool {
    std::env::var("FAULT_LOGIN").is_ok_and(|kind| kind == "several")
}

/// Declares the credentials.
pub(crate) fn declared(builder: Builder) -> Builder {
    if !several() {
        return builder.auth::<BasicCredential>();
    }
    let flow = OAuthSettings::code_flow("https://acme.test/authorize", "https://acme.test/token")
        .scope(capability::ListAccounts, "accounts:read");
    builder
        .credential(CredentialConfig::<BasicCredential>::new(PASSWORD, "A user name and a password."))
        .credential(CredentialConfig::<OAuthCredential>::new("person", "Sign in.").optional().oauth(flow))
        .allow_credentials([PASSWORD])
        .allow_credentials([PASSWORD, "person"])
}
