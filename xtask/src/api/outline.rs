//! The public items of a crate as text.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Attribute, Fields, File, ImplItem, Item, ItemImpl, ItemMacro, TraitItem, Type, Visibility, parse_quote,
};

use crate::source::Module;

/// Attributes that a user of the item meets.
const KEPT: [&str; 5] = ["cfg", "deprecated", "derive", "macro_export", "non_exhaustive"];

/// All public items, under the module that they are reached by.
pub(super) fn outline(modules: &[Module]) -> String {
    let types = public_types(modules);
    let mut by_module: BTreeMap<&[String], Vec<String>> = BTreeMap::new();
    for module in modules {
        let items = module.items.iter().filter_map(|item| public(item, &types)).map(shown);
        by_module.entry(&module.public).or_default().extend(items);
    }
    let mut text = String::new();
    for (path, mut items) in by_module {
        // By what an item is and its name, not by its attributes.
        items.sort_by(|one, other| declaration(one).cmp(declaration(other)));
        items.dedup();
        if !items.is_empty() {
            let name: Vec<&str> = std::iter::once("crate").chain(path.iter().map(String::as_str)).collect();
            text.push_str(&format!("// {}\n\n{}\n", name.join("::"), items.join("\n")));
        }
    }
    text
}

fn shown(item: Item) -> String {
    prettyplease::unparse(&File { shebang: None, frontmatter: None, attrs: Vec::new(), items: vec![item] })
}

/// The text of an item from its first line that is not an attribute on.
fn declaration(item: &str) -> &str {
    let attributes: usize =
        item.split_inclusive('\n').take_while(|line| line.starts_with("#[")).map(str::len).sum();
    &item[attributes..]
}

/// The names of public types and traits: only their implementations are of interest.
fn public_types(modules: &[Module]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for item in modules.iter().flat_map(|module| &module.items) {
        match item {
            Item::Struct(item) if is_public(&item.vis) => names.extend([item.ident.to_string()]),
            Item::Enum(item) if is_public(&item.vis) => names.extend([item.ident.to_string()]),
            Item::Trait(item) if is_public(&item.vis) => names.extend([item.ident.to_string()]),
            Item::Macro(item) => made_by(item.mac.tokens.clone(), &mut names),
            _ => {}
        }
    }
    names
}

/// The names of types that a macro is called with: what follows `pub struct` and `pub enum`.
fn made_by(tokens: TokenStream, names: &mut BTreeSet<String>) {
    let mut before = [String::new(), String::new()];
    for token in tokens {
        if let TokenTree::Group(group) = &token {
            made_by(group.stream(), names);
        }
        let word = token.to_string();
        if before[0] == "pub" && ["struct", "enum", "trait"].contains(&before[1].as_str()) {
            names.insert(word.clone());
        }
        let [_, last] = before;
        before = [last, word];
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// The public part of an item, `None` when it has none.
fn public(item: &Item, types: &BTreeSet<String>) -> Option<Item> {
    let mut item = item.clone();
    let is_shown = match &mut item {
        Item::Const(item) => {
            keep(&mut item.attrs);
            is_public(&item.vis)
        }
        Item::Static(item) => {
            keep(&mut item.attrs);
            is_public(&item.vis)
        }
        Item::Type(item) => {
            keep(&mut item.attrs);
            is_public(&item.vis)
        }
        Item::Use(item) => {
            keep(&mut item.attrs);
            is_public(&item.vis)
        }
        Item::Fn(item) => {
            keep(&mut item.attrs);
            item.block = parse_quote!({});
            is_public(&item.vis)
        }
        Item::Enum(item) => {
            keep(&mut item.attrs);
            for variant in &mut item.variants {
                keep(&mut variant.attrs);
                variant.fields.iter_mut().for_each(|field| keep(&mut field.attrs));
            }
            is_public(&item.vis)
        }
        Item::Struct(item) => {
            keep(&mut item.attrs);
            hide_private(&mut item.fields);
            is_public(&item.vis)
        }
        Item::Trait(item) => {
            keep(&mut item.attrs);
            for member in &mut item.items {
                trait_member(member);
            }
            is_public(&item.vis)
        }
        Item::Impl(item) => implementation(item, types),
        Item::Macro(item) => macro_call(item),
        _ => false,
    };
    is_shown.then_some(item)
}

/// Leaves the attributes that count.
fn keep(attributes: &mut Vec<Attribute>) {
    attributes.retain(|attribute| KEPT.iter().any(|kept| attribute.path().is_ident(kept)));
}

/// One `_private` in place of all private fields.
fn hide_private(fields: &mut Fields) {
    fields.iter_mut().for_each(|field| keep(&mut field.attrs));
    match fields {
        Fields::Named(fields) => {
            let all = fields.named.len();
            fields.named =
                std::mem::take(&mut fields.named).into_iter().filter(|field| is_public(&field.vis)).collect();
            if fields.named.len() < all {
                let hidden: syn::FieldsNamed = parse_quote!({ _private: _ });
                fields.named.extend(hidden.named);
            }
        }
        Fields::Unnamed(fields) => {
            for field in fields.unnamed.iter_mut().filter(|field| !is_public(&field.vis)) {
                field.vis = Visibility::Inherited;
                field.ty = parse_quote!(_);
            }
        }
        Fields::Unit => {}
    }
}

fn trait_member(member: &mut TraitItem) {
    match member {
        TraitItem::Fn(function) => {
            keep(&mut function.attrs);
            if function.default.is_some() {
                function.default = Some(parse_quote!({}));
            }
        }
        TraitItem::Const(item) => keep(&mut item.attrs),
        TraitItem::Type(item) => keep(&mut item.attrs),
        _ => {}
    }
}

/// The public members of an implementation, and whether it is of interest.
fn implementation(item: &mut ItemImpl, types: &BTreeSet<String>) -> bool {
    keep(&mut item.attrs);
    let is_known =
        |path: &syn::Path| path.segments.last().is_some_and(|last| types.contains(&last.ident.to_string()));
    let is_for_known = matches!(&*item.self_ty, Type::Path(path) if is_known(&path.path));
    if let Some((path, _)) = &item.trait_ {
        let is_shown = is_for_known || is_known(path);
        item.items.retain(|member| matches!(member, ImplItem::Type(_)));
        return is_shown;
    }
    item.items.retain(|member| match member {
        ImplItem::Fn(function) => is_public(&function.vis),
        ImplItem::Const(item) => is_public(&item.vis),
        _ => false,
    });
    for member in &mut item.items {
        match member {
            ImplItem::Fn(function) => {
                keep(&mut function.attrs);
                function.block = parse_quote!({});
            }
            ImplItem::Const(item) => keep(&mut item.attrs),
            _ => {}
        }
    }
    is_for_known && !item.items.is_empty()
}

/// A macro that is exported, by its name; a call of one that makes public items, without their docs.
fn macro_call(item: &mut ItemMacro) -> bool {
    let is_exported = item.attrs.iter().any(|attribute| attribute.path().is_ident("macro_export"));
    keep(&mut item.attrs);
    if item.ident.is_some() {
        item.mac.tokens = TokenStream::new();
        return is_exported;
    }
    item.mac.tokens = without_docs(item.mac.tokens.clone());
    has_public(item.mac.tokens.clone())
}

fn has_public(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "pub",
        TokenTree::Group(group) => has_public(group.stream()),
        _ => false,
    })
}

/// Tokens without `#[doc = "…"]`.
fn without_docs(tokens: TokenStream) -> TokenStream {
    let mut kept: Vec<TokenTree> = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let is_doc = matches!(group.stream().into_iter().next(), Some(TokenTree::Ident(name)) if name == "doc");
                let after_hash =
                    matches!(kept.last(), Some(TokenTree::Punct(punct)) if punct.as_char() == '#');
                if is_doc && after_hash {
                    kept.pop();
                } else {
                    kept.push(
                        proc_macro2::Group::new(group.delimiter(), without_docs(group.stream())).into(),
                    );
                }
            }
            other => kept.push(other),
        }
    }
    kept.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn listing(source: &str) -> String {
        let items = syn::parse_str::<File>(source).unwrap().items;
        outline(&[Module { path: Vec::new(), file: PathBuf::new(), public: Vec::new(), items }])
    }

    #[test]
    fn what_is_public_is_listed_without_docs_and_bodies() {
        let text = listing(
            "/// Docs.\n#[derive(Debug)] #[serde(x)] pub struct A { /// Docs.\n pub a: u8, b: u8 }\nstruct Hidden;\n\
             impl A { /// Docs.\n pub fn new() -> Self { todo() } fn own(&self) {} }\nimpl Hidden { pub fn f() {} }\n\
             pub fn f<T: Copy>(t: T) -> T { t }\nimpl Clone for A { fn clone(&self) -> A { todo() } }\nfn hidden() {}\n",
        );
        assert_eq!(
            text,
            "// crate\n\nimpl A {\n    pub fn new() -> Self {}\n}\n\nimpl Clone for A {}\n\npub fn f<T: Copy>(t: T) -> T {}\n\n\
             #[derive(Debug)]\npub struct A {\n    pub a: u8,\n    _private: _,\n}\n\n"
        );
    }

    #[test]
    fn calls_of_macros_that_make_public_items_are_listed() {
        let text = listing("make! { /// Docs.\n pub enum E { A = \"a\" } }\nother!(x);\nimpl Clone for E {}");
        assert!(text.contains("pub enum E") && text.contains("impl Clone for E"), "{text}");
        assert!(!text.contains("Docs") && !text.contains("other"), "{text}");
    }
}
