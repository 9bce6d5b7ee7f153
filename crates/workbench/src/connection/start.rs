//! A connection to a connector that has no file yet.

use std::sync::Arc;

use axum::Form;
use axum::extract::State as Extracted;
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use lumos_connection::ConnectionFile;
use lumos_connection::file::{Mode, Text};
use lumos_connection::reference::{Reference, Source};
use maud::{Markup, html};
use serde::Deserialize;

use super::entry::Entry;
use crate::page::{Frame, PageError};
use crate::server::state::State;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Wanted {
    name: String,
    how: String,
    command: String,
    url: String,
    token_env: String,
}

pub(super) async fn show(Extracted(state): Extracted<Arc<State>>) -> Html<String> {
    page(&state, &Wanted::default(), None)
}

fn page(state: &State, wanted: &Wanted, problem: Option<&str>) -> Html<String> {
    let content = html! {
        @if let Some(problem) = problem { p.notice.bad role="alert" { (problem) } }
        (form(wanted))
    };
    Frame::new(state, "New connection").page(&content)
}

fn form(wanted: &Wanted) -> Markup {
    html! {
        form method="post" action="connections/new" autocomplete="off" {
            div.field { label for="name" { "Name" } input id="name" name="name" type="text" required value=(wanted.name); }
            div.field {
                label for="how" { "How the connector is reached" }
                select id="how" name="how" data-chooses="" {
                    @for (value, title) in [("program", "A program, once for each call"), ("server", "A program's own server"), ("url", "A server at an address")] {
                        option value=(value) selected[value == wanted.how] { (title) }
                    }
                }
            }
            div.field data-choice-of="how" data-choice="program server" {
                label for="command" { "Program and its arguments" }
                p.help { "Relative to the folder in which the workbench was started. No shell is involved." }
                input id="command" name="command" type="text" value=(wanted.command);
            }
            div data-choice-of="how" data-choice="url" {
                div.field { label for="url" { "Address" } input id="url" name="url" type="url" value=(wanted.url); }
                div.field { label for="token" { "Environment variable of its bearer token" } input id="token" name="token_env" type="text" value=(wanted.token_env); }
            }
            div.actions { button.main type="submit" { "Go on" } }
        }
    }
}

pub(super) async fn add(
    Extracted(state): Extracted<Arc<State>>,
    Form(wanted): Form<Wanted>,
) -> Result<Response, PageError> {
    let file = match file(&wanted) {
        Ok(file) => file,
        Err(problem) => return Ok(page(&state, &wanted, Some(problem)).into_response()),
    };
    let name =
        if wanted.name.trim().is_empty() { "connection".to_owned() } else { wanted.name.trim().to_owned() };
    let number = state.add_connection(Entry::of(name, None, file, false));
    Ok(Redirect::to(&format!("{}/connections/{number}", state.base())).into_response())
}

fn file(wanted: &Wanted) -> Result<ConnectionFile, &'static str> {
    if wanted.how == "url" {
        if wanted.url.trim().is_empty() {
            return Err("Address: expected a URL.");
        }
        let mut file = ConnectionFile::address(wanted.url.trim());
        if !wanted.token_env.trim().is_empty() {
            let reference = Reference::new(Source::Env(wanted.token_env.trim().to_owned()));
            file.connector.token = Some(Text::Reference(reference));
        }
        return Ok(file);
    }
    let words = shlex::split(&wanted.command).filter(|words| !words.is_empty());
    let words = words.ok_or("Program: expected a program and its arguments.")?;
    let mode = if wanted.how == "server" { Mode::Server } else { Mode::Program };
    Ok(ConnectionFile::program(words, mode))
}
