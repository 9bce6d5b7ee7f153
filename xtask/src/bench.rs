//! `cargo xtask bench`: our connector beside the same one on the reference, and beside the limit.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use cargo_metadata::MetadataCommand;
use clap::Args;

/// What the reference is measured with. 4.280.0 differs in its version number only, and needs a younger certifi.
const REFERENCE: [&str; 2] = ["connector-py==4.278.0", "uvicorn==0.54.0"];

/// Measure a connector beside the reference and beside plain serde and axum
///
/// It needs Linux, python3 and wrk. Results are in target/bench.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Fewer cases and rounds: under a minute, once everything is built
    #[arg(long)]
    quick: bool,
    /// No more rounds of anything than this
    #[arg(long, value_name = "N")]
    rounds: Option<usize>,
    /// The profile of what is measured
    #[arg(long, value_name = "NAME", default_value = "dist")]
    profile: String,
    /// Renew docs/performance.md and its plot
    #[arg(long, conflicts_with = "quick")]
    write: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let workspace = MetadataCommand::new().no_deps().exec()?;
    let root = workspace.workspace_root.as_std_path();
    let sources = root.join("conformance/bench");
    let folder = workspace.target_directory.as_std_path().join("bench");
    let reference = install_reference(&sources.join("reference"), &folder)?;
    build(root, &arguments.profile)?;

    let binaries = workspace.target_directory.as_std_path().join(&arguments.profile);
    let report = folder.join("report.json");
    let mut measure = python(&sources.join("measure.py"));
    measure.arg("--reference").arg(reference);
    measure.arg("--ours").arg(binaries.join("bench-connector"));
    measure.arg("--limit").arg(binaries.join("bench-limit"));
    measure.args(["--profile", &arguments.profile]);
    if let Some(rounds) = arguments.rounds {
        measure.args(["--rounds", &rounds.to_string()]);
    }
    if arguments.quick {
        measure.arg("--quick");
    }
    succeed(measure.arg(&report))?;

    let mut table = python(&sources.join("report.py"));
    table.arg(&report);
    succeed(&mut table)?;
    if arguments.write {
        table.arg("--document").arg(root.join("docs/performance.md"));
        table.arg("--plot").arg(root.join("docs/performance.svg"));
        succeed(&mut table)?;
    }
    Ok(())
}

/// Installs the reference and its connector once; the path of its program.
fn install_reference(source: &Path, folder: &Path) -> Result<PathBuf> {
    let environment = folder.join("reference");
    let program = environment.join("bin/bench-connector");
    let note = environment.join("installed.txt");
    let wanted = REFERENCE.join("\n");
    if program.exists() && std::fs::read_to_string(&note).is_ok_and(|installed| installed == wanted) {
        return Ok(program);
    }
    eprintln!("installing {} into {}", REFERENCE.join(" and "), environment.display());
    // pip builds in the folder that it is given, and the project's is not the place for that.
    let copy = folder.join("source");
    std::fs::create_dir_all(copy.join("bench_connector"))?;
    for file in ["pyproject.toml", "bench_connector/__init__.py"] {
        std::fs::copy(source.join(file), copy.join(file)).with_context(|| format!("copying {file}"))?;
    }
    succeed(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
    let mut pip = Command::new(environment.join("bin/pip"));
    succeed(pip.args(["install", "--quiet", "--disable-pip-version-check"]).args(REFERENCE).arg(&copy))?;
    std::fs::write(&note, wanted)?;
    Ok(program)
}

fn build(root: &Path, profile: &str) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root).args(["build", "--profile", profile, "--locked"]);
    succeed(command.args(["-p", "lumos-conformance-bench-connector", "-p", "lumos-conformance-bench-limit"]))
}

fn python(script: &Path) -> Command {
    let mut command = Command::new("python3");
    command.env("PYTHONDONTWRITEBYTECODE", "1").arg(script);
    command
}

fn succeed(command: &mut Command) -> Result<()> {
    let program = command.get_program().display().to_string();
    let status = command.status().with_context(|| format!("starting {program}"))?;
    ensure!(status.success(), "{program} ended with {status}");
    Ok(())
}
