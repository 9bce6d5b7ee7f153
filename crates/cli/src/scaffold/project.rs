//! The files of a new project, from the templates in this crate's `templates`.

use std::path::PathBuf;

use include_dir::{Dir, include_dir};
use lumos_connector_runtime::failure::Failure;
use lumos_connector_types::capability::{Level, StandardCapability};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use serde_json::json;

use super::Login;
use super::author::Author;
use super::name::Name;
use super::sdk::{Sdk, quoted};
use crate::add::{self, Files};
use crate::stub;

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// The ending of templates, so that tools do not take them for the files that they become.
const SUFFIX: &str = ".jinja";

/// A file of the project.
#[derive(Debug)]
pub(super) struct ProjectFile {
    /// Its place below the project's folder.
    pub(super) path: PathBuf,
    pub(super) content: String,
}

/// What a project is made from.
#[derive(Debug)]
pub(super) struct Project<'a> {
    pub(super) name: &'a Name,
    pub(super) author: &'a Author,
    pub(super) sdk: &'a Sdk,
    pub(super) auth: Login,
    /// What it answers beside `validate_credentials`.
    pub(super) capabilities: &'a [StandardCapability],
}

/// What asks for the types of resources and entitlements.
const ACCESS: &[StandardCapability] = &[
    StandardCapability::AssignEntitlement,
    StandardCapability::FindEntitlementAssociations,
    StandardCapability::GetAccountEntitlementAssociations,
    StandardCapability::ListEntitlements,
    StandardCapability::ListResources,
    StandardCapability::UnassignEntitlement,
];

impl Project<'_> {
    /// Every file, in the order of its path. A template that gives nothing gives no file.
    pub(super) fn files(&self) -> Result<Vec<ProjectFile>, Failure> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build()
            .map_err(|error| Failure::new(format!("the templates of this tool cannot be read: {error}")))?;
        environment.set_syntax(syntax);
        let values = Value::from(Serde(json!({
            "title": self.name.title(),
            "app_id": self.name.app_id(),
            "package": self.name.package(),
            "krate": self.name.krate(),
            "auth": self.auth,
            "author": self.author.line().map(|line| quoted(&line)),
            "holder": self.author.holder(),
            "sdk": self.sdk.source("sdk"),
            "testing": self.sdk.source("testing"),
            "tool": self.sdk.tool(),
            "rust_version": env!("CARGO_PKG_RUST_VERSION"),
            "lists_accounts": self.capabilities.contains(&StandardCapability::ListAccounts),
            "has_access": self.capabilities.iter().any(|capability| ACCESS.contains(capability)),
            "writes": self.capabilities.iter().any(|capability| stub::level(*capability) == Level::Write),
        })));
        let mut files = Vec::new();
        for template in templates(&TEMPLATES) {
            let path = template.path().to_string_lossy();
            let damaged =
                |why: String| Failure::new(format!("the template {path} of this tool is damaged: {why}"));
            let source = template.contents_utf8().ok_or_else(|| damaged("it is not text".to_owned()))?;
            let content =
                environment.render_str(source, &values).map_err(|error| damaged(format!("{error:#}")))?;
            if !content.trim().is_empty() {
                let path = PathBuf::from(path.strip_suffix(SUFFIX).unwrap_or(&path));
                files.push(ProjectFile { path, content });
            }
        }
        let written = [StandardCapability::ValidateCredentials, StandardCapability::ListAccounts];
        let others: Vec<_> =
            self.capabilities.iter().copied().filter(|capability| !written.contains(capability)).collect();
        let mut project = Files::of_texts(files.into_iter().map(|file| (file.path, file.content)));
        add::add(&mut project, &others, true)?;
        Ok(project.into_texts().into_iter().map(|(path, content)| ProjectFile { path, content }).collect())
    }
}

/// Every template, those in folders included.
fn templates<'a>(folder: &'a Dir<'a>) -> Vec<&'a include_dir::File<'a>> {
    folder.files().chain(folder.dirs().flat_map(templates)).collect()
}
