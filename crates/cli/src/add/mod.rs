//! `connector add`: a capability in a project that is there, edited by hand or not.
//!
//! Places are found in the syntax, and text is inserted at them; nothing else of a file changes.
//!
//! | file | what it does |
//! | --- | --- |
//! | `files` | the files of a project, of which all are written or none |
//! | `source` | one file, parsed to find places, changed by inserting |
//! | `crate_tree` | the modules of a crate |
//! | `chain` | chains of calls: the declaration of a connector, a suite of tests |
//! | `names` | how a name is written in a module |
//! | `client` | what handlers of the project take from a call |
//! | `suite` | where cases stand |

mod chain;
mod client;
mod crate_tree;
mod files;
mod names;
mod source;
mod suite;

use std::path::{Path, PathBuf};

use clap::Args;
use lumos_connector_runtime::failure::Failure;
use lumos_connector_runtime::output;
use lumos_connector_types::capability::{Level, StandardCapability};

use chain::{Chain, Registration};
use crate_tree::{CrateTree, Module};
pub(crate) use files::Files;
use names::{Crates, Scope};
use source::SourceFile;
use suite::Suite;

use crate::stub::{self, Names, Stub};

/// Add capabilities to a connector: a function, its registration and a case for each
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  connector add get_account
  connector add create_account deactivate_account --project ./connector-acme

The places are found by the syntax of the files, in a project that was edited by hand, too; everything else stays as it
is. When a place cannot be told, or a function of the name is there, nothing is changed and the message says why.")]
pub(crate) struct Arguments {
    /// Standard capabilities, as they are called on the wire
    #[arg(value_name = "CAPABILITY", required = true)]
    capabilities: Vec<String>,
    /// The folder of the connector's package
    #[arg(long, value_name = "DIR", default_value = ".")]
    project: PathBuf,
    /// Add no case
    #[arg(long)]
    no_case: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let capabilities = stub::capabilities(&arguments.capabilities)?;
    let mut files = Files::in_folder(&arguments.project);
    let added = add(&mut files, &capabilities, !arguments.no_case)?;
    files.save()?;
    let mut lines: Vec<String> = added
        .places
        .iter()
        .map(|added| format!("{}:{}: {}", added.path.display(), added.line, added.what))
        .collect();
    if !arguments.no_case && !added.has_suite {
        lines.push("no case was added: no file of tests/ has a `Suite::new(…)`".to_owned());
    }
    lines.push(format!(
        "\nNext: write the function{}, and put in the place of the case what the app is asked and what comes of it.",
        if capabilities.len() == 1 { "" } else { "s" }
    ));
    output::print(&lines.join("\n"))
}

/// Something that was added.
#[derive(Debug)]
pub(crate) struct Added {
    path: PathBuf,
    /// Of the file as it is now, once [`add`] gives it.
    line: usize,
    what: String,
    at: usize,
}

impl Added {
    fn new(file: &SourceFile, at: usize, what: String) -> Self {
        Self { path: file.path.clone(), line: file.line(at), what, at }
    }
}

/// What was added to a project.
#[derive(Debug)]
pub(crate) struct Outcome {
    places: Vec<Added>,
    has_suite: bool,
}

/// Adds capabilities to the files in memory. Each finds the files as the one before left them.
pub(crate) fn add(
    files: &mut Files,
    capabilities: &[StandardCapability],
    with_cases: bool,
) -> Result<Outcome, Failure> {
    let mut outcome = Outcome { places: Vec::new(), has_suite: true };
    for capability in capabilities {
        let stub = Stub::of(*capability)?;
        let crates = crates(files)?;
        let mut connector = Connector::find(files)?;
        let (stub, mut added) = connector.add(stub, &crates)?;
        let mut suite = if with_cases { Suite::find(files)? } else { None };
        outcome.has_suite &= suite.is_some();
        if let Some(suite) = &mut suite {
            added.push(suite.add(&stub, &crates)?);
        }
        let edited = connector.tree.files.iter().chain(suite.iter().flat_map(|suite| &suite.tree.files));
        for file in edited.filter(|file| file.is_changed()) {
            let text = file.finished()?;
            for added in added.iter_mut().filter(|added| added.path == file.path) {
                added.line = file.line_after(added.at);
            }
            files.set(&file.path, text)?;
        }
        outcome.places.extend(added);
    }
    Ok(outcome)
}

/// What the project calls the crates of the SDK.
fn crates(files: &Files) -> Result<Crates, Failure> {
    let text = files.read(Path::new("Cargo.toml"))?.ok_or_else(|| {
        Failure::new("there is no Cargo.toml in the project's folder")
            .advice("give the folder of the connector's package with --project")
    })?;
    let manifest: toml::Table = toml::from_str(&text).map_err(|error| {
        Failure::new(format!("Cargo.toml cannot be read: {}", error.message())).advice("nothing was changed")
    })?;
    let called = |package: &str| {
        let tables =
            ["dependencies", "dev-dependencies"].iter().filter_map(|table| manifest.get(*table)?.as_table());
        let mut all = tables.flatten();
        let found = all.find(|(name, value)| {
            let package_of = value.get("package").and_then(toml::Value::as_str);
            package_of.unwrap_or(name) == package
        });
        found.map(|(name, _)| name.replace('-', "_"))
    };
    let sdk = called("lumos-connector").ok_or_else(|| {
        Failure::new("Cargo.toml has no dependency on lumos-connector")
            .advice("give the folder of the connector's package with --project")
    })?;
    let has_derives =
        called("serde").as_deref() == Some("serde") && called("schemars").as_deref() == Some("schemars");
    Ok(Crates {
        has_derives,
        sdk,
        testing: called("lumos-connector-testing").unwrap_or_else(|| "lumos_connector_testing".to_owned()),
    })
}

/// The crate that declares the connector, and where it does.
struct Connector {
    tree: CrateTree,
    chain: Chain,
}

impl Connector {
    fn find(files: &Files) -> Result<Self, Failure> {
        let mut found: Vec<Self> = Vec::new();
        for root in ["src/lib.rs", "src/main.rs"] {
            if let Some(tree) = CrateTree::read(files, Path::new(root))? {
                let chains = Chain::all(&tree, ("Integration", "builder"));
                if chains.len() > 1 {
                    let shown = |chain: &Chain| {
                        let file = tree.file(&tree.modules[chain.module]);
                        format!("{}:{}", file.path.display(), file.line(chain.start()))
                    };
                    let places: Vec<_> = chains.iter().map(shown).collect();
                    return Err(Failure::new(format!("there are several connectors: {}", places.join(", ")))
                        .advice(
                            "nothing was changed; register the capability by hand in the one that is meant",
                        ));
                }
                found.extend(chains.into_iter().next().map(|chain| Self { tree, chain }));
            }
        }
        // What both have, such as a module that `main.rs` declares once more, is the library's.
        found.into_iter().next().ok_or_else(|| {
            Failure::new("there is no `Integration::builder(…)` in src/lib.rs, src/main.rs or their modules")
                .advice("nothing was changed; a declaration that a macro writes cannot be found, so register the capability by hand")
        })
    }

    /// Adds the function and the registration of a stub.
    fn add(&mut self, stub: Stub, crates: &Crates) -> Result<(Stub, Vec<Added>), Failure> {
        let registered = Registration::all(&self.tree);
        if let Some(known) = registered.iter().find(|known| known.marker.contains(&stub.marker)) {
            let file = self.tree.file(&self.tree.modules[known.module]);
            let place = format!("{}:{}", file.path.display(), file.line(known.at));
            return Err(Failure::new(format!("{} is registered already: {place}", stub.name()))
                .advice("nothing was changed"));
        }
        let name = section(&stub);
        if self.tree.module(&[name]).is_none() {
            self.begin_module(name, crates)?;
        }
        let own = self.tree.modules[self.chain.module].path.clone();
        let path = if self.tree.module(&[name]).is_some() { vec![name.to_owned()] } else { own.clone() };
        let segments: Vec<&str> = path.iter().map(String::as_str).collect();
        let Some(module) = self.tree.module(&segments) else {
            return Err(
                Failure::new(format!("there is no module for {}", stub.name())).advice("nothing was changed")
            );
        };
        let scope = Scope::of(module, crates);
        if scope.binds(stub.name()) {
            let file = self.tree.file(module);
            return Err(Failure::new(format!(
                "{} has something of the name {} already",
                file.path.display(),
                stub.name()
            ))
            .advice(
                "nothing was changed; register it by hand if it is the capability's function, or rename it",
            ));
        }
        let has_own = crates.has_derives && !scope.binds(stub::NEW_ACCOUNT);
        let stub = if has_own { stub.with_new_account() } else { stub };
        let client = client::path(&self.tree, &path).map(|path| scope.write(&path));
        let client = client.unwrap_or_else(|| scope.sdk("Call"));
        let text = stub.function(&client, &scope);
        let (at, text) = behind_items(self.tree.file(module), module, &text);
        let index = module.file;
        let what = format!("the function {}", stub.name());
        let declaring = Scope::of(&self.tree.modules[self.chain.module], crates);
        let module = std::iter::once("crate").chain(segments).collect::<Vec<_>>().join("::");
        let module = if path == own { String::new() } else { module };
        let marker = stub.marker(&module, &declaring);
        let function =
            if module.is_empty() { stub.name().to_owned() } else { format!("{module}::{}", stub.name()) };
        let call = format!(".capability({marker}, {function})");

        let file = &mut self.tree.files[index];
        file.insert(at, &text);
        let mut added = vec![Added::new(file, at, what)];
        let index = self.tree.modules[self.chain.module].file;
        let file = &mut self.tree.files[index];
        let at = self.chain.insert(file, &["capability"], &["build"], &call);
        added.push(Added::new(file, at, format!("its registration, {marker}")));
        Ok((stub, added))
    }

    /// Adds a module for the capabilities that read or write, where there is one of the other.
    fn begin_module(&mut self, name: &str, crates: &Crates) -> Result<(), Failure> {
        let client = client::path(&self.tree, &[name.to_owned()]);
        let import = client.map_or_else(String::new, |path| format!("\nuse {path};\n"));
        let text =
            format!("//! The capabilities that {}.\n\nuse {}::prelude::*;\n{import}", name, crates.sdk);
        let other = if name == "read" { "write" } else { "read" };
        self.tree.add_module(other, name, text).map(drop)
    }
}

/// The module that a capability belongs to, where a project has modules for those that read and those that write.
fn section(stub: &Stub) -> &'static str {
    match stub::level(stub.capability) {
        Level::Read => "read",
        Level::Write => "write",
    }
}

/// The place behind the last item of a module that is no module of tests, and the text to insert there.
fn behind_items(file: &SourceFile, module: &Module, text: &str) -> (usize, String) {
    let is_kept = |item: &&syn::Item| match item {
        syn::Item::Mod(item) => item.content.is_none(),
        _ => true,
    };
    let text = text.trim_end();
    let Some(last) = module.items.iter().rfind(is_kept) else {
        // A module without items: behind its comment, which is not an item.
        let at = if module.is_file { file.text().len() } else { 0 };
        return (at, format!("{text}\n"));
    };
    let at = file.behind_comment(file.end(last));
    let indent = file.indent(file.start(last)).to_owned();
    let text =
        text.lines().map(|line| if line.is_empty() { String::new() } else { format!("{indent}{line}") });
    (at, format!("\n\n{}", text.collect::<Vec<_>>().join("\n")))
}
