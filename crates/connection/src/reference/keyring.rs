//! The keyring of the system: Keychain of macOS, Credential Manager of Windows, Secret Service of Linux desktops. Only a
//! build with the feature `keyring` reaches it; the `connector` tool has it.

/// Reads an entry.
pub(crate) async fn find(name: &str) -> Result<String, String> {
    system::find(name.to_owned()).await
}

/// Writes an entry, in place of one of the same name.
///
/// # Errors
/// When there is no keyring, it is locked, or this build cannot reach it.
pub async fn store(name: &str, secret: String) -> Result<(), String> {
    system::store(name.to_owned(), secret).await
}

#[cfg(feature = "keyring")]
mod system {
    use ::keyring::v1::{Entry, Error};

    const SERVICE: &str = "lumos-connector";

    fn problem(name: &str, error: &Error) -> String {
        match error {
            Error::NoDefaultStore => format!(
                "the entry {name}: there is no keyring that this process can reach (on Linux: a Secret Service on the \
                 session's D-Bus)"
            ),
            Error::NoEntry => format!("the keyring has no entry {name} of lumos-connector"),
            Error::NoStorageAccess(_) => {
                format!("the keyring's entry {name}: {error} (is the keyring locked?)")
            }
            other => format!("the keyring's entry {name}: {other}"),
        }
    }

    /// Keyrings are asked over sockets of the system, and may ask a person to unlock them.
    async fn asked<T: Send + 'static>(
        name: String,
        ask: impl FnOnce(&Entry) -> ::keyring::v1::Result<T> + Send + 'static,
    ) -> Result<T, String> {
        let asked = tokio::task::spawn_blocking(move || {
            let entry = Entry::new(SERVICE, &name).map_err(|error| problem(&name, &error))?;
            ask(&entry).map_err(|error| problem(&name, &error))
        });
        asked.await.map_err(|_| "the keyring did not answer".to_owned())?
    }

    pub(super) async fn find(name: String) -> Result<String, String> {
        asked(name, Entry::get_password).await
    }

    pub(super) async fn store(name: String, secret: String) -> Result<(), String> {
        asked(name, move |entry| entry.set_password(&secret)).await
    }
}

#[cfg(not(feature = "keyring"))]
mod system {
    const NONE: &str = "this program was built without access to the system's keyring";

    pub(super) async fn find(_: String) -> Result<String, String> {
        Err(NONE.to_owned())
    }

    pub(super) async fn store(_: String, _: String) -> Result<(), String> {
        Err(NONE.to_owned())
    }
}
