//! `cargo xtask rust-version`: no dependency needs a younger compiler than the workspace says that it does.
//!
//! What the workspace's own code needs is held by the lint `clippy::incompatible_msrv`. Together they hold the promise with
//! one toolchain, without downloading another.

use anyhow::{Context, Result, ensure};
use cargo_metadata::semver::Version;
use cargo_metadata::{Metadata, MetadataCommand};
use clap::Args;

/// Fail where a dependency needs a younger compiler than the workspace
#[derive(Debug, Args)]
pub(crate) struct Arguments {}

pub(crate) fn run(_: &Arguments) -> Result<()> {
    let workspace =
        MetadataCommand::new().other_options(["--locked".to_owned(), "--all-features".to_owned()]).exec()?;
    let ours = ours(&workspace)?;
    let all = workspace.packages.iter().map(|package| {
        let name = format!("{} {}", package.name, package.version);
        (name, package.rust_version.as_ref())
    });
    let younger = younger(&ours, all);
    ensure!(younger.is_empty(), "the workspace says that Rust {ours} is enough, but\n{}", younger.join("\n"));
    println!("Rust {ours} is enough for {} packages, as far as they say", workspace.packages.len());
    Ok(())
}

/// The version that the packages of the workspace name.
fn ours(workspace: &Metadata) -> Result<Version> {
    let named = workspace.workspace_packages().into_iter().filter_map(|package| package.rust_version.clone());
    named.min().context("no package of the workspace has a rust-version")
}

/// The packages that need more.
fn younger<'a>(ours: &Version, all: impl Iterator<Item = (String, Option<&'a Version>)>) -> Vec<String> {
    let needs = all.filter_map(|(name, version)| Some((name, version?)));
    let mut younger: Vec<String> = needs
        .filter(|(_, version)| *version > ours)
        .map(|(name, version)| format!("{name} needs {version}"))
        .collect();
    younger.sort();
    younger
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_needs_more_is_named() {
        let (old, ours, new) = (Version::new(1, 70, 0), Version::new(1, 89, 0), Version::new(1, 90, 0));
        let all = [("a", Some(&old)), ("b", Some(&ours)), ("c", Some(&new)), ("d", None)];
        let found = younger(&ours, all.into_iter().map(|(name, version)| (name.to_owned(), version)));
        assert_eq!(found, ["c needs 1.90.0"]);
    }
}
