//! The archive. The same content gives the same bytes: entries in one order, no times, no owners, fixed modes.

use std::fs::File;
use std::io::{self, Cursor, Read, Write};
use std::path::Path;

use flate2::read::GzDecoder;
use libdeflater::{CompressionLvl, Compressor};
use lumos_connector_runtime::failure::Failure;
use tempfile::NamedTempFile;

use super::{unreadable, unwritable};

/// The notation of an archive, which follows from the system it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    TarGz,
    Zip,
}

impl Format {
    /// The format for a target as rustc names it.
    pub(super) fn of(target: &str) -> Self {
        if target.contains("windows") { Self::Zip } else { Self::TarGz }
    }

    pub(super) const fn extension(self) -> &'static str {
        match self {
            Self::TarGz => "tar.gz",
            Self::Zip => "zip",
        }
    }

    /// The name of the executable inside.
    pub(super) const fn executable(self) -> &'static str {
        match self {
            Self::TarGz => "main",
            Self::Zip => "main.exe",
        }
    }
}

/// A file of the archive.
#[derive(Debug)]
pub(super) struct Entry {
    name: &'static str,
    mode: u32,
    content: Vec<u8>,
}

impl Entry {
    /// The mode of files that the agent may run, read and replace.
    pub(super) fn program(name: &'static str, content: Vec<u8>) -> Self {
        Self { name, mode: 0o770, content }
    }

    /// The mode of files that everybody may read.
    pub(super) fn plain(name: &'static str, content: Vec<u8>) -> Self {
        Self { name, mode: 0o644, content }
    }
}

/// What goes into the archive, in its order.
#[derive(Debug)]
pub(super) struct Archive {
    pub(super) format: Format,
    pub(super) entries: Vec<Entry>,
}

impl Archive {
    pub(super) fn write(&self, path: &Path) -> Result<(), Failure> {
        let bytes = match self.format {
            Format::TarGz => self.tar_gz(),
            Format::Zip => self.zip(),
        };
        put(path, &bytes.map_err(|error| unwritable(path, &error))?)
    }

    fn tar_gz(&self) -> io::Result<Vec<u8>> {
        let mut tar = tar::Builder::new(Vec::new());
        for entry in &self.entries {
            let mut header = tar::Header::new_gnu();
            header.set_size(entry.content.len() as u64);
            header.set_mode(entry.mode);
            header.set_mtime(0);
            header.set_uid(0);
            header.set_gid(0);
            tar.append_data(&mut header, entry.name, entry.content.as_slice())?;
        }
        gzip(&tar.into_inner()?)
    }

    fn zip(&self) -> io::Result<Vec<u8>> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for entry in &self.entries {
            let options = zip::write::SimpleFileOptions::default()
                .compression_method(zip::CompressionMethod::Deflated)
                .last_modified_time(zip::DateTime::default())
                .unix_permissions(entry.mode);
            zip.start_file(entry.name, options)?;
            zip.write_all(&entry.content)?;
        }
        Ok(zip.finish()?.into_inner())
    }
}

/// The smallest gzip file that takes seconds to make. Its header has no time and an unknown system, so that archives do
/// not depend on when and where they were made.
fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut compressor = Compressor::new(CompressionLvl::best());
    let mut compressed = vec![0; compressor.gzip_compress_bound(bytes.len())];
    let length = compressor.gzip_compress(bytes, &mut compressed).map_err(io::Error::other)?;
    compressed.truncate(length);
    Ok(compressed)
}

/// Writes a file that is whole or not there.
pub(super) fn put(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let write = || {
        let mut beside = NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
        beside.write_all(content)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            beside.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
        }
        beside.as_file().sync_all()?;
        beside.persist(path).map_err(|error| error.error).map(drop)
    };
    write().map_err(|error: io::Error| unwritable(path, &error))
}

/// Unpacks an archive as the agent does.
pub(super) fn unpack(path: &Path, format: Format, folder: &Path) -> Result<(), Failure> {
    let mut file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let unpacked = match format {
        Format::TarGz => tar::Archive::new(GzDecoder::new(file)).unpack(folder),
        Format::Zip => {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).and_then(|_| {
                zip::ZipArchive::new(Cursor::new(bytes))?.extract(folder)?;
                Ok(())
            })
        }
    };
    unpacked.map_err(|error| Failure::new(format!("{} cannot be unpacked: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(format: Format) -> Archive {
        let program = Entry::program(format.executable(), b"#!/bin/sh\n".repeat(1000));
        Archive { format, entries: vec![program, Entry::plain("metadata.toml", b"[connector]\n".to_vec())] }
    }

    fn written(format: Format) -> (tempfile::TempDir, Vec<u8>) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.archive");
        archive(format).write(&path).expect("it is written");
        let bytes = std::fs::read(&path).expect("it is there");
        (folder, bytes)
    }

    #[test]
    fn the_same_content_gives_the_same_bytes() {
        for format in [Format::TarGz, Format::Zip] {
            assert_eq!(written(format).1, written(format).1, "{format:?}");
        }
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        for format in [Format::TarGz, Format::Zip] {
            let (folder, _) = written(format);
            let out = folder.path().join("out");
            unpack(&folder.path().join("a.archive"), format, &out).expect("it unpacks");
            for entry in archive(format).entries {
                assert_eq!(
                    std::fs::read(out.join(entry.name)).expect("it is there"),
                    entry.content,
                    "{format:?}"
                );
            }
        }
    }

    #[test]
    fn entries_have_no_times_and_no_owners() {
        let (_folder, bytes) = written(Format::TarGz);
        // RFC 1952: deflate, no name, no time, an unknown system.
        assert_eq!((&bytes[..8], bytes[9]), (&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0][..], 255));
        let mut archive = tar::Archive::new(GzDecoder::new(bytes.as_slice()));
        let headers: Vec<_> = archive
            .entries()
            .expect("entries")
            .map(|entry| {
                let entry = entry.expect("an entry");
                let header = entry.header();
                let path = entry.path().expect("a path").display().to_string();
                (
                    path,
                    header.mode().expect("a mode"),
                    header.mtime().expect("a time"),
                    header.uid().expect("an owner"),
                )
            })
            .collect();
        assert_eq!(headers, [("main".to_owned(), 0o770, 0, 0), ("metadata.toml".to_owned(), 0o644, 0, 0)]);
    }

    #[test]
    fn windows_gets_a_zip() {
        assert_eq!(Format::of("x86_64-pc-windows-msvc"), Format::Zip);
        assert_eq!(Format::of("aarch64-apple-darwin"), Format::TarGz);
    }
}
