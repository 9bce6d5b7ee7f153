//! What handlers of a project take from a call.

use syn::{Item, Type};

use super::crate_tree::{CrateTree, is_shared};

/// The path of the one type of the crate that implements `FromCall`, if a module can name it.
pub(super) fn path(tree: &CrateTree, from: &[String]) -> Option<String> {
    let mut found = tree.modules.iter().flat_map(|module| {
        let clients = module.items.iter().filter_map(client);
        clients.map(move |name| (module, name))
    });
    let (module, name) = found.next()?;
    if found.next().is_some() {
        return None;
    }
    let declared = module.items.iter().find_map(|item| match item {
        Item::Struct(item) if item.ident == name && item.generics.params.is_empty() => Some(&item.vis),
        Item::Enum(item) if item.ident == name && item.generics.params.is_empty() => Some(&item.vis),
        _ => None,
    })?;
    if module.path == from {
        return Some(name);
    }
    let path = std::iter::once("crate").chain(module.path.iter().map(String::as_str)).chain([name.as_str()]);
    (module.is_visible && is_shared(declared)).then(|| path.collect::<Vec<_>>().join("::"))
}

/// The type of an `impl FromCall for …`.
fn client(item: &Item) -> Option<String> {
    let Item::Impl(implementation) = item else { return None };
    let (implemented, _) = implementation.trait_.as_ref()?;
    let Type::Path(path) = &*implementation.self_ty else { return None };
    let is_client = implemented.segments.last().is_some_and(|segment| segment.ident == "FromCall");
    is_client.then(|| path.path.get_ident().map(ToString::to_string)).flatten()
}
