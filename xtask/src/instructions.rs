//! `cargo xtask instructions`: what one dispatch takes, counted instead of timed.
//!
//! A clock says little on a shared machine; the number of executed instructions is the same within a percent. It is
//! counted by valgrind as the difference between many dispatches and fewer, which leaves starting out.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use cargo_metadata::MetadataCommand;
use clap::Args;

use xtask::binaries::{self, Binaries};

/// What is counted: a capability, and the number of its dispatches.
const CASES: [(&str, u64); 2] = [("validate_credentials", 200), ("list_accounts", 4)];

/// The parts of a request to which very many keys are added.
const PLACES: [&str; 2] = ["settings", "payload"];

/// How many keys are added. What one key takes must not depend on that.
const KEYS: [(u64, &str); 2] = [(10_000, "10000"), (100_000, "100000")];

/// The kept counts, of the processor architecture that checks run on.
const KEPT: &str = "conformance/bench/instructions.json";

/// How much more than the kept count is a regression.
const TOLERANCE: f64 = 0.10;

/// Count the instructions of one dispatch and compare them with the kept counts
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Keep the counts of this run
    #[arg(long)]
    write: bool,
    #[command(flatten)]
    binaries: binaries::Choice,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let workspace = MetadataCommand::new().no_deps().exec()?;
    let kept_file = workspace.workspace_root.join(KEPT);
    let binaries = Binaries::new(arguments.binaries, &workspace);
    binaries.build(["lumos-conformance-bench-connector", "lumos-conformance-bench-limit"])?;
    let ours = Program { path: binaries.path("bench-dispatch"), before: &[] };
    let limit = Program { path: binaries.path("bench-limit"), before: &["repeat"] };
    let mut counts = BTreeMap::new();
    for (capability, times) in CASES {
        let (count, floor) = (ours.one(capability, times, &[])?, limit.one(capability, times, &[])?);
        println!(
            "{capability}: {:.2} times what plain serde takes for the same bytes, {floor}",
            1.0 + change(floor, count)
        );
        counts.insert(capability.to_owned(), count);
    }
    for place in PLACES {
        let mut per_key = Vec::new();
        for (keys, argument) in KEYS {
            let count = ours.one("validate_credentials", 2, &[place, argument])?;
            per_key.push(count / keys);
            counts.insert(format!("validate_credentials, {keys} keys more in its {place}"), count);
        }
        println!("{place}: a key takes {per_key:?} instructions among 10,000 and among 100,000");
        ensure!(
            change(per_key[0], per_key[1]) <= TOLERANCE,
            "keys of the {place} cost more the more there are"
        );
    }
    if arguments.write {
        std::fs::write(&kept_file, serde_json::to_string_pretty(&counts)? + "\n")?;
    }
    let kept = std::fs::read_to_string(&kept_file).with_context(|| format!("reading {kept_file}"))?;
    let mut regressed = Vec::new();
    for (capability, kept) in serde_json::from_str::<BTreeMap<String, u64>>(&kept)? {
        let count =
            *counts.get(&capability).with_context(|| format!("{capability} is kept but not counted"))?;
        let change = change(kept, count);
        println!("{capability}: {count} instructions, {:+.1} % of the kept {kept}", 100.0 * change);
        if change > TOLERANCE {
            regressed.push(capability);
        } else if change < -TOLERANCE {
            println!("  keep the better count with --write");
        }
    }
    ensure!(regressed.is_empty(), "more than {:.0} % slower: {}", 100.0 * TOLERANCE, regressed.join(", "));
    Ok(())
}

/// The change from one count to another, as a fraction.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn change(from: u64, to: u64) -> f64 {
    to as f64 / from as f64 - 1.0
}

/// A program that answers a capability a number of times.
struct Program {
    path: PathBuf,
    /// Arguments before the capability.
    before: &'static [&'static str],
}

impl Program {
    /// The instructions of one answer, by the difference between some and twice as many.
    fn one(&self, capability: &str, times: u64, after: &[&str]) -> Result<u64> {
        let (less, more) = (self.count(capability, times, after)?, self.count(capability, 2 * times, after)?);
        Ok(more.saturating_sub(less) / times)
    }

    /// The instructions of some answers, starting included.
    fn count(&self, capability: &str, times: u64, after: &[&str]) -> Result<u64> {
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(&self.path)
            .args(self.before)
            .args([capability, &times.to_string()])
            .args(after)
            .output()
            .context("starting valgrind, which counts instructions (a package of that name)")?;
        let text = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "valgrind ended with {}:\n{text}", output.status);
        collected(&text).with_context(|| format!("valgrind gives no count:\n{text}"))
    }
}

/// The count in what valgrind writes: `==7== Collected : 123`.
fn collected(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_found_among_other_lines() {
        assert_eq!(collected("==7== Events    : Ir\n==7== Collected : 12345\n==7== \n"), Some(12345));
        assert_eq!(collected("==7== Events    : Ir\n"), None);
    }

    #[test]
    fn a_change_is_relative_to_what_was_kept() {
        assert!((change(100, 111) - 0.11).abs() < 1e-9);
        assert!(change(100, 80) < -TOLERANCE);
    }
}
