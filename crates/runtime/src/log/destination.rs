//! Where log lines go.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::{output, safe_file};

/// Where log lines go.
#[derive(Debug)]
pub(super) enum Destination {
    Stderr,
    /// A file that is made with the first line.
    File {
        path: PathBuf,
        file: Option<File>,
    },
    /// The file could not be made; that was said once.
    Nowhere,
}

impl Destination {
    pub(super) fn write(&mut self, line: &str) {
        let written = match self {
            Self::Stderr => io::stderr().write_all(line.as_bytes()),
            Self::File { path, file: None } => match open(path) {
                Ok(mut opened) => {
                    let written = opened.write_all(line.as_bytes());
                    *self = Self::File { path: std::mem::take(path), file: Some(opened) };
                    written
                }
                Err(error) => {
                    output::message(format_args!("warning: cannot log to {}: {error}", path.display()));
                    *self = Self::Nowhere;
                    Ok(())
                }
            },
            Self::File { file: Some(file), .. } => file.write_all(line.as_bytes()),
            Self::Nowhere => Ok(()),
        };
        // A log that cannot be written must not stop the answer.
        drop(written);
    }
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    safe_file::appended(path)
}
