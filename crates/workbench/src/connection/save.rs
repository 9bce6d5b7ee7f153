//! The connection as a file, its secrets by reference.

use std::io::Write as _;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State as Extracted};
use axum::response::Html;
use lumos_connection::ConnectionFile;
use lumos_connection::reference::{Reference, keyring};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use super::entry::Entry;
use super::{entry, form};
use crate::form::{Field, Kind};
use crate::page::PageError;
use crate::server::state::State;

/// Letters of a file's name, before its ending.
const LONGEST_NAME: usize = 100;

#[derive(Deserialize)]
pub(super) struct Wanted {
    name: String,
    #[serde(default)]
    replace: String,
    #[serde(default)]
    keyring: String,
}

/// The part of a connection's page that is about its file.
pub(super) fn section(number: usize, entry: &Entry) -> Markup {
    let path = entry.path();
    html! {
        h2 { "Save" }
        p.dim {
            @match &path { Some(path) => { "It was read from " code { (path.display()) } ". Comments of that file are lost when it is replaced." } None => "It has no file yet." }
        }
        form method="post" action={ "connections/" (number) "/save" } {
            div.field { label for="save-name" { "Name of the file, beside the others" } input id="save-name" name="name" type="text" required value={ (entry.name()) ".toml" }; }
            @if entry.has_typed() {
                div.field {
                    label for="save-keyring" { "Secrets that were typed here" }
                    select id="save-keyring" name="keyring" {
                        option value="yes" { "put them into the keyring of this system" }
                        option value="" { "do not save while there are any" }
                    }
                }
            }
            div.field { label for="save-replace" { "If there is such a file" }
                select id="save-replace" name="replace" { option value="" { "leave it alone" } option value="yes" { "replace it" } } }
            div.actions { button.main type="submit" { "Save" } }
        }
    }
}

pub(super) async fn save(
    Extracted(state): Extracted<Arc<State>>,
    Path(number): Path<usize>,
    Form(wanted): Form<Wanted>,
) -> Result<Html<String>, PageError> {
    let entry = entry(&state, number)?;
    let notice = match write(&state, &entry, &wanted).await {
        Ok(path) => html! { p.notice.good role="status" { "Saved as " code { (path.display()) } "." } },
        Err(problem) => html! { p.notice.bad role="alert" { (problem) } },
    };
    form::page(&state, number, &entry, Some(notice)).await
}

async fn write(state: &State, entry: &Entry, wanted: &Wanted) -> Result<PathBuf, String> {
    let path = folder(state, entry).join(file_name(&wanted.name)?);
    let mut file = entry.file();
    if entry.has_typed() {
        let info = entry.info().await.map_err(|error| error.to_string())?;
        let mut typed = Typed {
            connection: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            found: Vec::new(),
        };
        for form in form::credentials(&info) {
            if let Some(mut given) = form::given(&file, &form) {
                typed.replace(&form.fields, &form.prefix, &mut given);
                form::set(&mut file, &form, given.as_object().cloned());
            }
        }
        let mut settings = Value::Object(std::mem::take(&mut file.settings));
        typed.replace(&form::settings(&info), "settings", &mut settings);
        file.settings = settings.as_object().cloned().unwrap_or_default();
        if !typed.found.is_empty() && wanted.keyring != "yes" {
            let fields: Vec<&str> = typed.found.iter().map(|(name, _)| name.as_str()).collect();
            return Err(format!("These secrets were typed, and a file holds none: {}.", fields.join(", ")));
        }
        for (name, secret) in typed.found {
            keyring::store(&name, secret).await?;
        }
    }
    let text = file.to_text().map_err(|error| error.to_string())?;
    // What was written is read again before it counts.
    ConnectionFile::parse(&text, path.parent()).map_err(|error| error.to_string())?;
    create(&path, &text, wanted.replace == "yes")?;
    let file = ConnectionFile::read(&path).map_err(|error| error.to_string())?;
    entry.saved(&path, file);
    Ok(path)
}

/// Files lie beside the one that the connection was read from, or where the workbench was started.
fn folder(state: &State, entry: &Entry) -> PathBuf {
    let own = entry.path().and_then(|path| path.parent().map(FilePath::to_owned));
    own.unwrap_or_else(|| state.folder().to_owned())
}

/// A name leads nowhere but into the folder.
fn file_name(name: &str) -> Result<String, String> {
    let stem = name.trim().strip_suffix(".toml").unwrap_or(name.trim());
    let is_plain =
        stem.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    if stem.is_empty() || !is_plain || stem.starts_with('.') || stem.len() > LONGEST_NAME {
        return Err("The name of the file: expected letters, digits, '-', '_' and '.'.".to_owned());
    }
    Ok(format!("{stem}.toml"))
}

/// Its owner alone may read it; a file is there whole or not at all.
fn create(path: &FilePath, text: &str, replace: bool) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("Cannot write {}: {error}.", path.display());
    if !replace && path.exists() {
        return Err(format!("{} is there already.", path.display()));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(FilePath::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    let kept = if replace { file.persist(path) } else { file.persist_noclobber(path) };
    kept.map(drop).map_err(|error| failed(error.error))
}

/// Secrets that stand in a file in memory, and the names under which the keyring has them.
struct Typed {
    connection: String,
    found: Vec<(String, String)>,
}

impl Typed {
    fn replace(&mut self, fields: &[Field], prefix: &str, value: &mut Value) {
        for field in fields {
            let Some(member) = value.get_mut(&field.name) else { continue };
            let path = format!("{prefix}.{}", field.name);
            match &field.kind {
                Kind::Object(inner) => self.replace(inner, &path, member),
                Kind::OneOf { choices, .. } => {
                    choices.iter().for_each(|(_, inner)| self.replace(inner, &path, member));
                }
                _ if field.is_secret && Reference::recognize(member).is_none() && member.is_string() => {
                    let name = format!("{}/{path}", self.connection);
                    let secret = member.as_str().unwrap_or_default().to_owned();
                    *member = json!({"keyring": name});
                    self.found.push((name, secret));
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere_else() {
        assert_eq!(file_name("acme").unwrap(), "acme.toml");
        assert_eq!(file_name(" acme-2.toml ").unwrap(), "acme-2.toml");
        for name in ["", "../acme", "a/b", "/etc/passwd", ".hidden", "a\\b", "a\0b", "..", "acme\n"] {
            assert!(file_name(name).is_err() || name == "acme\n", "{name:?}");
        }
    }

    #[test]
    fn a_file_is_not_replaced_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("acme.toml");
        create(&path, "one", false).unwrap();
        assert!(create(&path, "two", false).unwrap_err().contains("is there already"));
        create(&path, "two", true).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two");
    }
}
