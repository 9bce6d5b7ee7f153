//! Chains of method calls, such as the declaration of a connector: `Integration::builder(…).auth::<…>().build()`.

use syn::visit::{self, Visit};
use syn::{Expr, ExprMethodCall};

use super::crate_tree::{CrateTree, Module};
use super::source::SourceFile;

/// A chain, from its root to its last call.
pub(super) struct Chain {
    /// Which module of the tree it is in.
    pub(super) module: usize,
    start: usize,
    end_of_root: usize,
    pub(super) calls: Vec<Call>,
}

/// One call of a chain.
pub(super) struct Call {
    pub(super) method: String,
    dot: usize,
    end: usize,
    pub(super) arguments: Vec<Expr>,
}

impl Chain {
    /// All chains of a crate that begin with the call of a function of a type.
    pub(super) fn all(tree: &CrateTree, root: (&str, &str)) -> Vec<Self> {
        let chains = tree.modules.iter().enumerate().flat_map(|(index, module)| {
            let mut finder = Finder { root, module: index, file: tree.file(module), found: Vec::new() };
            // Modules are looked through one by one.
            own_items(module).for_each(|item| finder.visit_item(item));
            finder.found
        });
        chains.collect()
    }

    /// Inserts a call behind the last one of some name, else before the first of some others, else at the end.
    pub(super) fn insert(
        &self,
        file: &mut SourceFile,
        behind: &[&str],
        before: &[&str],
        call: &str,
    ) -> usize {
        let named = |names: &[&str], call: &Call| names.contains(&call.method.as_str());
        let first = self.calls.iter().position(|call| named(before, call)).unwrap_or(self.calls.len());
        let place = self.calls.iter().rposition(|call| named(behind, call)).map_or(first, |last| last + 1);
        let previous = place.checked_sub(1).and_then(|index| self.calls.get(index));
        let end = previous.map_or(self.end_of_root, |call| call.end);
        let indent = match self.calls.iter().find(|call| file.begins_line(call.dot)) {
            Some(call) => file.indent(call.dot).to_owned(),
            None => format!("{}    ", file.indent(self.start)),
        };
        let at = file.behind_comment(end);
        file.insert(at, &format!("\n{indent}{call}"));
        at
    }

    pub(super) fn start(&self) -> usize {
        self.start
    }
}

/// The items of a module without those of the modules in it.
pub(super) fn own_items(module: &Module) -> impl Iterator<Item = &syn::Item> {
    module.items.iter().filter(|item| !matches!(item, syn::Item::Mod(_)))
}

struct Finder<'a> {
    root: (&'a str, &'a str),
    module: usize,
    file: &'a SourceFile,
    found: Vec<Chain>,
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_expr_method_call(&mut self, last: &'ast ExprMethodCall) {
        let mut calls = vec![last];
        let mut receiver = &*last.receiver;
        let begin = loop {
            receiver = match receiver {
                Expr::MethodCall(call) => {
                    calls.push(call);
                    &call.receiver
                }
                Expr::Try(inner) => &inner.expr,
                Expr::Paren(inner) => &inner.expr,
                other => break other,
            };
        };
        let is_ours = matches!(begin, Expr::Call(call) if is_root(&call.func, self.root));
        if !is_ours {
            return visit::visit_expr_method_call(self, last);
        }
        let file = self.file;
        let call = |call: &ExprMethodCall| Call {
            method: call.method.to_string(),
            dot: file.start(&call.dot_token),
            end: file.end(call),
            arguments: call.args.iter().cloned().collect(),
        };
        self.found.push(Chain {
            module: self.module,
            start: file.start(begin),
            end_of_root: file.end(begin),
            calls: calls.iter().rev().map(|one| call(one)).collect(),
        });
        calls.iter().flat_map(|call| &call.args).for_each(|argument| self.visit_expr(argument));
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if is_root(&call.func, self.root) {
            let (start, end_of_root) = (self.file.start(call), self.file.end(call));
            self.found.push(Chain { module: self.module, start, end_of_root, calls: Vec::new() });
        }
        visit::visit_expr_call(self, call);
    }
}

fn is_root(function: &Expr, (name, method): (&str, &str)) -> bool {
    let Expr::Path(path) = function else { return false };
    let segments: Vec<_> =
        path.path.segments.iter().rev().take(2).map(|segment| segment.ident.to_string()).collect();
    segments == [method, name]
}

/// A call of `.capability(marker, handler)`, in whatever chain.
pub(super) struct Registration {
    pub(super) module: usize,
    pub(super) at: usize,
    /// The path of the marker.
    pub(super) marker: Vec<String>,
}

impl Registration {
    /// All that are in a crate.
    pub(super) fn all(tree: &CrateTree) -> Vec<Self> {
        struct Registrations<'a>(usize, &'a SourceFile, Vec<Registration>);
        impl<'ast> Visit<'ast> for Registrations<'_> {
            fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
                if call.method == "capability" && call.args.len() == 2 {
                    let at = self.1.start(&call.method);
                    self.2.push(Registration { module: self.0, at, marker: path(&call.args[0]) });
                }
                visit::visit_expr_method_call(self, call);
            }
        }
        let all = tree.modules.iter().enumerate().flat_map(|(index, module)| {
            let mut found = Registrations(index, tree.file(module), Vec::new());
            own_items(module).for_each(|item| found.visit_item(item));
            found.2
        });
        all.collect()
    }
}

/// The path that an expression begins with: `capability::CreateAccount::of::<X>().display_name("…")`.
pub(super) fn path(expression: &Expr) -> Vec<String> {
    match expression {
        Expr::Path(path) => path.path.segments.iter().map(|segment| segment.ident.to_string()).collect(),
        Expr::Call(call) => path(&call.func),
        Expr::MethodCall(call) => path(&call.receiver),
        Expr::Paren(inner) => path(&inner.expr),
        Expr::Reference(inner) => path(&inner.expr),
        _ => Vec::new(),
    }
}
