//! An author's first hour, as the guide tells it: from an empty folder to a connector that the agent picks up.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::harness::install::{output, succeed};
use crate::harness::stage::Stage;

/// `list_accounts`, written as the guide does it.
const LIST_ACCOUNTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/suites/list_accounts.patch");

/// The largest archive.
const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// The longest start of a packaged connector.
const LONGEST_START: Duration = Duration::from_millis(10);

/// Enough starts for one that nothing else on the machine disturbs.
const STARTS: usize = 20;

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    stage.build(&["lumos-connector-cli"])?;
    let folder = tempfile::tempdir().context("making a temporary folder")?;
    for (kind, options) in [("multi", &[][..]), ("single", &["--auth", "token"])] {
        let author = Author::new(stage, &folder.path().join(kind), kind)?;
        stage.step(format!("{kind}: connector scaffold {kind} {}", options.join(" ")), |_| {
            author.scaffold(options)
        })?;
        stage.step(format!("{kind}: cargo fmt --check"), |_| author.cargo(&["fmt", "--check"]))?;
        stage.step(format!("{kind}: cargo clippy -- -D warnings"), |_| author.clippy())?;
        stage.step(format!("{kind}: cargo test"), |_| author.cargo(&["test"]))?;
        stage
            .step(format!("{kind}: cargo run -- info"), |_| author.has_capability("validate_credentials"))?;
        stage.step(format!("{kind}: list_accounts written"), |_| author.apply(Path::new(LIST_ACCOUNTS)))?;
        stage.step(format!("{kind}: cargo test list_accounts"), |_| author.tests_of_list_accounts())?;
        stage.step(format!("{kind}: still formatted, no warnings"), |_| {
            author.cargo(&["fmt", "--check"])?;
            author.clippy()
        })?;
        stage.step(format!("{kind}: info has list_accounts"), |_| author.has_capability("list_accounts"))?;
        if kind == "multi" {
            package(stage, &author)?;
        }
    }
    Ok(())
}

/// Packages what the author wrote. Once is enough: it takes as long as all the rest.
fn package(stage: &mut Stage, author: &Author) -> Result<()> {
    let archive = stage.step("compile-on-prem --check", |_| author.package("once"))?;
    stage.check("packaging again gives the same bytes", |_| {
        let again = author.package("twice")?;
        ensure!(std::fs::read(&archive)? == std::fs::read(again)?, "they differ");
        Ok(())
    });
    let bytes = std::fs::metadata(&archive)?.len();
    stage.check(format!("the archive has {bytes} bytes, at most {MOST_BYTES}"), |_| {
        ensure!(bytes <= MOST_BYTES, "it is too large");
        Ok(())
    });
    let start = author.start(&archive)?;
    stage.check(format!("info from it starts in {start:.1?}, at most {LONGEST_START:?}"), |_| {
        ensure!(start <= LONGEST_START, "it is too slow");
        Ok(())
    });
    Ok(())
}

/// Somebody who writes a connector in a folder of their own.
struct Author {
    connector: PathBuf,
    project: PathBuf,
    name: &'static str,
    target: PathBuf,
}

impl Author {
    fn new(stage: &Stage, project: &Path, name: &'static str) -> Result<Self> {
        let target = stage.cache("scaffold")?;
        Ok(Self { connector: stage.binary("connector"), project: project.to_owned(), name, target })
    }

    fn scaffold(&self, options: &[&str]) -> Result<()> {
        succeed(Command::new(&self.connector).args(["scaffold", self.name]).arg(&self.project).args(options))
    }

    /// Cargo in the project. Both projects share what is compiled; nobody debugs it.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.project);
        command.env("CARGO_TARGET_DIR", &self.target).env("CARGO_PROFILE_DEV_DEBUG", "0");
        command
    }

    fn cargo(&self, arguments: &[&str]) -> Result<()> {
        succeed(self.command("cargo").args(arguments))
    }

    fn clippy(&self) -> Result<()> {
        self.cargo(&["clippy", "--all-targets", "--", "-D", "warnings"])
    }

    fn has_capability(&self, capability: &str) -> Result<()> {
        let printed = output(self.command("cargo").args(["run", "--quiet", "--", "info"]))?;
        let info: Value = serde_json::from_slice(&printed.stdout).context("info is no JSON")?;
        let response = &info["response"];
        ensure!(response["app_id"] == self.name, "the app id is {}", response["app_id"]);
        let capabilities = response["capabilities"].as_array().context("no capabilities")?;
        ensure!(
            capabilities.iter().any(|one| one == capability),
            "{capability} is not among {capabilities:?}"
        );
        Ok(())
    }

    fn apply(&self, patch: &Path) -> Result<()> {
        succeed(self.command("git").arg("apply").arg(patch))
    }

    fn tests_of_list_accounts(&self) -> Result<()> {
        let printed = output(self.command("cargo").args(["test", "--test", "cases", "list_accounts"]))?;
        let printed = String::from_utf8_lossy(&printed.stdout).into_owned();
        ensure!(printed.contains("test result: ok. 2 passed; 0 failed; 0 ignored"), "{printed}");
        Ok(())
    }

    /// Packages into a folder of that name; the path of the archive.
    fn package(&self, folder: &str) -> Result<PathBuf> {
        let printed = output(
            self.command(&self.connector)
                .args([
                    "compile-on-prem",
                    "--check",
                    "--app-id",
                    self.name,
                    "--connector-root-module-dir",
                    ".",
                ])
                .args(["--output-directory", folder]),
        )?;
        let path = String::from_utf8(printed.stdout)?;
        Ok(PathBuf::from(path.trim_end()))
    }

    /// The fastest start of `info`, unpacked from an archive.
    fn start(&self, archive: &Path) -> Result<Duration> {
        let folder = self.project.join("unpacked");
        std::fs::create_dir_all(&folder)?;
        succeed(Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(&folder))?;
        let mut fastest = Duration::MAX;
        for _ in 0..STARTS {
            let begin = Instant::now();
            succeed(Command::new(folder.join("main")).arg("info").env_clear().current_dir(&folder))?;
            fastest = fastest.min(begin.elapsed());
        }
        Ok(fastest)
    }
}
