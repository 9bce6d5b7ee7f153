//! Result files: the answer, compressed, in a file that is whole or not there.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::NamedTempFile;

use crate::failure::Failure;
use crate::request::unquoted;

/// Where the answer goes instead of stdout.
#[derive(Debug)]
pub(crate) struct ResultFile(PathBuf);

impl ResultFile {
    /// Checks the name before anything is done.
    pub(crate) fn new(path: &str) -> Result<Self, Failure> {
        let path = unquoted(path);
        if !path.ends_with(".gz") {
            return Err(Failure::new(format!("the result file {path} does not end in .gz"))
                .advice("the answer is written with gzip; give the file a name such as result.json.gz"));
        }
        Ok(Self(PathBuf::from(path)))
    }

    /// Writes the answer beside the file, makes it durable, and puts it in the file's place.
    pub(crate) fn write(&self, answer: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        self.try_write(answer).map_err(|error| {
            Failure::new(format!("cannot write the result file {}: {error}", self.0.display()))
                .advice("its folder must exist and be writable, with room for the answer")
        })
    }

    fn try_write(&self, answer: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        // Through a symbolic link the file behind it is replaced, not the link.
        let target = self.0.canonicalize().unwrap_or_else(|_| self.0.clone());
        let folder = match target.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let mut beside = new_file(folder)?;
        let mut encoder = GzEncoder::new(&mut beside, Compression::default());
        answer(&mut encoder)?;
        encoder.finish()?;
        beside.as_file().sync_all()?;
        beside.persist(&target).map_err(|error| error.error)?;
        sync_folder(folder)
    }
}

/// A file with the permissions of any new file of this user, not those of a private temporary one.
fn new_file(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".result-");
    #[cfg(unix)]
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    #[cfg(unix)]
    builder.permissions(permissions);
    builder.tempfile_in(folder)
}

/// The new name is durable once its folder is.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { std::fs::File::open(folder)?.sync_all() } else { Ok(()) }
}
