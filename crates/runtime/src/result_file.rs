//! Result files: the answer, compressed, in a file that is whole or not there.

use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::NamedTempFile;

use crate::failure::Failure;
use crate::request::unquoted;
use crate::safe_file;

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

    /// Writes the answer beside the file, makes it durable, and puts it in the file's place. Only its owner can read a
    /// new file; one that was there keeps its mode.
    ///
    /// Where the file cannot be replaced (it is a mount point, or its folder cannot be written), it is written in place
    /// once the whole answer is there.
    pub(crate) fn write(&self, answer: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        self.try_write(answer).map_err(|error| {
            Failure::new(format!("cannot write the result file {}: {error}", self.0.display())).advice(
                "it must be a regular file or not there, in a folder that exists and is writable, with room for the answer",
            )
        })
    }

    fn try_write(&self, answer: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        let before = match fs::symlink_metadata(&self.0) {
            Ok(there) if there.is_file() => Some(there),
            Ok(_) => return Err(io::Error::other("it is not a regular file")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let folder = match self.0.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let beside = match tempfile::Builder::new().prefix(".result-").tempfile_in(folder) {
            Ok(beside) => beside,
            // Into a folder that cannot be written, only a file that is there can be.
            Err(_) if before.is_some() => {
                return self.write_in_place(compressed(tempfile::tempfile()?, answer)?);
            }
            Err(error) => return Err(error),
        };
        let (file, path) = beside.into_parts();
        let file = compressed(file, answer)?;
        if let Some(before) = before {
            // The owner of the new file is this process; where the mode cannot be kept the stricter one stays.
            let _ = file.set_permissions(before.permissions());
        }
        file.sync_all()?;
        match NamedTempFile::from_parts(file, path).persist(&self.0) {
            Ok(_) => sync_folder(folder),
            Err(refused) if self.0.exists() => self.write_in_place(refused.file.into_file()),
            Err(refused) => Err(refused.error),
        }
    }

    fn write_in_place(&self, mut answer: File) -> io::Result<()> {
        answer.rewind()?;
        let mut file = safe_file::existing(&self.0)?;
        file.set_len(0)?;
        let written = io::copy(&mut answer, &mut file).and_then(|_| file.sync_all());
        if written.is_err() {
            // Better no answer than a part of one.
            file.set_len(0)?;
        }
        written
    }
}

/// The file with the whole answer in it.
fn compressed(file: File, answer: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<File> {
    let mut encoder = GzEncoder::new(file, Compression::default());
    answer(&mut encoder)?;
    encoder.finish()
}

/// The new name is durable once its folder is.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
