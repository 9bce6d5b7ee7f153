//! How one gets into the broker: the address, and one of four kinds of credentials.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_nats::{Client, ConnectOptions};
use lumos_connector_types::secret::Secret;

use crate::error::{ClusterError, chain};

/// A user and a password.
type Login = (String, Secret);

/// How long the first connection may take.
const CONNECT: Duration = Duration::from_secs(10);

/// Address and credentials of the broker.
#[derive(Clone, Default)]
pub struct Access {
    /// `nats://host:4222` or `tls://host:4222`; several are separated by commas.
    pub url: String,
    /// The user, where it is not in the address.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<Secret>,
    /// A file with the seed of an nkey.
    pub nkey: Option<PathBuf>,
    /// A file with a JWT and its seed, as `nsc` writes it.
    pub credentials: Option<PathBuf>,
    /// A file with the certificates of the authorities that are trusted, in place of the system's.
    pub ca: Option<PathBuf>,
    /// A file with this client's certificate; with [`key`](Self::key), both sides show one.
    pub certificate: Option<PathBuf>,
    /// A file with the certificate's key.
    pub key: Option<PathBuf>,
    /// The subject below which answers come back; each role has its own, so that none reads another's.
    pub inbox: Option<String>,
}

impl fmt::Debug for Access {
    /// Without the address, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("user", &self.user).finish_non_exhaustive()
    }
}

impl Access {
    /// Access without credentials.
    #[must_use]
    pub fn to(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    /// Connects. Wrong credentials fail at once; a connection that is lost later is opened anew for as long as it takes.
    ///
    /// # Errors
    /// When the broker cannot be reached, refuses the credentials, or a file cannot be read.
    pub async fn connect(&self, name: &str) -> Result<Client, ClusterError> {
        let (servers, from_url) = self.servers()?;
        let shown = servers.join(",");
        let options = self.options(name, from_url).await?;
        let connecting = options.connect(servers);
        let failed = |message| ClusterError::Connect { url: shown.clone(), message };
        match tokio::time::timeout(CONNECT, connecting).await {
            Ok(connected) => connected.map_err(|error| failed(chain(&error))),
            Err(_) => Err(failed(format!("no answer within {} s", CONNECT.as_secs()))),
        }
    }

    /// The addresses without user and password, and these two where the address has them: the client ignores them there.
    fn servers(&self) -> Result<(Vec<String>, Option<Login>), ClusterError> {
        let mut login = None;
        let mut servers = Vec::new();
        for url in self.url.split(',').map(str::trim).filter(|url| !url.is_empty()) {
            let (scheme, rest) = url.split_once("://").unwrap_or(("nats", url));
            if !matches!(scheme, "nats" | "tls") {
                return Err(ClusterError::Access(format!(
                    "--nats: expected nats://HOST:PORT or tls://HOST:PORT, found the scheme {scheme}"
                )));
            }
            let host = match rest.rsplit_once('@') {
                None => rest,
                Some((user, host)) => {
                    let (user, password) = user.split_once(':').ok_or_else(|| {
                        ClusterError::Access("--nats: expected USER:PASSWORD before the host".to_owned())
                    })?;
                    login = Some((user.to_owned(), Secret::from(password)));
                    host
                }
            };
            servers.push(format!("{scheme}://{host}"));
        }
        if servers.is_empty() {
            return Err(ClusterError::Access("--nats: expected nats://HOST:PORT".to_owned()));
        }
        Ok((servers, login))
    }

    async fn options(&self, name: &str, from_url: Option<Login>) -> Result<ConnectOptions, ClusterError> {
        let mut options = ConnectOptions::new()
            .name(name)
            .connection_timeout(Duration::from_secs(5))
            .request_timeout(Some(Duration::from_secs(10)))
            .max_reconnects(None);
        let login = match (&self.user, &self.password) {
            (Some(user), Some(password)) => Some((user.clone(), password.clone())),
            (None, None) => from_url,
            (Some(_), None) => {
                return Err(ClusterError::Access("a user was given without a password".to_owned()));
            }
            (None, Some(_)) => {
                return Err(ClusterError::Access("a password was given without a user".to_owned()));
            }
        };
        if let Some((user, password)) = login {
            options = options.user_and_password(user, password.expose().to_owned());
        }
        if let Some(path) = &self.nkey {
            options = options.nkey(read(path).await?.trim().to_owned());
        }
        if let Some(path) = &self.credentials {
            let text = read(path).await?;
            options = options
                .credentials(&text)
                .map_err(|source| ClusterError::File { path: path.clone(), source })?;
        }
        if let Some(path) = &self.ca {
            // Read here as well, so that a wrong name is said with the name.
            read(path).await?;
            options = options.add_root_certificates(path.clone()).require_tls(true);
        }
        match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => {
                options = options.add_client_certificate(certificate.clone(), key.clone()).require_tls(true);
            }
            (None, None) => {}
            _ => {
                return Err(ClusterError::Access(
                    "a certificate and its key are given together or not at all".to_owned(),
                ));
            }
        }
        if let Some(inbox) = &self.inbox {
            options = options.custom_inbox_prefix(inbox);
        }
        Ok(options)
    }
}

async fn read(path: &Path) -> Result<String, ClusterError> {
    let path = path.to_owned();
    let shown = path.clone();
    let text = tokio::task::spawn_blocking(move || std::fs::read_to_string(&path)).await;
    text.unwrap_or_else(|error| Err(std::io::Error::other(error)))
        .map_err(|source| ClusterError::File { path: shown, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_password_leave_the_address() {
        let access = Access::to("nats://worker:s3cret@broker.test:4222, tls://other.test:4222");
        let (servers, login) = access.servers().unwrap();
        assert_eq!(servers, ["nats://broker.test:4222", "tls://other.test:4222"]);
        assert_eq!(login.unwrap().0, "worker");
        let error = Access::to("http://worker:s3cret@broker.test").servers().unwrap_err();
        assert!(!error.to_string().contains("s3cret"));
        assert!(Access::to("").servers().is_err());
    }
}
