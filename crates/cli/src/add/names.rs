//! How a name is written in a module, so that it means what it should there.

use std::collections::{BTreeMap, BTreeSet};

use syn::{Item, UseTree};

use super::crate_tree::Module;
use crate::stub::Names;

/// What is taken from the prelude of the test kit.
const TESTING: &[&str] = &["ConnectorErrorCode", "case", "error", "json"];

/// The crates that a stub takes names from, as the project calls them.
#[derive(Debug, Clone)]
pub(super) struct Crates {
    pub(super) sdk: String,
    pub(super) testing: String,
    /// Whether the project itself depends on serde and schemars, which derives need.
    pub(super) has_derives: bool,
}

/// The names of a module.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    crates: &'a Crates,
    /// Names that items and imports bind, and the path of an import.
    bound: BTreeMap<String, Option<String>>,
    globs: BTreeSet<String>,
}

impl<'a> Scope<'a> {
    pub(super) fn of(module: &Module, crates: &'a Crates) -> Self {
        let mut scope = Self { crates, bound: BTreeMap::new(), globs: BTreeSet::new() };
        for item in &module.items {
            if let Item::Use(import) = item {
                scope.import(String::new(), &import.tree);
            } else if let Some(name) = name_of(item) {
                scope.bound.insert(name, None);
            }
        }
        scope
    }

    fn import(&mut self, path: String, tree: &UseTree) {
        match tree {
            UseTree::Path(step) => self.import(format!("{path}{}::", step.ident), &step.tree),
            UseTree::Name(name) if name.ident == "self" => {
                let path = path.trim_end_matches("::").to_owned();
                let last = path.rsplit("::").next().unwrap_or_default().to_owned();
                self.bound.insert(last, Some(path));
            }
            UseTree::Name(name) => {
                self.bound.insert(name.ident.to_string(), Some(format!("{path}{}", name.ident)));
            }
            UseTree::Rename(name) => {
                self.bound.insert(name.rename.to_string(), Some(format!("{path}{}", name.ident)));
            }
            UseTree::Glob(_) => drop(self.globs.insert(path.trim_end_matches("::").to_owned())),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(path.clone(), tree)),
        }
    }

    /// Whether an item or an import of the module has this name.
    pub(super) fn binds(&self, name: &str) -> bool {
        self.bound.contains_key(name)
    }

    /// How something of a path is written: by its name where the module imports it, else by its path.
    pub(super) fn write(&self, path: &str) -> String {
        let (parent, name) = path.rsplit_once("::").unwrap_or(("", path));
        let parent = parent.strip_prefix("::").unwrap_or(parent);
        let preludes = [&self.crates.sdk, &self.crates.testing].map(|krate| format!("{krate}::prelude"));
        match self.bound.get(name) {
            Some(Some(import)) if import == path => name.to_owned(),
            Some(_) => path.to_owned(),
            // Two globs may have the name in common, unless both are ours: their common names are the same items.
            None if self.globs.contains(parent) && self.globs.iter().all(|glob| preludes.contains(glob)) => {
                name.to_owned()
            }
            None => path.to_owned(),
        }
    }
}

impl Names for Scope<'_> {
    fn sdk(&self, name: &str) -> String {
        let krate = if TESTING.contains(&name) { &self.crates.testing } else { &self.crates.sdk };
        self.write(&format!("{krate}::prelude::{name}"))
    }
}

fn name_of(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::ExternCrate(item) => item.rename.as_ref().map_or(&item.ident, |(_, name)| name),
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Mod(item) => &item.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::TraitAlias(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}
