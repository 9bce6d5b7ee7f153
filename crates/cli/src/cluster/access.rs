//! How every command of a cluster gets into the broker.

use std::path::PathBuf;

use clap::Args;
use lumos_connector_runtime::failure::Failure;
use lumos_connector_types::secret::Secret;
use lumos_sync_workers::{Access, Broker, Names};

/// The broker and the credentials for it.
#[derive(Debug, Args)]
pub(crate) struct BrokerArguments {
    /// The broker: nats://HOST:PORT or tls://HOST:PORT, several separated by commas
    #[arg(long, value_name = "URL")]
    pub(crate) nats: Option<String>,
    #[command(flatten)]
    pub(crate) credentials: Credentials,
}

/// The credentials for the broker.
#[derive(Debug, Args)]
#[command(next_help_heading = "Credentials for the broker")]
pub(crate) struct Credentials {
    /// The user; the password is in the environment variable `NATS_PASSWORD` or a file
    #[arg(long, value_name = "USER")]
    nats_user: Option<String>,
    /// A file with the user's password
    #[arg(long, value_name = "FILE")]
    nats_password_file: Option<PathBuf>,
    /// A file with the seed of an nkey
    #[arg(long, value_name = "FILE", conflicts_with = "nats_user")]
    nats_nkey: Option<PathBuf>,
    /// A file of credentials (JWT and seed), as nsc writes it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["nats_user", "nats_nkey"])]
    nats_creds: Option<PathBuf>,
    /// A file with the certificates of the authorities that are trusted
    #[arg(long, value_name = "FILE")]
    nats_ca: Option<PathBuf>,
    /// A file with the certificate that is shown to the broker
    #[arg(long, value_name = "FILE", requires = "nats_key")]
    nats_cert: Option<PathBuf>,
    /// A file with the key of that certificate
    #[arg(long, value_name = "FILE", requires = "nats_cert")]
    nats_key: Option<PathBuf>,
}

impl BrokerArguments {
    /// Connects in a role: answers come back below its own subject.
    pub(crate) async fn connect(&self, role: &str) -> Result<Broker, Failure> {
        let Some(url) = &self.nats else {
            return Err(Failure::new("expected the broker: --nats nats://HOST:PORT".to_owned()));
        };
        let credentials = &self.credentials;
        let password = match (&credentials.nats_password_file, std::env::var("NATS_PASSWORD")) {
            (Some(path), _) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
                Some(Secret::from(text.trim_end_matches(['\r', '\n'])))
            }
            (None, Ok(password)) if credentials.nats_user.is_some() => Some(Secret::from(password)),
            (None, _) => None,
        };
        let access = Access {
            url: url.clone(),
            user: credentials.nats_user.clone(),
            password,
            nkey: credentials.nats_nkey.clone(),
            credentials: credentials.nats_creds.clone(),
            ca: credentials.nats_ca.clone(),
            certificate: credentials.nats_cert.clone(),
            key: credentials.nats_key.clone(),
            inbox: Some(format!("_INBOX.{role}")),
        };
        let client = access.connect(&format!("connector {role}")).await.map_err(super::failure)?;
        Ok(Broker::new(client, Names::default()))
    }
}
