//! The form of a connection, rendered from what the connector says about itself, and what was filled in.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State as Extracted};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use lumos_connection::{ConnectionFile, ConnectorInfo, InfoSource};
use lumos_connector_types::json::JsonObject;
use maud::{Markup, html};
use serde_json::{Map, Value};

use super::entry::Entry;
use super::{consent, entry, frame, save};
use crate::form::draw::{Secrets, draw};
use crate::form::read::{Filled, Wrong, read};
use crate::form::{Field, fields};
use crate::page::PageError;
use crate::server::state::State;

/// A credential of a connector.
pub(super) struct CredentialForm {
    /// Its id, where a connector has several.
    pub(super) id: Option<String>,
    pub(super) kind: String,
    pub(super) title: String,
    pub(super) help: String,
    pub(super) is_optional: bool,
    pub(super) fields: Vec<Field>,
    /// Where its fields are in the form.
    pub(super) prefix: String,
}

/// The forms of the credentials of a connector.
pub(super) fn credentials(info: &ConnectorInfo) -> Vec<CredentialForm> {
    let root = root(info);
    let single = value(&info.info.authentication_schema);
    let several = info.info.credentials_schema.iter().map(value);
    let mut forms = Vec::new();
    for (schema, is_single) in std::iter::once((single, true)).chain(several.map(|schema| (schema, false))) {
        let Some(kind) = schema["x-credential-type"].as_str() else { continue };
        let id = schema["id"].as_str().filter(|_| !is_single).map(str::to_owned);
        let text = |key: &str| schema[key].as_str().unwrap_or_default().to_owned();
        let title =
            schema["x-credential-name"].as_str().map_or_else(|| kind.replace('_', " "), str::to_owned);
        forms.push(CredentialForm {
            prefix: id.as_ref().map_or_else(|| "auth".to_owned(), |id| format!("credentials.{id}")),
            title: id.as_ref().map_or_else(|| title.clone(), |id| format!("{id}: {title}")),
            id,
            kind: kind.to_owned(),
            help: text("description"),
            is_optional: schema["x-optional"] == true,
            fields: fields(&schema, &root),
        });
    }
    forms
}

pub(super) fn settings(info: &ConnectorInfo) -> Vec<Field> {
    fields(&value(&info.info.request_settings_schema), &root(info))
}

fn root(info: &ConnectorInfo) -> Value {
    match info.source {
        InfoSource::AppInfo => serde_json::json!({"components": value(&info.components)}),
        _ => Value::Null,
    }
}

pub(crate) fn value(object: &JsonObject) -> Value {
    serde_json::from_str(object.text()).unwrap_or_default()
}

/// What a file says of a credential.
pub(super) fn given(file: &ConnectionFile, form: &CredentialForm) -> Option<Value> {
    match &form.id {
        None => file.auth.get(&form.kind).cloned(),
        Some(id) => {
            let one =
                file.credentials.iter().find(|one| one.get("id").and_then(Value::as_str) == Some(id))?;
            one.get(&form.kind).cloned()
        }
    }
}

/// Sets what a file says of a credential.
pub(super) fn set(file: &mut ConnectionFile, form: &CredentialForm, members: Option<Map<String, Value>>) {
    match &form.id {
        None => {
            file.auth.clear();
            if let Some(members) = members {
                file.auth.insert(form.kind.clone(), Value::Object(members));
            }
        }
        Some(id) => {
            file.credentials.retain(|one| one.get("id").and_then(Value::as_str) != Some(id));
            if let Some(members) = members {
                let mut one = Map::new();
                one.insert("id".to_owned(), id.as_str().into());
                one.insert(form.kind.clone(), Value::Object(members));
                file.credentials.push(one);
            }
        }
    }
}

/// The page of a connection.
pub(super) async fn page(
    state: &State,
    number: usize,
    entry: &Entry,
    notice: Option<Markup>,
) -> Result<Html<String>, PageError> {
    let file = entry.file();
    let info = entry.info().await;
    let content = html! {
        @if let Some(notice) = notice { (notice) }
        @match &info {
            Err(error) => {
                p.notice.bad role="alert" { (error) }
                p { "The form is made from what the connector says about itself, and it did not answer." }
            }
            Ok(info) => {
                (about(info, &file))
                (form(number, &file, info))
                (trial(number))
                (consent::section(number, entry, info))
                (save::section(number, entry))
            }
        }
    };
    Ok(frame(state, number, entry, entry.name(), "").page(&content))
}

fn about(info: &ConnectorInfo, file: &ConnectionFile) -> Markup {
    let name = info.info.user_friendly_name.as_deref().unwrap_or(&info.info.app_id);
    html! {
        p { strong { (name) } " " span.dim { (info.info.app_id) " " (info.info.version) }
            @if let Some(text) = &info.info.description { br; (text) } }
        p.dim {
            @match &file.connector.url {
                Some(url) => { "A server at " code { (url) } }
                None => { "The program " code { (file.connector.command.first().map(String::as_str).unwrap_or_default()) } }
            }
            ", " (info.info.capabilities.len()) " capabilities"
        }
    }
}

fn form(number: usize, file: &ConnectionFile, info: &ConnectorInfo) -> Markup {
    let credentials = credentials(info);
    let settings = settings(info);
    html! {
        form method="post" action={ "connections/" (number) } autocomplete="off" {
            @for one in &credentials {
                @let given = given(file, one);
                fieldset {
                    legend { (one.title) }
                    @if !one.help.is_empty() { p.help.dim { (one.help) } }
                    @if one.id.is_some() {
                        div.field {
                            label for={ "use-" (one.prefix) } { "Use this credential" @if one.is_optional { " (the connector can do without)" } }
                            select id={ "use-" (one.prefix) } name={ (one.prefix) ".used" } data-chooses="" {
                                option value="yes" selected[given.is_some() || !one.is_optional] { "yes" }
                                option value="no" selected[given.is_none() && one.is_optional] { "no" }
                            }
                        }
                    }
                    div data-choice-of=[one.id.as_ref().map(|_| format!("use-{}", one.prefix))] data-choice="yes" {
                        (draw(&one.fields, &one.prefix, given.as_ref().unwrap_or(&Value::Null), Secrets::References))
                    }
                }
            }
            @if !settings.is_empty() {
                fieldset {
                    legend { "Settings" }
                    (draw(&settings, "settings", &Value::Object(file.settings.clone()), Secrets::References))
                }
            }
            div.actions { button.main type="submit" { "Apply" } span.dim { "What is applied is used until the workbench ends; saving writes a file." } }
        }
    }
}

fn trial(number: usize) -> Markup {
    html! {
        h2 { "Try it" }
        form method="post" action={ "connections/" (number) "/trial" } hx-post={ "connections/" (number) "/trial" } hx-target="#trial" hx-select="#trial" hx-swap="outerHTML" hx-disabled-elt="find button" {
            button.main type="submit" { "Validate credentials and probe" }
        }
        div id="trial" aria-live="polite" {}
    }
}

pub(super) async fn apply(
    Extracted(state): Extracted<Arc<State>>,
    Path(number): Path<usize>,
    Form(filled): Form<Filled>,
) -> Result<Response, PageError> {
    let entry = entry(&state, number)?;
    let info = entry.info().await?;
    match filled_in(&entry, &info, &filled) {
        Ok(()) => Ok(Redirect::to(&format!("{}/connections/{number}", state.base())).into_response()),
        Err(wrong) => {
            let notice = html! { p.notice.bad role="alert" { (wrong) ". Nothing was changed." } };
            Ok(page(&state, number, &entry, Some(notice)).await?.into_response())
        }
    }
}

fn filled_in(entry: &Entry, info: &ConnectorInfo, filled: &Filled) -> Result<(), Wrong> {
    let mut file = entry.file();
    for form in credentials(info) {
        let before = given(&file, &form).unwrap_or_default();
        let is_used = filled.get(&format!("{}.used", form.prefix)).is_none_or(|used| used == "yes");
        let members = if is_used {
            let members = read(&form.fields, &form.prefix, filled, &before, Secrets::References)?;
            // A connector that has a single credential may be asked for nothing but its form.
            (!members.is_empty() || form.fields.is_empty()).then_some(members)
        } else {
            None
        };
        set(&mut file, &form, members);
    }
    file.settings = read(
        &settings(info),
        "settings",
        filled,
        &Value::Object(file.settings.clone()),
        Secrets::References,
    )?;
    let has_typed = filled.iter().any(|(name, value)| name.ends_with(".typed") && !value.is_empty());
    entry.change(file, has_typed);
    Ok(())
}
