//! `cargo xtask api`: what the crates offer to others, kept in `api/*.txt` so that a change of it shows in review.
//!
//! The listing is made of the source, not of what the compiler makes of it: it is the same with every toolchain. The lint
//! `unreachable_pub` sees to it that what is called `pub` can be reached from outside. Items stand under the module that
//! they are reached by; docs, bodies and private parts are left out. Macros that make items are listed as they are called.

mod outline;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use cargo_metadata::{Metadata, MetadataCommand, TargetKind};
use clap::Args;

use crate::source::modules;

/// Where listings are kept.
const KEPT: &str = "api";

/// The folder of the crates that are listed.
const CRATES: &str = "crates";

/// Compare the public API of the crates with the kept listings
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Keep the API as it is now
    #[arg(long)]
    write: bool,
}

/// Listings by the name of their file.
type Listings = BTreeMap<String, String>;

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let workspace = MetadataCommand::new().no_deps().exec()?;
    let folder = workspace.workspace_root.as_std_path().join(KEPT);
    let current = listings(&workspace)?;
    if arguments.write {
        return write(&folder, &current);
    }
    let changes = changes(&read(&folder)?, &current);
    ensure!(
        changes.is_empty(),
        "the public API is not the kept one (cargo xtask api --write keeps it):\n{}",
        changes.join("\n")
    );
    println!("the public API of {} crates is the kept one", current.len());
    Ok(())
}

/// The listing of every library of the workspace that others may use.
fn listings(workspace: &Metadata) -> Result<Listings> {
    let mut listings = Listings::new();
    for package in workspace.workspace_packages() {
        let folder = package.manifest_path.strip_prefix(&workspace.workspace_root)?;
        let library = package.targets.iter().find(|target| target.kind.contains(&TargetKind::Lib));
        if let (true, Some(library)) = (folder.starts_with(CRATES), library) {
            let modules = modules(library.src_path.as_std_path())?;
            listings.insert(format!("{}.txt", package.name), outline::outline(&modules));
        }
    }
    Ok(listings)
}

fn read(folder: &Path) -> Result<Listings> {
    let mut listings = Listings::new();
    if folder.exists() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let text =
                std::fs::read_to_string(entry.path()).with_context(|| format!("reading {KEPT}/{name}"))?;
            listings.insert(name, text);
        }
    }
    Ok(listings)
}

/// Writes the listings, and removes those of crates that are gone.
fn write(folder: &Path, listings: &Listings) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    for gone in read(folder)?.keys().filter(|name| !listings.contains_key(*name)) {
        std::fs::remove_file(folder.join(gone))?;
    }
    for (name, text) in listings {
        std::fs::write(folder.join(name), text).with_context(|| format!("writing {KEPT}/{name}"))?;
    }
    Ok(())
}

/// The lines that only one of two states of the listings has.
fn changes(kept: &Listings, current: &Listings) -> Vec<String> {
    let names: BTreeSet<&String> = kept.keys().chain(current.keys()).collect();
    let mut changes = Vec::new();
    for name in names {
        let (old, new) = (counted(kept.get(name)), counted(current.get(name)));
        let lines: BTreeSet<&&str> = old.keys().chain(new.keys()).collect();
        for line in lines {
            let (before, after) = (old.get(*line).unwrap_or(&0), new.get(*line).unwrap_or(&0));
            if before != after {
                let sign = if after > before { '+' } else { '-' };
                changes.push(format!("{KEPT}/{name}: {sign} {line}"));
            }
        }
        if changes.is_empty() && kept.get(name) != current.get(name) {
            changes.push(format!("{KEPT}/{name}: the order of its lines"));
        }
    }
    changes
}

/// How often each line occurs.
fn counted(text: Option<&String>) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for line in text.into_iter().flat_map(|text| text.lines()) {
        *counts.entry(line).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listings(text: &str) -> Listings {
        Listings::from([("a.txt".to_owned(), text.to_owned())])
    }

    #[test]
    fn what_was_added_and_removed_is_named() {
        let changed =
            changes(&listings("pub fn a();\npub fn b();\n"), &listings("pub fn a();\npub fn c();\n"));
        assert_eq!(changed, ["api/a.txt: - pub fn b();", "api/a.txt: + pub fn c();"]);
        assert_eq!(changes(&listings("a\n"), &listings("a\n")), [""; 0]);
        assert_eq!(changes(&listings("a\n"), &Listings::new()), ["api/a.txt: - a"]);
        assert_eq!(changes(&listings("a\nb\n"), &listings("b\na\n")), ["api/a.txt: the order of its lines"]);
    }
}
