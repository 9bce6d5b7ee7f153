//! The files of a project: those on disk, or those of a project that is still being made. All changes arrive, or none.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use lumos_connector_runtime::failure::Failure;
use tempfile::NamedTempFile;

/// The files of a project, some of them with another text than they came with.
#[derive(Debug)]
pub(crate) struct Files {
    /// The project's folder; `None` for one that is not there yet.
    folder: Option<PathBuf>,
    texts: BTreeMap<PathBuf, String>,
    changes: BTreeMap<PathBuf, Change>,
}

/// A file that is to have another text.
#[derive(Debug)]
struct Change {
    /// What was read; `None` for a file that was not there.
    before: Option<String>,
    after: String,
}

impl Files {
    /// Those of a folder.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self { folder: Some(folder.to_owned()), texts: BTreeMap::new(), changes: BTreeMap::new() }
    }

    /// Those of a project that is not there yet, by their paths in it.
    pub(crate) fn of_texts(texts: impl IntoIterator<Item = (PathBuf, String)>) -> Self {
        Self { folder: None, texts: texts.into_iter().collect(), changes: BTreeMap::new() }
    }

    /// The text of a file; `None` when there is no such file.
    pub(super) fn read(&self, path: &Path) -> Result<Option<String>, Failure> {
        let path = normal(path);
        if let Some(change) = self.changes.get(&path) {
            return Ok(Some(change.after.clone()));
        }
        let Some(folder) = &self.folder else { return Ok(self.texts.get(&path).cloned()) };
        let shown = path.display();
        match fs::read(folder.join(&path)) {
            Ok(bytes) => String::from_utf8(bytes).map(Some).map_err(|_| {
                Failure::new(format!("{shown} is not UTF-8"))
                    .advice("nothing was changed; Rust reads UTF-8 only")
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => {
                Err(Failure::new(format!("cannot read {shown}: {error}")).advice("nothing was changed"))
            }
        }
    }

    /// The Rust files directly in a folder, and the folders in it.
    pub(super) fn list(&self, folder: &Path) -> (Vec<PathBuf>, Vec<PathBuf>) {
        let (mut files, mut folders) = (Vec::new(), Vec::new());
        for path in
            self.texts.keys().chain(self.changes.keys()).filter_map(|path| path.strip_prefix(folder).ok())
        {
            let mut parts = path.components();
            let (Some(first), rest) = (parts.next(), parts.next()) else { continue };
            let all = if rest.is_some() { &mut folders } else { &mut files };
            all.push(folder.join(first));
        }
        let root = self.folder.iter().filter_map(|root| fs::read_dir(root.join(folder)).ok());
        for entry in root.flatten().flatten() {
            let all = if entry.path().is_dir() { &mut folders } else { &mut files };
            all.push(folder.join(entry.file_name()));
        }
        files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
        for all in [&mut files, &mut folders] {
            all.sort();
            all.dedup();
        }
        (files, folders)
    }

    /// Gives a file another text, for now in memory.
    pub(super) fn set(&mut self, path: &Path, after: String) -> Result<(), Failure> {
        let before = self.read(path)?;
        let change = self.changes.entry(normal(path)).or_insert(Change { before, after: String::new() });
        change.after = after;
        Ok(())
    }

    /// Writes all changes into the folder, or none.
    pub(super) fn save(self) -> Result<(), Failure> {
        self.folder.map_or(Ok(()), |folder| put_all(&folder, &self.changes))
    }

    /// All files of a project that is not there yet.
    pub(crate) fn into_texts(mut self) -> BTreeMap<PathBuf, String> {
        self.texts.extend(self.changes.into_iter().map(|(path, change)| (path, change.after)));
        self.texts
    }
}

fn put_all(folder: &Path, changes: &BTreeMap<PathBuf, Change>) -> Result<(), Failure> {
    let failed = |path: &Path, why: &str| {
        Failure::new(format!("cannot write {}: {why}", path.display())).advice("nothing was changed")
    };
    let root = folder.canonicalize().map_err(|error| failed(folder, &error.to_string()))?;
    let mut staged = Vec::new();
    for (name, change) in changes {
        let path = root.join(name);
        // A link is followed, so that it stays one; what it leads to must be the project's own.
        let place = if change.before.is_some() { path.canonicalize() } else { Ok(path) };
        let place = place.map_err(|error| failed(name, &error.to_string()))?;
        if !place.starts_with(&root) {
            return Err(failed(name, "it is a link that leads out of the project"));
        }
        let now = fs::read_to_string(&place).ok();
        if now != change.before {
            return Err(failed(name, "it has changed while the command ran"));
        }
        let stage = || {
            let mut beside = NamedTempFile::new_in(place.parent().unwrap_or(&root))?;
            beside.write_all(change.after.as_bytes())?;
            if let Ok(metadata) = fs::metadata(&place) {
                if metadata.permissions().readonly() {
                    return Err(io::Error::from(io::ErrorKind::PermissionDenied));
                }
                beside.as_file().set_permissions(metadata.permissions())?;
            } else {
                readable(beside.as_file())?;
            }
            beside.as_file().sync_all()?;
            Ok(beside)
        };
        let beside = stage().map_err(|error: io::Error| failed(name, &error.to_string()))?;
        staged.push((beside, place, name, change));
    }
    let mut done: Vec<(PathBuf, &Change)> = Vec::new();
    for (beside, place, name, change) in staged {
        if let Err(error) = beside.persist(&place) {
            for (place, change) in done {
                // What cannot be put back is as unwritable as the file that led here, which the error names.
                let _ = match &change.before {
                    Some(before) => fs::write(place, before),
                    None => fs::remove_file(place),
                };
            }
            return Err(failed(name, &error.error.to_string()));
        }
        done.push((place, change));
    }
    Ok(())
}

/// Gives a new file the mode that an editor gives it.
#[cfg(unix)]
fn readable(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &fs::File) -> io::Result<()> {
    Ok(())
}

/// A path without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(normal.pop()),
            part => normal.push(part),
        }
    }
    normal
}
