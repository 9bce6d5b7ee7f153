//! Files in places that others may write to, too: opened without following a link and without waiting for anybody.
//!
//! A symbolic link leads to a file that somebody else chose, and a named pipe waits until somebody reads: neither is
//! opened.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Opens a file to append to, made with mode 0640 when it is not there.
pub(crate) fn appended(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
    regular(&mut options, path)
}

/// Opens a file that is there to write to.
pub(crate) fn existing(path: &Path) -> io::Result<File> {
    regular(OpenOptions::new().write(true), path)
}

fn regular(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        options.custom_flags(flags.bits().cast_signed());
    }
    let file = options.open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is not a regular file")) }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn links_and_pipes_are_not_opened_and_do_not_block() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link, pipe) =
            (folder.path().join("file"), folder.path().join("link"), folder.path().join("pipe"));
        assert_eq!(appended(&file).unwrap().metadata().unwrap().permissions().mode() & 0o137, 0);
        symlink(&file, &link).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        for path in [&link, &pipe, &folder.path().to_owned()] {
            assert!(appended(path).is_err(), "{}", path.display());
            assert!(existing(path).is_err(), "{}", path.display());
        }
        assert!(existing(&file).is_ok());
    }
}
