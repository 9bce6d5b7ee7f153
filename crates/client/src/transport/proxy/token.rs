//! The tokens that open the proxy, and the file in which they are kept from call to call.

use std::ffi::OsString;
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
                // Requests that come while a token is fetched wait for it.
                let mut last = last.lock().await;
                if let Some(kept) = last.take().filter(Kept::is_fresh).or_else(|| file.read()) {
                    return Ok(last.insert(kept).token.clone());
                }
                let kept = Kept::new(service.token(client).await?)?;
                if let Err(error) = file.write(&kept) {
                    tracing::warn!("the token for the proxy is not kept in {}: {error}", file.path.display());
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
pub struct TokenFile {
    path: PathBuf,
    /// The folder that is made for it when it is not there, and used only while it is this user's alone.
    folder: Option<PathBuf>,
}

impl TokenFile {
    /// A file of one's own.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), folder: None }
    }

    /// The one that all connectors of this user share: `lumos-proxy-auth.json` in `$XDG_RUNTIME_DIR`, or else in a
    /// folder of the temporary folder that only this user can enter.
    #[must_use]
    pub fn shared() -> Self {
        Self::within(std::env::var_os("XDG_RUNTIME_DIR"), &std::env::temp_dir())
    }

    fn within(runtime: Option<OsString>, temporary: &Path) -> Self {
        let runtime = runtime.map(PathBuf::from).filter(|folder| folder.is_absolute() && is_own(folder));
        let folder = runtime.unwrap_or_else(|| temporary.join(own_name()));
        Self { path: folder.join("lumos-proxy-auth.json"), folder: Some(folder) }
    }

    /// The token, when there is one that is fresh and nobody else can have read or written.
    fn read(&self) -> Option<Kept> {
        if self.folder.as_deref().is_some_and(|folder| !is_own(folder)) {
            return None;
        }
        let file = open_private(&self.path).ok()?;
        if !is_private(&file) {
            return None;
        }
        let mut text = String::new();
        file.take(64 * 1024).read_to_string(&mut text).ok()?;
        serde_json::from_str(&text).ok().filter(Kept::is_fresh)
    }

    /// Writes a file beside it and puts it in its place, so that nobody reads half a token.
    fn write(&self, kept: &Kept) -> io::Result<()> {
        if let Some(folder) = &self.folder {
            make_own(folder)?;
        }
        let beside = self.path.with_extension(format!("{}.new", std::process::id()));
        let written = create_private(&beside)
            .and_then(|mut file| file.write_all(&serde_json::to_vec(kept)?))
            .and_then(|()| fs::rename(&beside, &self.path));
        if written.is_err() {
            // What cannot be removed was not made.
            let _ = fs::remove_file(&beside);
        }
        written
    }
}

/// Opens a file without following a link, and without waiting for who writes into a named pipe.
fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt as _;
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        options.custom_flags(flags.bits().cast_signed());
    }
    options.open(path)
}

/// Whether it is a regular file of this user that nobody else can read or write. Root uses no file of others, either.
#[cfg(unix)]
fn is_private(file: &File) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.is_file() && is_mine(&metadata))
}

/// Whether it is a folder of this user, not a link to one, that nobody else can enter.
#[cfg(unix)]
fn is_own(folder: &Path) -> bool {
    fs::symlink_metadata(folder).is_ok_and(|metadata| metadata.is_dir() && is_mine(&metadata))
}

#[cfg(unix)]
fn is_mine(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & 0o077 == 0
}

/// The folder's name in a temporary folder that all users share.
#[cfg(unix)]
fn own_name() -> String {
    format!("lumos-connector-{}", rustix::process::geteuid().as_raw())
}

// Elsewhere the temporary folder is the user's own.
#[cfg(not(unix))]
fn is_private(file: &File) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.is_file())
}

#[cfg(not(unix))]
fn is_own(folder: &Path) -> bool {
    folder.is_dir()
}

#[cfg(not(unix))]
fn own_name() -> String {
    "lumos-connector".to_owned()
}

/// Makes the folder when it is not there.
fn make_own(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ if is_own(folder) => Ok(()),
        _ => Err(io::Error::other("its folder is not this user's alone")),
    }
}

fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn kept() -> Kept {
        Kept::new(Secret::from("t-1")).unwrap()
    }

    #[test]
    fn the_shared_file_is_in_a_folder_that_only_this_user_can_enter() {
        let temporary = tempfile::tempdir().unwrap();
        let file = TokenFile::within(None, temporary.path());
        file.write(&kept()).unwrap();
        let folder = file.path.parent().unwrap();
        assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
        assert!(file.read().is_some());
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(file.read().is_none());
        assert!(file.write(&kept()).is_err());
        // A runtime folder that others can enter is passed over.
        let open = TokenFile::within(Some(folder.into()), temporary.path());
        assert_eq!(open.path, file.path);
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).unwrap();
        let other = tempfile::tempdir().unwrap();
        let private = TokenFile::within(Some(folder.into()), other.path());
        assert_eq!(private.path, folder.join("lumos-proxy-auth.json"));
    }

    #[test]
    fn links_pipes_and_files_of_other_users_are_not_read_and_do_not_block() {
        let folder = tempfile::tempdir().unwrap();
        let [good, link, pipe] = ["good", "link", "pipe"].map(|name| TokenFile::at(folder.path().join(name)));
        good.write(&kept()).unwrap();
        assert!(good.read().is_some());
        symlink(&good.path, &link.path).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, &pipe.path, rustix::fs::FileType::Fifo, 0o600.into(), 0)
            .unwrap();
        assert!(link.read().is_none());
        assert!(pipe.read().is_none());
        // Only root can give a file away.
        if std::os::unix::fs::chown(&good.path, Some(65534), None).is_ok() {
            assert!(good.read().is_none());
        }
    }
}
