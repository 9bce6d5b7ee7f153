//! `cargo xtask references`: every reference in code and docs leads somewhere.
//!
//! | reference | where it must lead |
//! | --- | --- |
//! | "contract §4.5" in any file | a section of `docs/contract.md` |
//! | `§` without the name of a document before it | nowhere: it is a mistake |
//! | a relative link of a Markdown file, its `#anchor` included | a file, and a heading or an `<a id>` in it |
//! | a path of this repository, such as `docs/contract.md#s4-combinations` | a file or folder, and an anchor in it |
//! | `area/name` of a recorded call, in `docs/contract.md` | a case of `conformance/golden` |
//! | names of documents that are not in this repository | nowhere: they are a mistake |

mod anchors;
mod citations;
mod links;
mod recordings;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use cargo_metadata::MetadataCommand;
use clap::Args;
use regex::Regex;

use anchors::Anchors;

/// The rules of the wire.
const CONTRACT: &str = "docs/contract.md";

/// Files that hold references, by the end of their names.
const READ: &[&str] = &[".rs", ".md", ".toml", ".py", ".mjs", ".sh", ".yaml", ".ci/run"];

/// Folders whose files are data, or become another project's.
const SKIPPED: &[&str] = &[
    "conformance/golden/cases/",
    "conformance/golden/expected/",
    "crates/cli/templates/",
    "xtask/src/references",
];

/// Fail on a reference in code, docs or tests that leads nowhere
#[derive(Debug, Args)]
pub(crate) struct Arguments {}

/// The text files of the repository, by their path in it.
type Files = BTreeMap<String, String>;

/// A reference that leads nowhere: the file, the line, and what is wrong.
type Problem = (String, usize, String);

pub(crate) fn run(_: &Arguments) -> Result<()> {
    let root: PathBuf = MetadataCommand::new().no_deps().exec()?.workspace_root.into();
    let problems = problems(&root)?;
    let lines: Vec<String> =
        problems.iter().map(|(file, line, what)| format!("{file}:{line}: {what}")).collect();
    ensure!(lines.is_empty(), "{} references lead nowhere:\n{}", lines.len(), lines.join("\n"));
    println!("every reference leads somewhere");
    Ok(())
}

fn problems(root: &Path) -> Result<Vec<Problem>> {
    let files = read(root)?;
    let contract = files.get(CONTRACT).with_context(|| format!("{CONTRACT} is missing"))?;
    let sections = citations::sections(contract);
    let anchors: BTreeMap<&str, Anchors> = files
        .iter()
        .filter(|(path, _)| path.ends_with(".md"))
        .map(|(path, text)| (path.as_str(), Anchors::of(text)))
        .collect();
    let recordings = recordings::names(root)?;

    let mut problems = Vec::new();
    for (path, text) in &files {
        let mut found = citations::problems(text, &sections, path == CONTRACT);
        found.extend(links::paths(root, text, &anchors));
        if path.ends_with(".md") {
            found.extend(links::relative(root, path, text, &anchors));
        }
        if path == CONTRACT {
            found.extend(citations::numbered_links(text));
            found.extend(recordings::problems(text, &recordings));
        }
        problems.extend(found.into_iter().map(|(line, what)| (path.clone(), line, what)));
    }
    Ok(problems)
}

/// The files that git knows, and those that it would.
fn read(root: &Path) -> Result<Files> {
    let listed = Command::new("git")
        .current_dir(root)
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .output()
        .context("starting git")?;
    ensure!(listed.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listed.stderr));
    let mut files = Files::new();
    for path in String::from_utf8(listed.stdout).context("a file name is not UTF-8")?.lines() {
        let is_read = READ.iter().any(|end| path.ends_with(end));
        let is_skipped = SKIPPED.iter().any(|start| path.starts_with(start));
        // A file that was removed but not yet committed is still listed.
        if is_read && !is_skipped && root.join(path).is_file() {
            let text = std::fs::read_to_string(root.join(path)).with_context(|| format!("reading {path}"))?;
            files.insert(path.to_owned(), text);
        }
    }
    Ok(files)
}

/// An expression of this command's own.
#[expect(clippy::unwrap_used, reason = "constants, each of which a test reads")]
fn pattern(expression: &'static str) -> Regex {
    Regex::new(expression).unwrap()
}

/// The lines of a text with their numbers.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_of_this_repository_leads_somewhere() -> Result<()> {
        let root: PathBuf = MetadataCommand::new().no_deps().exec()?.workspace_root.into();
        assert_eq!(problems(&root)?, Vec::<Problem>::new());
        Ok(())
    }
}
