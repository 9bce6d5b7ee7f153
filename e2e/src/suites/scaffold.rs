//! An author's first hour, as the guide tells it: from an empty folder to a connector that the agent picks up.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::harness::install::{output, succeed};
use crate::harness::stage::Stage;

/// The page whose files make a connector of a REST app.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/guide/a-rest-app.md");

/// What the page's project is begun with.
const SIX: &[&str] = &[
    "--auth",
    "token",
    "--capabilities",
    "list_accounts,list_resources,list_entitlements,find_entitlement_associations,create_account,deactivate_account",
];

/// The largest archive.
const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// The longest start of a packaged connector.
const LONGEST_START: Duration = Duration::from_millis(10);

/// Enough starts for one that nothing else on the machine disturbs.
const STARTS: usize = 20;

/// Mistakes that the tests of a new project must see: the file, what stands there, what takes its place.
const MISTAKES: &[(&str, &str, &str, &str)] = &[
    ("another scheme", "src/client.rs", ".bearer(login)", ".authorization(\"Token\", login)"),
    ("another path", "src/client.rs", "get(\"users\")", "get(\"people\")"),
    ("another page size", "src/read.rs", "default: 100", "default: 50"),
    ("larger pages than the app takes", "src/read.rs", "max: 500", "max: 1000"),
    ("statuses that mean nothing", "src/integration.rs", "        .on_error(error::http_status)\n", ""),
];

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    stage.build(&["lumos-connector-cli"])?;
    let folder = tempfile::tempdir().context("making a temporary folder")?;
    let several = Author::new(stage, &folder.path().join("several"), "several")?;
    begin(stage, &several, &[])?;
    stage.step("several: connector add get_account transfer_data", |_| {
        succeed(several.command(&several.connector).args(["add", "get_account", "transfer_data"]))?;
        several.is_clean()?;
        several.cargo(&["test"])?;
        several.has_capabilities(&["get_account", "transfer_data"])
    })?;

    let single = Author::new(stage, &folder.path().join("single"), "single")?;
    begin(stage, &single, &["--auth", "token"])?;
    stage.check("single: the commands of its CI file", |_| single.continuous_integration());
    for (mistake, file, good, bad) in MISTAKES {
        stage.check(format!("single: {mistake} is seen by the tests that came with it"), |_| {
            single.is_seen(file, good, bad)
        });
    }

    let begun = Instant::now();
    let newcomer = Author::new(stage, &folder.path().join("newcomer"), "acme-crm")?;
    begin(stage, &newcomer, SIX)?;
    stage.step("newcomer: the files of the guide pasted", |_| {
        newcomer.paste()?;
        newcomer.cargo(&["add", "--quiet", "--dev", "serde_json"])?;
        newcomer.is_clean()?;
        newcomer.cargo(&["test"])
    })?;
    package(stage, &newcomer)?;
    println!(
        "newcomer: {:.1} minutes from an empty folder to an archive",
        begun.elapsed().as_secs_f64() / 60.0
    );
    Ok(())
}

/// A new project is clean, and its tests pass.
fn begin(stage: &mut Stage, author: &Author, options: &[&str]) -> Result<()> {
    let name = author.name;
    stage.step(format!("{name}: connector scaffold {}", options.join(" ")), |_| author.scaffold(options))?;
    stage.step(format!("{name}: formatted, without warnings"), |_| author.is_clean())?;
    stage.step(format!("{name}: cargo test"), |_| author.cargo(&["test"]))?;
    stage.step(format!("{name}: cargo run -- info"), |_| {
        author.has_capabilities(&["validate_credentials", "list_accounts"])
    })
}

/// Packages what the author wrote. Once is enough: it takes as long as all the rest.
fn package(stage: &mut Stage, author: &Author) -> Result<()> {
    let archive = stage.step("compile-on-prem --check", |_| author.package("once"))?;
    stage.check("packaging again gives the same bytes", |_| {
        let again = author.package("twice")?;
        ensure!(std::fs::read(&archive)? == std::fs::read(again)?, "they differ");
        Ok(())
    });
    stage.check("a change is packaged anew", |_| {
        let client = author.project.join("src/client.rs");
        let text = std::fs::read_to_string(&client)?;
        std::fs::write(&client, text.replace("get(\"me\")", "get(\"whoami\")"))?;
        let begun = Instant::now();
        author.package("changed")?;
        println!("after a change it takes {:.0} s", begun.elapsed().as_secs_f64());
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

    /// Runs what its CI file does. The tool itself is taken as it is: its release is not there yet.
    fn continuous_integration(&self) -> Result<()> {
        let file = std::fs::read_to_string(self.project.join(".github/workflows/ci.yml"))?;
        let steps = file.lines().filter_map(|line| line.trim().strip_prefix("- run: "));
        let commands: Vec<_> = steps.filter(|command| !command.starts_with("cargo install ")).collect();
        let checks = commands.iter().filter(|command| command.starts_with("connector check ")).count();
        ensure!(checks == 1, "one step was to check the connector: {commands:?}");
        // What is compiled lies elsewhere here.
        let target = self.project.join("target");
        std::os::unix::fs::symlink(&self.target, &target)?;
        let tool = self.connector.parent().context("the tool is in no folder")?;
        let path = std::env::var("PATH").unwrap_or_default();
        for command in commands {
            let mut shell = self.command("sh");
            succeed(shell.args(["-ec", command]).env("PATH", format!("{}:{path}", tool.display())))
                .with_context(|| command.to_owned())?;
        }
        std::fs::remove_file(target)?;
        Ok(())
    }

    fn clippy(&self) -> Result<()> {
        self.cargo(&["clippy", "--all-targets", "--", "-D", "warnings"])
    }

    fn is_clean(&self) -> Result<()> {
        self.cargo(&["fmt", "--check"])?;
        self.clippy()
    }

    fn has_capabilities(&self, names: &[&str]) -> Result<()> {
        let printed = output(self.command("cargo").args(["run", "--quiet", "--", "info"]))?;
        let info: Value = serde_json::from_slice(&printed.stdout).context("info is no JSON")?;
        let response = &info["response"];
        ensure!(response["app_id"] == self.name, "the app id is {}", response["app_id"]);
        let capabilities = response["capabilities"].as_array().context("no capabilities")?;
        for name in names {
            ensure!(capabilities.iter().any(|one| one == name), "{name} is not among {capabilities:?}");
        }
        Ok(())
    }

    /// Writes the files of the guide's page, each a block of code whose first line names it.
    fn paste(&self) -> Result<()> {
        let page = std::fs::read_to_string(PAGE).context("reading the guide")?;
        let mut files = 0;
        for block in page.split("```rust,ignore\n// ").skip(1) {
            let code = block.split("\n```").next().context("a block without an end")?;
            let (name, text) = code.split_once('\n').context("a block without a file")?;
            std::fs::write(self.project.join(name), format!("{text}\n"))
                .with_context(|| format!("writing {name}"))?;
            files += 1;
        }
        ensure!(files >= 7, "only {files} files are in the guide");
        Ok(())
    }

    /// Whether the tests fail with a mistake.
    fn is_seen(&self, file: &str, good: &str, bad: &str) -> Result<()> {
        let path = self.project.join(file);
        let before = std::fs::read_to_string(&path)?;
        ensure!(before.contains(good), "{file} has no {good:?}");
        std::fs::write(&path, before.replacen(good, bad, 1))?;
        let built = self.command("cargo").args(["test", "--no-run"]).output()?;
        let tested = self.command("cargo").arg("test").output()?;
        std::fs::write(&path, before)?;
        ensure!(built.status.success(), "it does not build: {}", String::from_utf8_lossy(&built.stderr));
        ensure!(!tested.status.success(), "all tests pass");
        Ok(())
    }

    /// Packages into a folder of that name; the path of the archive.
    fn package(&self, folder: &str) -> Result<PathBuf> {
        let printed = output(
            self.command(&self.connector)
                .args(["compile-on-prem", "--check", "--app-id", self.name])
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
