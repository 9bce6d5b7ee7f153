//! `dev http-server --reload`: the server builds and starts anew when its sources change.
//!
//! This process does not serve: it runs the server as a child and looks at the files that cargo noted the binary was
//! made from, a few times a second. It looks instead of being told, so that it works on every file system.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, SystemTime};
use std::{env, fs};

use super::signals::Signals;
use crate::failure::Failure;
use crate::output;

/// Between two looks at the files.
const PAUSE: Duration = Duration::from_millis(300);

/// For a server to end.
const LAST_PATIENCE: Duration = Duration::from_secs(5);

/// Serves until a signal comes, with the arguments that make a server without `--reload`.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start: {error}")))?;
    runtime.block_on(async {
        let program = Program::find()?;
        let mut signals = Signals::new()?;
        let mut seen = program.sources();
        let mut server = program.start(arguments)?;
        loop {
            tokio::select! {
                () = signals.next() => break,
                () = tokio::time::sleep(PAUSE) => {}
            }
            let now = program.sources();
            if now == seen {
                continue;
            }
            seen = now;
            output::message("a source has changed");
            if program.build()? {
                server.stop().await;
                server = program.start(arguments)?;
            } else {
                output::message("the server goes on as it was");
            }
        }
        server.stop().await;
        Ok(())
    })
}

/// The connector's binary, and what it is made from.
#[derive(Debug)]
struct Program {
    binary: PathBuf,
    manifest: PathBuf,
}

/// When each file was last changed; `None` for a file that is not there.
type Sources = BTreeMap<PathBuf, Option<SystemTime>>;

impl Program {
    fn find() -> Result<Self, Failure> {
        let binary = env::current_exe()
            .map_err(|error| Failure::new(format!("cannot tell which binary this is: {error}")))?;
        let no_sources = || {
            Failure::new(format!("cannot tell what {} is made from", binary.display())).advice(
                "--reload is for a binary in cargo's target folder, started in the folder of its Cargo.toml",
            )
        };
        let here = env::current_dir().map_err(|_| no_sources())?;
        // Cargo says so to what it runs.
        let folder = env::var_os("CARGO_MANIFEST_DIR").map_or(here, PathBuf::from);
        let manifest = folder.ancestors().map(|folder| folder.join("Cargo.toml")).find(|path| path.is_file());
        let program = Self { manifest: manifest.ok_or_else(no_sources)?, binary: binary.clone() };
        if program.dep_info().is_none() {
            return Err(no_sources());
        }
        Ok(program)
    }

    /// The note that cargo leaves beside a binary: the files that it was made from.
    fn dep_info(&self) -> Option<Vec<PathBuf>> {
        let note = fs::read_to_string(self.binary.with_extension("d")).ok()?;
        Some(files_in(&note))
    }

    fn sources(&self) -> Sources {
        let files = self.dep_info().unwrap_or_default().into_iter().chain([self.manifest.clone()]);
        let changed = |file: &Path| fs::metadata(file).and_then(|metadata| metadata.modified()).ok();
        files.map(|file| (file.clone(), changed(&file))).collect()
    }

    /// Builds the binary as it was built before; whether that worked. Cargo itself says what is wrong.
    fn build(&self) -> Result<bool, Failure> {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        build.arg("build").arg("--manifest-path").arg(&self.manifest).arg("--bin");
        build.arg(self.binary.file_stem().unwrap_or_default());
        let profile = self.binary.parent().and_then(Path::file_name).and_then(|name| name.to_str());
        if let Some(profile) = profile.filter(|profile| *profile != "debug") {
            build.args(["--profile", profile]);
        }
        let status = build.status().map_err(|error| {
            Failure::new(format!("cannot start cargo: {error}")).advice("--reload needs a Rust toolchain")
        })?;
        Ok(status.success())
    }

    fn start(&self, arguments: &[String]) -> Result<Server, Failure> {
        let started = Command::new(&self.binary).args(arguments).spawn();
        started
            .map(Server)
            .map_err(|error| Failure::new(format!("cannot start {}: {error}", self.binary.display())))
    }
}

/// The files after the colon of a note of cargo; a space in a name has a backslash before it.
fn files_in(note: &str) -> Vec<PathBuf> {
    let files = note.split_once(": ").map_or("", |(_, files)| files).lines().next().unwrap_or_default();
    let marked = files.replace("\\ ", "\0");
    marked
        .split(' ')
        .filter(|file| !file.is_empty())
        .map(|file| PathBuf::from(file.replace('\0', " ")))
        .collect()
}

/// The server as a child. Dropping it kills it.
struct Server(Child);

impl Server {
    /// Asks the child to end, and ends it when it does not.
    async fn stop(&mut self) {
        #[cfg(unix)]
        if let Ok(id) = i32::try_from(self.0.id())
            && let Some(id) = rustix::process::Pid::from_raw(id)
        {
            // It may have ended already.
            let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
            let _ = tokio::time::timeout(LAST_PATIENCE, async {
                while matches!(self.0.try_wait(), Ok(None)) {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            })
            .await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail when the child has ended, which is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_a_note_are_found_with_spaces_in_their_names() {
        let note = "/t/debug/acme: /w/src/main.rs /w/my\\ connector/src/lib.rs\n\n/w/src/main.rs:\n";
        assert_eq!(
            files_in(note),
            [PathBuf::from("/w/src/main.rs"), PathBuf::from("/w/my connector/src/lib.rs")]
        );
        assert!(files_in("").is_empty());
    }
}
