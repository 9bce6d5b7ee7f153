//! Where cases stand: in the list of a function `cases` of a module, or in the suite itself.

use std::path::PathBuf;

use lumos_connector_runtime::failure::Failure;
use proc_macro2::TokenTree;
use syn::{Expr, Item, ItemFn, Macro, Stmt};

use super::chain::{self, Chain};
use super::crate_tree::{CrateTree, Module};
use super::files::Files;
use super::names::{Crates, Scope};
use super::source::SourceFile;
use super::{Added, section};
use crate::stub::{Names, Stub};

/// The crate of tests whose `main` runs a suite.
pub(super) struct Suite {
    pub(super) tree: CrateTree,
}

/// The place of a case.
enum Place {
    /// A list in a file: where its next element goes, what goes before it, and how it is indented.
    List { file: usize, comma: Option<usize>, at: usize, indent: String, is_line: bool },
    /// The suite.
    Chain,
}

impl Suite {
    /// The one suite of a project; `None` when it has none.
    pub(super) fn find(files: &Files) -> Result<Option<Self>, Failure> {
        let (mut roots, folders) = files.list(&PathBuf::from("tests"));
        roots.extend(folders.iter().map(|folder| folder.join("main.rs")));
        let mut suites = Vec::new();
        for root in roots {
            if let Some(tree) = CrateTree::read(files, &root)?
                && !Chain::all(&tree, ("Suite", "new")).is_empty()
            {
                suites.push(Self { tree });
            }
        }
        if suites.len() > 1 {
            let places: Vec<_> =
                suites.iter().map(|suite| suite.tree.files[0].path.display().to_string()).collect();
            return Err(Failure::new(format!("there are several suites: {}", places.join(", "))).advice(
                "nothing was changed; leave the case out with --no-case and write it where it belongs",
            ));
        }
        Ok(suites.pop())
    }

    /// Adds the case of a stub.
    pub(super) fn add(&mut self, stub: &Stub, crates: &Crates) -> Result<Added, Failure> {
        let name = section(stub);
        if self.tree.module(&[name]).is_none() {
            self.begin_module(name, crates)?;
        }
        let place = self.tree.module(&[name]).and_then(|module| self.list(module)).unwrap_or(Place::Chain);
        match place {
            Place::List { file, comma, at, indent, is_line } => {
                let module = self.tree.module(&[name]).ok_or_else(|| lost(stub))?;
                let case = Self::case(stub, module, crates, &indent);
                let file = &mut self.tree.files[file];
                if let Some(comma) = comma {
                    file.insert(comma, ",");
                }
                file.insert(
                    at,
                    &if is_line {
                        format!("{indent}{case},\n")
                    } else {
                        format!("{}{case}", if comma.is_some() { " " } else { "" })
                    },
                );
                Ok(Added::new(file, at, format!("a case of {}", stub.name())))
            }
            Place::Chain => {
                let chains = Chain::all(&self.tree, ("Suite", "new"));
                let [chain] = chains.as_slice() else {
                    return Err(Failure::new("the suite is not one chain of calls from `Suite::new` on").advice(
                        "nothing was changed; leave the case out with --no-case and write it where it belongs",
                    ));
                };
                let module = &self.tree.modules[chain.module];
                let case = Self::case(stub, module, crates, "            ");
                let file = module.file;
                let call = format!(".cases([{case}])");
                let at =
                    chain.insert(&mut self.tree.files[file], &["case", "cases"], &["run", "check"], &call);
                Ok(Added::new(&self.tree.files[file], at, format!("a case of {}", stub.name())))
            }
        }
    }

    fn case(stub: &Stub, module: &Module, crates: &Crates, indent: &str) -> String {
        let scope = Scope::of(module, crates);
        let marker = format!("{}::{}", scope.sdk("capability"), stub.marker);
        stub.case(indent, &marker, &scope)
    }

    /// Adds a module for the cases that read or write, where there is one of the other.
    fn begin_module(&mut self, name: &str, crates: &Crates) -> Result<(), Failure> {
        let other = if name == "read" { "write" } else { "read" };
        let chains = Chain::all(&self.tree, ("Suite", "new"));
        let [chain] = chains.as_slice() else { return Ok(()) };
        // The module of the other cases is one of ours only where the suite takes them as we write it.
        let takes_other = chain.calls.iter().any(|call| {
            call.method == "cases"
                && call.arguments.iter().any(|argument| chain::path(argument) == [other, "cases"])
        });
        if !takes_other || !self.tree.modules[chain.module].path.is_empty() {
            return Ok(());
        }
        let Crates { sdk, testing, .. } = crates;
        let text = format!(
            "//! What {name}s.\n\nuse {sdk}::prelude::capability;\nuse {testing}::prelude::*;\n\n\
             pub(crate) fn cases() -> Vec<Case> {{\n    vec![\n    ]\n}}\n",
        );
        if self.tree.add_module(other, name, text)?.is_some() {
            chain.insert(
                &mut self.tree.files[0],
                &["case", "cases"],
                &["run", "check"],
                &format!(".cases({name}::cases())"),
            );
        }
        Ok(())
    }

    /// The list that a module's function `cases` ends with.
    fn list(&self, module: &Module) -> Option<Place> {
        let function = module.items.iter().find_map(|item| match item {
            Item::Fn(function) if function.sig.ident == "cases" => Some(function),
            _ => None,
        })?;
        list_of(self.tree.file(module), module.file, function)
    }
}

fn list_of(source: &SourceFile, file: usize, function: &ItemFn) -> Option<Place> {
    let Elements { last, close } = match function.block.stmts.last()? {
        Stmt::Macro(statement) if statement.semi_token.is_none() => Elements::of(source, &statement.mac)?,
        Stmt::Expr(Expr::Macro(expression), None) => Elements::of(source, &expression.mac)?,
        _ => return None,
    };
    let comma = last.filter(|(_, is_comma)| !is_comma).map(|(end, _)| end);
    let indent = format!("{}    ", source.indent(close));
    let is_line = source.begins_line(close);
    let at = if is_line { source.line_start(close) } else { close };
    Some(Place::List { file, comma, at, indent, is_line })
}

/// The elements of `vec![…]`.
struct Elements {
    /// Where the last token ends, and whether it is a comma.
    last: Option<(usize, bool)>,
    /// The bracket behind them.
    close: usize,
}

impl Elements {
    fn of(source: &SourceFile, list: &Macro) -> Option<Self> {
        let tokens: Vec<TokenTree> = list.tokens.clone().into_iter().collect();
        let is_punct = |token: &TokenTree, letter: char| matches!(token, TokenTree::Punct(punct) if punct.as_char() == letter);
        // `vec![case; 3]` is not a list of cases.
        if !list.path.is_ident("vec") || tokens.iter().any(|token| is_punct(token, ';')) {
            return None;
        }
        let last = tokens.last().map(|token| (source.end_of(token.span()), is_punct(token, ',')));
        Some(Self { last, close: source.start_of(list.delimiter.span().close()) })
    }
}

fn lost(stub: &Stub) -> Failure {
    Failure::new(format!("the module for the case of {} is not where it was", stub.name()))
}
