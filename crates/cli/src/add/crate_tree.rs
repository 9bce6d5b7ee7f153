//! The modules of one crate, as its `mod` items name their files.

use std::path::{Path, PathBuf};

use lumos_connector_runtime::failure::Failure;
use syn::{Item, ItemMod, Visibility};

use super::files::Files;
use super::source::SourceFile;

/// A module, with its syntax: a file, or a block within one.
pub(super) struct Module {
    /// From the crate's root, which itself is the empty path.
    pub(super) path: Vec<String>,
    /// Which file of the tree it is in.
    pub(super) file: usize,
    pub(super) items: Vec<Item>,
    /// Whether it is a file of its own.
    pub(super) is_file: bool,
    /// Whether the whole crate can name it.
    pub(super) is_visible: bool,
}

/// A crate.
pub(super) struct CrateTree {
    pub(super) files: Vec<SourceFile>,
    pub(super) modules: Vec<Module>,
}

impl CrateTree {
    /// Reads a crate from its root file on. Modules without a file, as behind `cfg`, are passed over.
    pub(super) fn read(files: &Files, root: &Path) -> Result<Option<Self>, Failure> {
        let Some(text) = files.read(root)? else { return Ok(None) };
        let (file, syntax) = SourceFile::parse(root, text)?;
        let mut tree = Self { files: vec![file], modules: Vec::new() };
        let folder = root.parent().unwrap_or(Path::new("")).to_owned();
        tree.add(files, Vec::new(), 0, syntax.items, &folder, (true, true))?;
        Ok(Some(tree))
    }

    fn add(
        &mut self,
        files: &Files,
        path: Vec<String>,
        file: usize,
        items: Vec<Item>,
        folder: &Path,
        (is_file, is_visible): (bool, bool),
    ) -> Result<(), Failure> {
        let children: Vec<ItemMod> = items.iter().filter_map(as_module).cloned().collect();
        let is_root = path.is_empty();
        self.modules.push(Module { path: path.clone(), file, items, is_file, is_visible });
        for child in children {
            let name = child.ident.to_string();
            let name = name.strip_prefix("r#").unwrap_or(&name).to_owned();
            let mut path = path.clone();
            path.push(name.clone());
            // What is private to the root is visible in the whole crate.
            let is_visible = is_visible && (is_root || is_shared(&child.vis));
            if let Some((_, items)) = child.content {
                self.add(files, path, file, items, &folder.join(&name), (false, is_visible))?;
                continue;
            }
            let given = given_path(&child)
                .map(|given| self.files[file].path.parent().unwrap_or(Path::new("")).join(given));
            let places = given.map_or_else(
                || vec![folder.join(format!("{name}.rs")), folder.join(&name).join("mod.rs")],
                |given| vec![given],
            );
            for place in places {
                // The same file by two names is one file to insert into, which two modules cannot both say.
                if self.files.iter().any(|known| known.path == place) {
                    continue;
                }
                let Some(text) = files.read(&place)? else { continue };
                let (parsed, syntax) = SourceFile::parse(&place, text)?;
                self.files.push(parsed);
                let below = if place.ends_with("mod.rs") { place.parent().map(Path::to_owned) } else { None };
                let below = below.unwrap_or_else(|| place.with_extension(""));
                self.add(files, path, self.files.len() - 1, syntax.items, &below, (true, is_visible))?;
                break;
            }
        }
        Ok(())
    }

    /// The module of a path from the root.
    pub(super) fn module(&self, path: &[&str]) -> Option<&Module> {
        self.modules.iter().find(|module| module.path == path)
    }

    pub(super) fn file(&self, module: &Module) -> &SourceFile {
        &self.files[module.file]
    }

    /// Adds a module beside another one of the root, with a `mod` item like that one's; which file it is.
    pub(super) fn add_module(
        &mut self,
        like: &str,
        name: &str,
        text: String,
    ) -> Result<Option<usize>, Failure> {
        let Some(root) = self.module(&[]) else { return Ok(None) };
        let mut modules = root.items.iter().filter_map(as_module).filter(|module| module.content.is_none());
        let Some(model) = modules.clone().find(|module| module.ident == like) else { return Ok(None) };
        let file = self.file(root);
        let path = self.module(&[like]).map(|module| self.file(module).path.clone());
        let Some(path) = path.filter(|path| path.file_name() == Some(format!("{like}.rs").as_ref())) else {
            return Ok(None);
        };
        let path = path.with_file_name(format!("{name}.rs"));
        let before = modules.rfind(|module| module.ident.to_string().as_str() < name).unwrap_or(model);
        let at = file.behind_comment(file.end(before));
        let visibility = &file.text()[file.start(&model.vis)..file.end(&model.vis)];
        let visibility = if matches!(model.vis, Visibility::Inherited) { "" } else { visibility };
        let item = format!(
            "\n{}{visibility}{}mod {name};",
            file.indent(file.start(before)),
            if visibility.is_empty() { "" } else { " " }
        );
        let root = root.file;
        self.files[root].insert(at, &item);
        let (file, syntax) = SourceFile::new(path, text)?;
        self.files.push(file);
        let file = self.files.len() - 1;
        self.modules.push(Module {
            path: vec![name.to_owned()],
            file,
            items: syntax.items,
            is_file: true,
            is_visible: true,
        });
        Ok(Some(file))
    }
}

fn as_module(item: &Item) -> Option<&ItemMod> {
    match item {
        Item::Mod(module) => Some(module),
        _ => None,
    }
}

/// Whether an item is meant for more than its own module.
pub(super) fn is_shared(visibility: &Visibility) -> bool {
    match visibility {
        Visibility::Public(_) => true,
        Visibility::Restricted(restricted) => restricted.path.is_ident("crate"),
        Visibility::Inherited => false,
    }
}

/// What `#[path = "…"]` says.
fn given_path(module: &ItemMod) -> Option<PathBuf> {
    let attribute = module.attrs.iter().find(|attribute| attribute.path().is_ident("path"))?;
    let syn::Meta::NameValue(pair) = &attribute.meta else { return None };
    let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) = &pair.value else { return None };
    Some(PathBuf::from(text.value()))
}
