//! The licence texts that the crates in an executable require to be passed on, each text once.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::Package;
use lumos_connector_runtime::failure::Failure;
use spdx::{Expression, ParseMode};

/// How files are called that hold a licence or a notice.
const NAMES: &[&str] = &["license", "licence", "copying", "notice", "unlicense", "copyright"];

/// The document, and the crates that state no licence.
#[derive(Debug)]
pub(super) struct Licences {
    pub(super) text: String,
    pub(super) unstated: Vec<String>,
}

/// The document for the crates of an executable.
pub(super) fn document(crates: &[&Package]) -> Result<Licences, Failure> {
    let mut text = String::from(
        "This connector contains the Rust standard library (MIT OR Apache-2.0, https://www.rust-lang.org) and the\n\
         crates below. Their licences follow, each once, under the crates that brought it.\n\n",
    );
    let mut unstated = Vec::new();
    let mut users: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in crates {
        let name = format!("{} {}", package.name, package.version);
        let licence = expression(package);
        text.push_str(&format!("{name}: {}\n", licence.as_deref().unwrap_or("no licence stated")));
        let mut texts = shipped(package)?;
        if texts.is_empty() {
            texts = licence.as_deref().map(|licence| standard(licence, package)).unwrap_or_default();
        }
        if licence.is_none() && texts.is_empty() {
            unstated.push(name.clone());
        }
        for text in texts {
            users.entry(text).or_default().push(name.clone());
        }
    }
    let mut texts: Vec<(String, Vec<String>)> = users.into_iter().collect();
    texts.sort_by(|(_, one), (_, other)| one.cmp(other));
    for (licence, users) in texts {
        text.push_str(&format!("\n{}\n{}\n\n{licence}\n", "=".repeat(80), users.join(", ")));
    }
    Ok(Licences { text, unstated })
}

/// The licence of a crate as an SPDX expression; older crates write `MIT/Apache-2.0`.
pub(super) fn expression(package: &Package) -> Option<String> {
    let stated = package.license.as_deref()?.trim();
    let canonical = Expression::canonicalize(stated).ok().flatten();
    Some(canonical.unwrap_or_else(|| stated.to_owned()))
}

/// The texts in the crate's own folder.
fn shipped(package: &Package) -> Result<Vec<String>, Failure> {
    let Some(folder) = package.manifest_path.parent() else { return Ok(Vec::new()) };
    let unreadable = |error: std::io::Error| {
        Failure::new(format!("cannot read the licences of {}: {error}", package.name))
    };
    let root = folder.as_std_path().canonicalize().map_err(unreadable)?;
    // A link that leads out of the crate would bring a file of this machine.
    let is_inside = |path: &Path| path.canonicalize().is_ok_and(|path| path.starts_with(&root));
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name().to_string_lossy().to_lowercase();
        let is_licence = NAMES.iter().any(|start| name.starts_with(start));
        if is_licence && entry.path().is_file() && is_inside(&entry.path()) {
            paths.push(entry.path());
        }
    }
    // The manifest of a crate in the author's own tree may name a file beside the crate.
    let stated = package.license_file().map(PathBuf::from);
    paths.extend(stated.filter(|path| package.source.is_none() || is_inside(path)));
    paths.sort();
    paths.dedup();
    let texts = paths.into_iter().map(|path| fs::read(path).map_err(unreadable));
    let texts =
        texts.map(|bytes| Ok(tidied(&String::from_utf8_lossy(&bytes?)))).collect::<Result<Vec<_>, _>>()?;
    Ok(texts.into_iter().filter(|text| !text.is_empty()).collect())
}

/// The texts that SPDX has for an expression, for a crate that ships none.
fn standard(expression: &str, package: &Package) -> Vec<String> {
    let Ok(expression) = Expression::parse_mode(expression, ParseMode::LAX) else { return Vec::new() };
    let authors = package.authors.join(", ");
    let licences = expression.requirements().filter_map(|requirement| requirement.req.license.id());
    licences
        .map(|licence| match authors.as_str() {
            "" => tidied(licence.text()),
            authors => format!("Copyright: {authors}\n\n{}", tidied(licence.text())),
        })
        .collect()
}

/// A text without what differs between copies of it: line ends, and space around it.
fn tidied(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}
