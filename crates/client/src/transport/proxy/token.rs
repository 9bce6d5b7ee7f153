//! The tokens that open the proxy, and the file in which they are kept from call to call.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lumos_connector_core::error::Result;
use lumos_connector_types::secret::Secret;
use lumos_connector_types::time::DateTime;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::aws::TokenService;

/// Seconds that a token is kept.
const KEPT_SECONDS: i64 = 300;

/// Where the tokens for the proxy come from.
#[derive(Debug, Clone)]
pub struct Tokens(Source);

#[derive(Debug, Clone)]
enum Source {
    Fixed(Secret),
    Service { service: TokenService, file: TokenFile, last: Arc<Mutex<Option<Kept>>> },
}

impl Tokens {
    /// Always this one.
    #[must_use]
    pub fn fixed(token: Secret) -> Self {
        Self(Source::Fixed(token))
    }

    /// Those of the token service, each kept for 300 seconds in memory and in a file.
    #[must_use]
    pub fn of_service(service: TokenService, file: TokenFile) -> Self {
        Self(Source::Service { service, file, last: Arc::default() })
    }

    pub(super) async fn get(&self, client: &reqwest::Client) -> Result<Secret> {
        match &self.0 {
            Source::Fixed(token) => Ok(token.clone()),
            Source::Service { service, file, last } => {
                // Whoever comes while a token is fetched waits for it.
                let mut last = last.lock().await;
                if let Some(kept) = last.take().filter(Kept::is_fresh).or_else(|| file.read()) {
                    return Ok(last.insert(kept).token.clone());
                }
                let kept = Kept::new(service.token(client).await?)?;
                if let Err(error) = file.write(&kept) {
                    tracing::warn!("the token for the proxy is not kept in {}: {error}", file.0.display());
                }
                Ok(last.insert(kept).token.clone())
            }
        }
    }
}

/// A token as its file holds it; the reference reads and writes the same.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    token: Secret,
    expire_at: DateTime,
}

impl Kept {
    fn new(token: Secret) -> Result<Self> {
        Ok(Self { token, expire_at: DateTime::from_unix(unix_now() + KEPT_SECONDS)? })
    }

    fn is_fresh(&self) -> bool {
        let left = self.expire_at.unix_seconds() - unix_now();
        (1..=KEPT_SECONDS).contains(&left)
    }
}

fn unix_now() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}

/// The file that keeps a token from call to call. Only its owner can read it.
#[derive(Debug, Clone)]
pub struct TokenFile(PathBuf);

impl TokenFile {
    /// A file of one's own.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The one that all connectors of this user share: `lumos-proxy-auth.json` in the temporary folder.
    #[must_use]
    pub fn shared() -> Self {
        Self(std::env::temp_dir().join("lumos-proxy-auth.json"))
    }

    /// The token, when there is one that is fresh and nobody else can have read or written.
    fn read(&self) -> Option<Kept> {
        let file = File::open(&self.0).ok()?;
        if !is_private(&file) {
            return None;
        }
        let mut text = String::new();
        file.take(64 * 1024).read_to_string(&mut text).ok()?;
        serde_json::from_str(&text).ok().filter(Kept::is_fresh)
    }

    /// Writes a file beside it and puts it in its place, so that nobody reads half a token.
    fn write(&self, kept: &Kept) -> io::Result<()> {
        let beside = self.0.with_extension(format!("{}.new", std::process::id()));
        let written = create_private(&beside)
            .and_then(|mut file| file.write_all(&serde_json::to_vec(kept)?))
            .and_then(|()| fs::rename(&beside, &self.0));
        if written.is_err() {
            // What cannot be removed was not made.
            let _ = fs::remove_file(&beside);
        }
        written
    }
}

#[cfg(unix)]
fn is_private(file: &File) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o077 == 0)
}

#[cfg(not(unix))]
fn is_private(_: &File) -> bool {
    // The temporary folder is the user's own.
    true
}

fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
