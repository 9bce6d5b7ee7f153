//! `cargo xtask floors`: crates are floors, and a crate uses only what stands below it.
//!
//! Two crates on one floor do not know each other: the runtime never meets the client, so a connector can have one
//! without the other. A connector links nothing of the caller's side, and the caller's side nothing of a connector's.
//! Inside of core, folders are floors in the same way. Dependencies of tests are free: they are not part of what is
//! shipped.

mod modules;

use std::collections::{BTreeMap, BTreeSet};
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

/// Who a crate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// Whoever writes a connector.
    Connector,
    /// Whoever calls one, in whatever language it is written.
    Caller,
    Both,
}

/// The floor and the side of every crate in `crates/`.
const FLOORS: &[(&str, Floor, Side)] = &[
    ("lumos-connector-types", Floor::Numbered(0), Side::Both),
    ("lumos-connector-core", Floor::Numbered(1), Side::Connector),
    ("lumos-connection", Floor::Numbered(1), Side::Caller),
    ("lumos-connector-client", Floor::Numbered(2), Side::Connector),
    ("lumos-connector-runtime", Floor::Numbered(2), Side::Connector),
    ("lumos-sync", Floor::Numbered(2), Side::Caller),
    ("lumos-check", Floor::Numbered(2), Side::Caller),
    ("lumos-connector", Floor::Numbered(3), Side::Connector),
    ("lumos-connector-testing", Floor::Numbered(3), Side::Connector),
    ("lumos-sync-workers", Floor::Numbered(3), Side::Caller),
    ("lumos-workbench", Floor::Numbered(3), Side::Caller),
    ("lumos-connector-cli", Floor::Numbered(4), Side::Both),
];

/// The folders whose crates stand above all floors.
const ABOVE: &[(&str, Floor, Side)] = &[
    ("connectors", Floor::Above, Side::Connector),
    ("conformance", Floor::Above, Side::Connector),
    ("xtask", Floor::Above, Side::Both),
    ("e2e", Floor::Suites, Side::Both),
];

/// A crate of the workspace: where it stands, and which others of the workspace it is built from.
#[derive(Debug)]
struct Member {
    floor: Floor,
    side: Side,
    uses: Vec<String>,
}

/// The crates of the workspace by name.
type Members = BTreeMap<String, Member>;

pub(crate) fn run(_: &Arguments) -> Result<()> {
    let workspace = MetadataCommand::new().no_deps().exec()?;
    let members = survey(&workspace)?;
    let mut sorted: Vec<(&String, &Member)> = members.iter().collect();
    sorted.sort_by_key(|(_, member)| member.floor);
    for (name, member) in sorted {
        println!("{:<7}  {name:<44}  {}", member.floor.to_string(), list(&member.uses));
    }
    println!("inside of core, lowest first:");
    let (modules, upward) = modules::survey(workspace.workspace_root.as_std_path())?;
    for (floor, uses) in modules {
        println!("         {floor:<44}  {}", list(&uses));
    }
    let wrong = [wrong_arrows(&members), crossings(&members), upward].concat();
    ensure!(wrong.is_empty(), "dependencies that do not point down:\n{}", wrong.join("\n"));
    Ok(())
}

fn list(uses: &[String]) -> String {
    if uses.is_empty() { "-".to_owned() } else { uses.join(", ") }
}

impl fmt::Display for Side {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Connector => "connector's side",
            Self::Caller => "caller's side",
            Self::Both => "tools",
        })
    }
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
fn survey(workspace: &Metadata) -> Result<Members> {
    workspace
        .workspace_packages()
        .into_iter()
        .map(|package| {
            let (floor, side) = place(package, workspace)?;
            Ok((package.name.to_string(), Member { floor, side, uses: ours_used_by(package) }))
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

/// The floor of a crate, and who it is for.
fn place(package: &Package, workspace: &Metadata) -> Result<(Floor, Side)> {
    let path = package.manifest_path.strip_prefix(&workspace.workspace_root)?;
    let folder = path.components().next().map(|folder| folder.as_str());
    if let Some((_, floor, side)) = ABOVE.iter().find(|(above, ..)| folder == Some(above)) {
        return Ok((*floor, *side));
    }
    match FLOORS.iter().find(|(name, ..)| *name == package.name.as_str()) {
        Some((_, floor, side)) => Ok((*floor, *side)),
        None => bail!("{} has no floor: give it one in xtask/src/floors.rs", package.name),
    }
}

/// Every dependency on a crate that does not stand below the one that uses it, each as one line of text.
fn wrong_arrows(members: &Members) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, member) in members {
        for used in &member.uses {
            match members.get(used) {
                Some(below) if below.floor < member.floor => {}
                Some(other) => wrong.push(format!("{name} ({}) uses {used} ({})", member.floor, other.floor)),
                None => wrong.push(format!("{name} ({}) uses {used}, which stands nowhere", member.floor)),
            }
        }
    }
    wrong
}

/// Every crate of one side that links one of the other side, through whatever others, each as one line of text.
fn crossings(members: &Members) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, member) in members.iter().filter(|(_, member)| member.side != Side::Both) {
        for linked in linked_by(name, members) {
            let is_other = |side| side != Side::Both && side != member.side;
            if members.get(linked).is_some_and(|linked| is_other(linked.side)) {
                wrong.push(format!("{name} is on the {} and links {linked}", member.side));
            }
        }
    }
    wrong
}

/// The crates of the workspace that a crate is built from.
fn linked_by<'a>(name: &str, members: &'a Members) -> BTreeSet<&'a str> {
    let mut linked = BTreeSet::new();
    let mut waiting: Vec<&str> =
        members.get(name).into_iter().flat_map(|member| &member.uses).map(String::as_str).collect();
    while let Some(next) = waiting.pop() {
        if linked.insert(next) {
            waiting.extend(members.get(next).into_iter().flat_map(|member| &member.uses).map(String::as_str));
        }
    }
    linked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(members: &[(&str, Floor, &[&str])]) -> Members {
        let all: Vec<_> =
            members.iter().map(|(name, floor, uses)| (*name, *floor, Side::Both, *uses)).collect();
        sided(&all)
    }

    fn sided(members: &[(&str, Floor, Side, &[&str])]) -> Members {
        let names = |uses: &[&str]| uses.iter().map(ToString::to_string).collect();
        let member = |floor, side, uses| Member { floor, side, uses: names(uses) };
        members
            .iter()
            .map(|(name, floor, side, uses)| ((*name).to_owned(), member(*floor, *side, uses)))
            .collect()
    }

    #[test]
    fn this_workspace_has_only_downward_arrows_and_no_crossing() -> Result<()> {
        let members = survey(&MetadataCommand::new().no_deps().exec()?)?;
        assert!(members.contains_key("lumos-connector-types"), "{members:?}");
        assert_eq!(wrong_arrows(&members), Vec::<String>::new());
        assert_eq!(crossings(&members), Vec::<String>::new());
        Ok(())
    }

    #[test]
    fn downward_arrows_are_fine() {
        let members = members(&[
            ("types", Floor::Numbered(0), &[]),
            ("runtime", Floor::Numbered(2), &["types"]),
            ("a-connector", Floor::Above, &["runtime", "types"]),
        ]);
        assert!(wrong_arrows(&members).is_empty());
    }

    #[test]
    fn an_upward_arrow_is_reported() {
        let members = members(&[("types", Floor::Numbered(0), &["core"]), ("core", Floor::Numbered(1), &[])]);
        assert_eq!(wrong_arrows(&members), ["types (floor 0) uses core (floor 1)"]);
    }

    #[test]
    fn neighbours_on_one_floor_do_not_know_each_other() {
        let members = members(&[
            ("client", Floor::Numbered(2), &["runtime"]),
            ("runtime", Floor::Numbered(2), &["client"]),
        ]);
        assert_eq!(wrong_arrows(&members).len(), 2);
    }

    #[test]
    fn nothing_uses_what_stands_above() {
        let members = members(&[
            ("cli", Floor::Numbered(4), &["a-connector"]),
            ("a-connector", Floor::Above, &["b-connector"]),
            ("b-connector", Floor::Above, &[]),
        ]);
        assert_eq!(wrong_arrows(&members).len(), 2);
    }

    #[test]
    fn a_connector_and_its_callers_share_types_alone() {
        let members = sided(&[
            ("types", Floor::Numbered(0), Side::Both, &[]),
            ("core", Floor::Numbered(1), Side::Connector, &["types"]),
            ("connection", Floor::Numbered(1), Side::Caller, &["types"]),
            ("sync", Floor::Numbered(2), Side::Caller, &["connection"]),
            ("cli", Floor::Numbered(4), Side::Both, &["core", "sync"]),
        ]);
        assert_eq!(crossings(&members), [""; 0]);
        let members = sided(&[
            ("connection", Floor::Numbered(1), Side::Caller, &[]),
            ("helper", Floor::Numbered(2), Side::Both, &["connection"]),
            ("a-connector", Floor::Above, Side::Connector, &["helper"]),
        ]);
        assert_eq!(crossings(&members), ["a-connector is on the connector's side and links connection"]);
    }
}
