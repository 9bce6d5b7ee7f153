//! The source of a crate, module by module, without its tests.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use syn::{Attribute, Item, ItemMod, Visibility};

/// A module of a crate.
pub(crate) struct Module {
    /// Its names from the root of the crate on; the root has none.
    pub(crate) path: Vec<String>,
    pub(crate) file: PathBuf,
    /// The deepest module above it, or itself, that the whole path to is public.
    pub(crate) public: Vec<String>,
    /// What stands in it but other modules and tests.
    pub(crate) items: Vec<Item>,
}

/// The modules of the crate whose root is a file.
pub(crate) fn modules(root: &Path) -> Result<Vec<Module>> {
    let folder = root.parent().context("a file is in a folder")?;
    let mut found = Vec::new();
    let items = parse(root)?;
    collect(
        Module { path: Vec::new(), file: root.to_owned(), public: Vec::new(), items },
        folder,
        true,
        &mut found,
    )?;
    Ok(found)
}

fn parse(file: &Path) -> Result<Vec<Item>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    Ok(syn::parse_file(&text).with_context(|| format!("parsing {}", file.display()))?.items)
}

/// Adds a module and those inside it, whose files are in `folder`.
fn collect(mut module: Module, folder: &Path, is_public: bool, found: &mut Vec<Module>) -> Result<()> {
    let items = std::mem::take(&mut module.items);
    let mut inner = Vec::new();
    for item in items {
        match item {
            _ if is_test(attributes(&item)) => {}
            Item::Mod(child) => inner.push(child),
            other => module.items.push(other),
        }
    }
    let (path, public, file) = (module.path.clone(), module.public.clone(), module.file.clone());
    found.push(module);
    for child in inner {
        let name = child.ident.to_string();
        let child_path: Vec<String> = path.iter().cloned().chain([name.clone()]).collect();
        let is_child_public = is_public && matches!(child.vis, Visibility::Public(_));
        let child_public = if is_child_public { child_path.clone() } else { public.clone() };
        let (child_file, items) = content(child, folder, &file)?;
        let module = Module { path: child_path, file: child_file, public: child_public, items };
        collect(module, &folder.join(name), is_child_public, found)?;
    }
    Ok(())
}

/// The file of a module and what stands in it.
fn content(module: ItemMod, folder: &Path, parent: &Path) -> Result<(PathBuf, Vec<Item>)> {
    if let Some((_, items)) = module.content {
        return Ok((parent.to_owned(), items));
    }
    let name = module.ident.to_string();
    let files = [folder.join(format!("{name}.rs")), folder.join(&name).join("mod.rs")];
    match files.into_iter().find(|file| file.exists()) {
        Some(file) => Ok((file.clone(), parse(&file)?)),
        None => bail!("the module {name} of {} has no file", parent.display()),
    }
}

/// Whether it is compiled for tests only.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|condition| condition == "test")
    })
}

/// The attributes of an item, as far as a whole item can be a test.
fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_followed_into_their_files_and_tests_are_left_out() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap())?;
            std::fs::write(path, text)
        };
        write("lib.rs", "mod a; pub mod b; #[cfg(test)] mod tests { fn no() {} } fn root() {}")?;
        write("a.rs", "pub mod inner; const A: u8 = 0;")?;
        write("a/inner.rs", "pub struct I;")?;
        write("b/mod.rs", "pub mod c { pub struct C; }")?;
        let modules = modules(&folder.path().join("lib.rs"))?;
        let shown: Vec<String> = modules
            .iter()
            .map(|module| {
                format!("{}|{}|{}", module.path.join("::"), module.public.join("::"), module.items.len())
            })
            .collect();
        assert_eq!(shown, ["||1", "a||1", "a::inner||1", "b|b|0", "b::c|b::c|1"]);
        Ok(())
    }
}
