//! The floors inside of core: the folders of its source, in the order of the table in its `lib.rs`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Item, UseTree};

use crate::source::{Module, modules};

/// The root of the crate whose modules are floors.
const ROOT: &str = "crates/core/src/lib.rs";

/// A floor and those that it uses.
pub(super) type Row = (String, Vec<String>);

/// A use of one floor by a file of another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Arrow {
    from: String,
    to: String,
    file: String,
}

/// The floors, lowest first, and the arrows between them that do not point down, each as a line of text.
pub(super) fn survey(workspace: &Path) -> Result<(Vec<Row>, Vec<String>)> {
    let root = workspace.join(ROOT);
    let text = std::fs::read_to_string(&root).with_context(|| format!("reading {ROOT}"))?;
    let modules = modules(&root)?;
    let floors = floors(&text, &modules)?;
    let arrows = arrows(&modules, &floors);
    let rows = floors.iter().map(|floor| (floor.clone(), used(floor, &arrows))).collect();
    let upward = upward(&arrows, &floors).into_iter().map(|arrow| {
        let file = Path::new(&arrow.file).strip_prefix(workspace).unwrap_or(Path::new(&arrow.file));
        format!("{} uses {}: {}", arrow.from, arrow.to, file.display())
    });
    Ok((rows, upward.collect()))
}

/// The floors that the table names, lowest first. Every module of the root must be among them.
fn floors(lib: &str, modules: &[Module]) -> Result<Vec<String>> {
    let roots: Vec<&str> = modules
        .iter()
        .filter(|module| module.path.len() == 1)
        .map(|module| module.path[0].as_str())
        .collect();
    let rows = lib.lines().filter_map(|line| line.strip_prefix("//! | "));
    let names = rows.filter_map(|row| row.split(" |").next()).map(|name| name.trim_matches(['[', ']', '`']));
    let floors: Vec<String> = names.filter(|name| roots.contains(name)).map(str::to_owned).collect();
    let missing: Vec<&&str> =
        roots.iter().filter(|root| !floors.iter().any(|floor| floor == **root)).collect();
    ensure!(missing.is_empty(), "{ROOT}: the table does not name the modules {missing:?}");
    Ok(floors)
}

/// Every use of one floor by another.
fn arrows(modules: &[Module], floors: &[String]) -> Vec<Arrow> {
    let floor_of = floor_of(modules, floors);
    let mut arrows = Vec::new();
    for module in modules {
        let Some(from) = module.path.first() else { continue };
        let mut names = Vec::new();
        for item in &module.items {
            names_from_root(item.to_token_stream(), module.path.len(), &mut names);
        }
        let others = names.iter().filter_map(|name| floor_of.get(name)).filter(|to| *to != from);
        let file = module.file.display().to_string();
        arrows.extend(others.map(|to| Arrow { from: from.clone(), to: to.clone(), file: file.clone() }));
    }
    arrows.sort();
    arrows.dedup();
    arrows
}

fn used(floor: &str, arrows: &[Arrow]) -> Vec<String> {
    let mut used: Vec<String> =
        arrows.iter().filter(|arrow| arrow.from == floor).map(|arrow| arrow.to.clone()).collect();
    used.dedup();
    used
}

/// The arrows that do not point to a lower floor.
fn upward(arrows: &[Arrow], floors: &[String]) -> Vec<Arrow> {
    let height = |floor: &String| floors.iter().position(|other| other == floor);
    arrows.iter().filter(|arrow| height(&arrow.from) <= height(&arrow.to)).cloned().collect()
}

/// What can be named from the root of the crate on, with its floor: the floors, and what the root takes out of them.
fn floor_of(modules: &[Module], floors: &[String]) -> BTreeMap<String, String> {
    let mut names: BTreeMap<String, String> =
        floors.iter().map(|floor| (floor.clone(), floor.clone())).collect();
    for module in modules.iter().filter(|module| module.path.is_empty()) {
        for item in &module.items {
            if let Item::Use(item) = item
                && let UseTree::Path(path) = &item.tree
                && floors.contains(&path.ident.to_string())
            {
                let mut taken = Vec::new();
                leaves(&path.tree, &mut taken);
                names.extend(taken.into_iter().map(|name| (name, path.ident.to_string())));
            }
        }
    }
    names
}

/// The names that a `use` brings in.
fn leaves(tree: &UseTree, names: &mut Vec<String>) {
    match tree {
        UseTree::Path(path) => leaves(&path.tree, names),
        UseTree::Name(name) => names.push(name.ident.to_string()),
        UseTree::Rename(rename) => names.push(rename.rename.to_string()),
        UseTree::Group(group) => group.items.iter().for_each(|tree| leaves(tree, names)),
        UseTree::Glob(_) => {}
    }
}

/// The first name of every path that begins at the root: `crate::name`, `crate::{name, …}`, or `super::` repeated as
/// often as the module is deep. Tokens are read, so that paths inside of macros count.
fn names_from_root(tokens: TokenStream, depth: usize, names: &mut Vec<String>) {
    let mut supers = 0;
    let mut at_root = false;
    for token in tokens {
        match token {
            TokenTree::Ident(ident) if at_root => {
                names.push(ident.to_string());
                (at_root, supers) = (false, 0);
            }
            TokenTree::Ident(ident) if ident == "crate" => (at_root, supers) = (true, 0),
            TokenTree::Ident(ident) if ident == "super" => {
                supers += 1;
                at_root = supers == depth;
            }
            TokenTree::Group(group) => {
                if at_root && group.delimiter() == Delimiter::Brace {
                    names.extend(first_names(group.stream()));
                } else {
                    names_from_root(group.stream(), depth, names);
                }
                (at_root, supers) = (false, 0);
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' => {}
            _ => (at_root, supers) = (false, 0),
        }
    }
}

/// The first name of each path of a group: of `a::b, c` these are `a` and `c`.
fn first_names(tokens: TokenStream) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_first = true;
    for token in tokens {
        match token {
            TokenTree::Ident(ident) if is_first => {
                names.push(ident.to_string());
                is_first = false;
            }
            TokenTree::Punct(punct) if punct.as_char() == ',' => is_first = true,
            _ => {}
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn module(path: &[&str], source: &str) -> Module {
        Module {
            path: path.iter().map(ToString::to_string).collect(),
            public: Vec::new(),
            file: PathBuf::from(path.join("/")),
            items: syn::parse_str::<syn::File>(source).unwrap().items,
        }
    }

    fn wrong(modules: &[Module]) -> Vec<String> {
        let floors = floors(LIB, modules).unwrap();
        let wrong = upward(&arrows(modules, &floors), &floors);
        wrong.into_iter().map(|arrow| format!("{} uses {}: {}", arrow.from, arrow.to, arrow.file)).collect()
    }

    const LIB: &str = "//! | folder | what |\n//! | --- | --- |\n//! | `low` | a |\n//! | [`high`] | b |\n";

    fn house(low: &str, high: &str) -> Vec<Module> {
        vec![
            module(&[], "pub use high::{thing, Other as Renamed};"),
            module(&["low"], low),
            module(&["high"], high),
        ]
    }

    #[test]
    fn a_floor_uses_what_the_table_names_before_it() {
        assert_eq!(
            wrong(&house("use crate::low::a;", "use crate::{low::a, high::b}; use super::low;")),
            [""; 0]
        );
    }

    #[test]
    fn an_upward_use_is_found_however_it_is_written() {
        for upward in [
            "use crate::high::a;",
            "use crate::{low::a, high::b};",
            "use super::high;",
            "fn f() { crate::high::f() }",
            "m!(crate::high::f());",
            "use crate::thing;",
            "fn f(_: crate::Renamed) {}",
        ] {
            assert_eq!(wrong(&house(upward, "")), ["low uses high: low"], "{upward}");
        }
    }

    #[test]
    fn inside_a_floor_super_does_not_leave_it() {
        let mut modules = house("", "");
        modules.push(module(&["low", "inner"], "use super::high; use super::super::low;"));
        assert_eq!(wrong(&modules), [""; 0]);
        modules.push(module(&["low", "other"], "use super::super::high;"));
        assert_eq!(wrong(&modules), ["low uses high: low/other"]);
    }

    #[test]
    fn a_module_that_the_table_does_not_name_is_an_error() {
        let mut modules = house("", "");
        modules.push(module(&["cellar"], ""));
        assert!(floors(LIB, &modules).unwrap_err().to_string().contains("cellar"));
    }
}
