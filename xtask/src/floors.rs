//! `cargo xtask floors`: crates are floors, and a crate uses only what stands below it.
//!
//! Two crates on one floor do not know each other: the runtime never meets the client, so a connector can have one
//! without the other. Dependencies of tests are free: they are not part of what is shipped.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Result, bail, ensure};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use clap::Args;

/// Print the floor of each crate, and fail where one uses a crate that does not stand below it
#[derive(Debug, Args)]
pub(crate) struct Arguments {}

/// Where a crate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Floor {
    Numbered(u8),
    /// Connectors, conformance and tools: they use any floor, nothing but the suites uses them.
    Above,
    /// The end-to-end suites: they use the tools as well, nothing uses them.
    Suites,
}

/// The floor of every crate in `crates/`.
const FLOORS: &[(&str, Floor)] = &[
    ("lumos-connector-types", Floor::Numbered(0)),
    ("lumos-connector-core", Floor::Numbered(1)),
    ("lumos-connection", Floor::Numbered(1)),
    ("lumos-connector-client", Floor::Numbered(2)),
    ("lumos-connector-runtime", Floor::Numbered(2)),
    ("lumos-sync", Floor::Numbered(2)),
    ("lumos-check", Floor::Numbered(2)),
    ("lumos-connector", Floor::Numbered(3)),
    ("lumos-connector-testing", Floor::Numbered(3)),
    ("lumos-sync-workers", Floor::Numbered(3)),
    ("lumos-workbench", Floor::Numbered(3)),
    ("lumos-connector-cli", Floor::Numbered(4)),
];

/// The folders whose crates stand above all floors.
const ABOVE: &[(&str, Floor)] = &[
    ("connectors", Floor::Above),
    ("conformance", Floor::Above),
    ("xtask", Floor::Above),
    ("e2e", Floor::Suites),
];

/// A crate of the workspace: where it stands, and which others of the workspace it is built from.
#[derive(Debug)]
struct Room {
    floor: Floor,
    uses: Vec<String>,
}

type House = BTreeMap<String, Room>;

pub(crate) fn run(_: &Arguments) -> Result<()> {
    let house = survey(&MetadataCommand::new().no_deps().exec()?)?;
    let mut rooms: Vec<(&String, &Room)> = house.iter().collect();
    rooms.sort_by_key(|(_, room)| room.floor);
    for (name, room) in rooms {
        let uses = if room.uses.is_empty() { "-".to_owned() } else { room.uses.join(", ") };
        println!("{:<7}  {name:<32}  {uses}", room.floor.to_string());
    }
    let wrong = wrong_arrows(&house);
    ensure!(wrong.is_empty(), "dependencies that do not point down:\n{}", wrong.join("\n"));
    Ok(())
}

impl fmt::Display for Floor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Numbered(number) => write!(formatter, "floor {number}"),
            Self::Above => formatter.write_str("above"),
            Self::Suites => formatter.write_str("suites"),
        }
    }
}

/// The crates of the workspace with their floors and the arrows between them.
fn survey(workspace: &Metadata) -> Result<House> {
    workspace
        .workspace_packages()
        .into_iter()
        .map(|package| {
            let room = Room { floor: floor_of(package, workspace)?, uses: ours_used_by(package) };
            Ok((package.name.to_string(), room))
        })
        .collect()
}

/// Only what lies in a folder is ours; the rest comes from the registry.
fn ours_used_by(package: &Package) -> Vec<String> {
    let mut uses: Vec<String> = package
        .dependencies
        .iter()
        .filter(|used| used.kind != DependencyKind::Development && used.path.is_some())
        .map(|used| used.name.clone())
        .collect();
    uses.sort();
    uses.dedup();
    uses
}

fn floor_of(package: &Package, workspace: &Metadata) -> Result<Floor> {
    let path = package.manifest_path.strip_prefix(&workspace.workspace_root)?;
    let folder = path.components().next().map(|folder| folder.as_str());
    if let Some((_, floor)) = ABOVE.iter().find(|(above, _)| folder == Some(above)) {
        return Ok(*floor);
    }
    match FLOORS.iter().find(|(name, _)| *name == package.name.as_str()) {
        Some((_, floor)) => Ok(*floor),
        None => bail!("{} has no floor: give it one in xtask/src/floors.rs", package.name),
    }
}

/// Every dependency on a crate that does not stand below the one that uses it, each as one line of text.
fn wrong_arrows(house: &House) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, room) in house {
        for used in &room.uses {
            match house.get(used) {
                Some(below) if below.floor < room.floor => {}
                Some(other) => wrong.push(format!("{name} ({}) uses {used} ({})", room.floor, other.floor)),
                None => wrong.push(format!("{name} ({}) uses {used}, which stands nowhere", room.floor)),
            }
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn house(rooms: &[(&str, Floor, &[&str])]) -> House {
        let names = |uses: &[&str]| uses.iter().map(ToString::to_string).collect();
        let room = |floor, uses| Room { floor, uses: names(uses) };
        rooms.iter().map(|(name, floor, uses)| ((*name).to_owned(), room(*floor, uses))).collect()
    }

    #[test]
    fn this_workspace_has_only_downward_arrows() -> Result<()> {
        let house = survey(&MetadataCommand::new().no_deps().exec()?)?;
        assert!(house.contains_key("lumos-connector-types"), "{house:?}");
        assert_eq!(wrong_arrows(&house), Vec::<String>::new());
        Ok(())
    }

    #[test]
    fn downward_arrows_are_fine() {
        let house = house(&[
            ("types", Floor::Numbered(0), &[]),
            ("runtime", Floor::Numbered(2), &["types"]),
            ("a-connector", Floor::Above, &["runtime", "types"]),
        ]);
        assert!(wrong_arrows(&house).is_empty());
    }

    #[test]
    fn an_upward_arrow_is_reported() {
        let house = house(&[("types", Floor::Numbered(0), &["core"]), ("core", Floor::Numbered(1), &[])]);
        assert_eq!(wrong_arrows(&house), ["types (floor 0) uses core (floor 1)"]);
    }

    #[test]
    fn neighbours_on_one_floor_do_not_know_each_other() {
        let house = house(&[
            ("client", Floor::Numbered(2), &["runtime"]),
            ("runtime", Floor::Numbered(2), &["client"]),
        ]);
        assert_eq!(wrong_arrows(&house).len(), 2);
    }

    #[test]
    fn nothing_uses_what_stands_above() {
        let house = house(&[
            ("cli", Floor::Numbered(4), &["a-connector"]),
            ("a-connector", Floor::Above, &["b-connector"]),
            ("b-connector", Floor::Above, &[]),
        ]);
        assert_eq!(wrong_arrows(&house).len(), 2);
    }
}
