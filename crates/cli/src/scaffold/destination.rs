//! The folder of a new project: everything arrives there, or nothing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use lumos_connector_runtime::failure::Failure;
use tempfile::TempDir;

use super::project::ProjectFile;

/// Where a project goes.
#[derive(Debug)]
pub(super) enum Destination {
    /// A folder that exists.
    Existing(PathBuf),
    /// One that does not: where to begin, and the folders to make from there.
    New { base: PathBuf, missing: Vec<PathBuf> },
}

impl Destination {
    /// Looks at the folder without touching it.
    pub(super) fn open(folder: &Path, overwrite: bool) -> Result<Self, Failure> {
        let shown = folder.display();
        match fs::symlink_metadata(folder) {
            Ok(_) => {
                let mut entries = fs::read_dir(folder).map_err(|error| {
                    Failure::new(format!("{shown} cannot be the project's folder: {error}"))
                        .advice("give a folder that is empty or does not exist yet")
                })?;
                if entries.next().is_some() && !overwrite {
                    return Err(Failure::new(format!("{shown} is not empty"))
                        .advice("give another folder, or write over files in it with --force-overwrite"));
                }
                Ok(Self::Existing(folder.to_owned()))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::new(folder),
            Err(error) => Err(Failure::new(format!("{shown} cannot be the project's folder: {error}"))
                .advice("give a folder that is empty or does not exist yet")),
        }
    }

    fn new(folder: &Path) -> Result<Self, Failure> {
        let mut missing = Vec::new();
        let mut base = folder;
        while let (Some(name), Some(parent)) = (base.file_name(), base.parent()) {
            missing.insert(0, PathBuf::from(name));
            base = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            if base.exists() {
                break;
            }
        }
        if !base.exists() {
            return Err(Failure::new(format!(
                "{} goes through a folder that does not exist",
                folder.display()
            ))
            .advice("give the path without `..` behind new folders"));
        }
        Ok(Self::New { base: base.to_owned(), missing })
    }

    /// Writes all files, or leaves everything as it was.
    pub(super) fn write(&self, files: &[ProjectFile]) -> Result<(), Failure> {
        let written = match self {
            Self::New { base, missing } => build(base, missing, files),
            Self::Existing(folder) => fill(folder, files),
        };
        written.map_err(|error| {
            Failure::new(format!("cannot write the project, nothing is left of it: {error}"))
                .advice("the folder must be writable, with room for the project")
        })
    }
}

/// Makes the project beside its place and moves it there whole.
fn build(base: &Path, missing: &[PathBuf], files: &[ProjectFile]) -> io::Result<()> {
    let stage = TempDir::with_prefix_in(".connector-", base)?;
    let folder = missing.iter().fold(stage.path().to_owned(), |folder, name| folder.join(name));
    lay_out(&folder, files)?;
    let first = missing.first().ok_or(io::ErrorKind::InvalidInput)?;
    fs::rename(stage.path().join(first), base.join(first))
}

/// Makes the project inside of its folder and moves its files one by one, taking them back when one cannot be moved.
fn fill(folder: &Path, files: &[ProjectFile]) -> io::Result<()> {
    let stage = TempDir::with_prefix_in(".connector-", folder)?;
    lay_out(stage.path(), files)?;
    let mut added = Added::default();
    let moved = files.iter().try_for_each(|file| {
        let place = folder.join(&file.path);
        added.folders(folder, &file.path)?;
        if place.is_dir() {
            return Err(io::Error::other(format!("{} is a folder", place.display())));
        }
        let is_new = fs::symlink_metadata(&place).is_err();
        fs::rename(stage.path().join(&file.path), &place)?;
        if is_new {
            added.0.push(place);
        }
        Ok(())
    });
    if moved.is_err() {
        added.take_back();
    }
    moved
}

fn lay_out(folder: &Path, files: &[ProjectFile]) -> io::Result<()> {
    for file in files {
        let path = folder.join(&file.path);
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(path, &file.content)?;
    }
    Ok(())
}

/// What was not there before, in the order in which it came.
#[derive(Default)]
struct Added(Vec<PathBuf>);

impl Added {
    /// Makes the folders of a file.
    fn folders(&mut self, root: &Path, file: &Path) -> io::Result<()> {
        let mut folder = root.to_owned();
        for part in file.parent().into_iter().flat_map(Path::components) {
            folder.push(part);
            if !folder.is_dir() {
                fs::create_dir(&folder)?;
                self.0.push(folder.clone());
            }
        }
        Ok(())
    }

    /// Removes everything again, the last first.
    fn take_back(self) {
        for path in self.0.into_iter().rev() {
            // What cannot be removed is left: the error that led here says why.
            let _ = if path.is_dir() { fs::remove_dir(path) } else { fs::remove_file(path) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Vec<ProjectFile> {
        let file = |path: &str| ProjectFile { path: path.into(), content: path.to_owned() };
        vec![file("Cargo.toml"), file("src/lib.rs"), file("src/main.rs")]
    }

    fn listed(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn folders_are_made_down_to_the_project() {
        let root = tempfile::tempdir().expect("a folder");
        let place = root.path().join("a/b/c");
        Destination::open(&place, false).expect("it is free").write(&files()).expect("it is written");
        assert_eq!(listed(&place), ["Cargo.toml", "src"]);
        assert_eq!(listed(root.path()), ["a"]);
    }

    #[test]
    fn an_empty_folder_is_filled() {
        let root = tempfile::tempdir().expect("a folder");
        Destination::open(root.path(), false).expect("it is empty").write(&files()).expect("it is written");
        assert_eq!(listed(root.path()), ["Cargo.toml", "src"]);
    }

    #[test]
    fn a_file_that_cannot_be_placed_takes_back_those_before() {
        let root = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(root.path().join("src/main.rs")).expect("a folder where a file should be");
        fs::write(root.path().join("notes"), "mine").expect("a file");
        let destination = Destination::open(root.path(), true).expect("it may be overwritten");
        assert!(destination.write(&files()).is_err());
        assert_eq!(listed(root.path()), ["notes", "src"]);
        assert_eq!(listed(&root.path().join("src")), ["main.rs"]);
    }

    #[test]
    fn a_folder_with_something_in_it_is_left_alone() {
        let root = tempfile::tempdir().expect("a folder");
        fs::write(root.path().join("notes"), "mine").expect("a file");
        assert!(Destination::open(root.path(), false).is_err());
        assert!(Destination::open(&root.path().join("notes"), true).is_err());
    }
}
