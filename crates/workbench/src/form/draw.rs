//! Fields as HTML. The name of an input is the path of its field, with dots between levels.

use maud::{Markup, html};
use serde_json::Value;

use super::field::{Field, Kind, plain};

/// How the secrets of a form are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Secrets {
    /// By reference, or typed and kept in memory.
    References,
    /// Typed.
    Typed,
}

/// Draws fields; `values` are those that are filled in.
pub(crate) fn draw(fields: &[Field], prefix: &str, values: &Value, secrets: Secrets) -> Markup {
    let mut groups: Vec<&str> = Vec::new();
    for field in fields {
        if let Some(group) = field.group.as_deref().filter(|group| !groups.contains(group)) {
            groups.push(group);
        }
    }
    let at_once = fields.iter().filter(|field| field.group.is_none() && field.is_primary);
    let later: Vec<&Field> =
        fields.iter().filter(|field| field.group.is_none() && !field.is_primary).collect();
    html! {
        @for field in at_once { (one(field, fields, prefix, values, secrets)) }
        @for group in groups {
            @let members: Vec<&Field> = fields.iter().filter(|field| field.group.as_deref() == Some(group)).collect();
            @let is_open = members.iter().any(|field| field.is_primary || field.is_required);
            details open[is_open] {
                summary { strong { (group) } }
                fieldset { legend { (group) } @for field in members { (one(field, fields, prefix, values, secrets)) } }
            }
        }
        @if !later.is_empty() {
            details { summary { strong { "More" } } @for field in later { (one(field, fields, prefix, values, secrets)) } }
        }
    }
}

fn one(field: &Field, all: &[Field], prefix: &str, values: &Value, secrets: Secrets) -> Markup {
    let path = path(prefix, &field.name);
    let id = id(&path);
    let value = &values[&field.name];
    if field.is_hidden && field.name != "access_token" {
        return html! {};
    }
    let drawn = match &field.kind {
        Kind::Object(inner) => {
            return shown(
                field,
                all,
                prefix,
                html! {
                    fieldset { legend { (field.title) (mark(field)) } (help(field)) (draw(inner, &path, value, secrets)) }
                },
            );
        }
        Kind::OneOf { tag, choices } => {
            return shown(
                field,
                all,
                prefix,
                html! {
                    fieldset { legend { (field.title) (mark(field)) } (help(field)) (one_of(&path, tag, choices, value, secrets)) }
                },
            );
        }
        _ if field.is_secret && secrets == Secrets::References => reference(&id, &path, field, value),
        kind => input(&id, &path, field, kind, value, all),
    };
    shown(
        field,
        all,
        prefix,
        html! {
            div.field {
                label for=(id) { (field.title) (mark(field)) }
                (help(field))
                (drawn)
            }
        },
    )
}

fn one_of(
    path: &str,
    tag: &str,
    choices: &[(String, Vec<Field>)],
    value: &Value,
    secrets: Secrets,
) -> Markup {
    let tag_path = self::path(path, tag);
    let id = id(&tag_path);
    let chosen = value[tag].as_str().unwrap_or(&choices[0].0);
    html! {
        div.field {
            label for=(id) { (tag) }
            select id=(id) name=(tag_path) data-chooses="" {
                @for (name, _) in choices { option value=(name) selected[name == chosen] { (name) } }
            }
        }
        @for (name, fields) in choices {
            div data-choice-of=(id) data-choice=(name) { (draw(fields, path, value, secrets)) }
        }
    }
}

/// A field that depends on another one is shown with it.
fn shown(field: &Field, all: &[Field], prefix: &str, drawn: Markup) -> Markup {
    match &field.shown_for {
        Some((other, expected)) if all.iter().any(|one| one.name == *other) => html! {
            div data-choice-of=(id(&path(prefix, other))) data-choice=(expected.join(" ")) { (drawn) }
        },
        _ => drawn,
    }
}

fn mark(field: &Field) -> Markup {
    html! { @if field.is_required { span.required title="required" { " *" } } }
}

fn help(field: &Field) -> Markup {
    html! { @if !field.help.is_empty() { p.help { (field.help) } } }
}

fn input(id: &str, path: &str, field: &Field, kind: &Kind, value: &Value, all: &[Field]) -> Markup {
    let given = if value.is_null() { None } else { Some(value) };
    let default = field.default.as_ref().map(plain).unwrap_or_default();
    let text = given.map(plain).unwrap_or_default();
    let decides = all.iter().any(|one| one.shown_for.as_ref().is_some_and(|(other, _)| *other == field.name));
    match kind {
        Kind::Choice(choices) => {
            let chosen = if text.is_empty() { &default } else { &text };
            html! {
                select id=(id) name=(path) data-chooses[decides] {
                    @if !field.is_required || default.is_empty() { option value="" { "—" } }
                    @for choice in choices { option value=(choice) selected[choice == chosen] { (choice) } }
                }
            }
        }
        Kind::Boolean => {
            let chosen = if text.is_empty() { default.as_str() } else { text.as_str() };
            html! {
                select id=(id) name=(path) data-chooses[decides] {
                    option value="" { "—" }
                    option value="true" selected[chosen == "true"] { "yes" }
                    option value="false" selected[chosen == "false"] { "no" }
                }
            }
        }
        Kind::Integer => {
            html! { input id=(id) name=(path) type="number" step="1" value=(text) placeholder=(default); }
        }
        Kind::Number => {
            html! { input id=(id) name=(path) type="number" step="any" value=(text) placeholder=(default); }
        }
        _ if field.is_secret => html! { input id=(id) name=(path) type="password" autocomplete="off"; },
        Kind::Texts => {
            let lines = given
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .map(plain)
                .collect::<Vec<_>>()
                .join("\n");
            html! { textarea id=(id) name=(path) rows="3" placeholder="one a line" { (lines) } }
        }
        Kind::Json => {
            let text = given
                .map(|value| serde_json::to_string_pretty(value).unwrap_or_default())
                .unwrap_or_default();
            html! { textarea.code id=(id) name=(path) rows="4" placeholder={ "JSON" @if !default.is_empty() { ", " (default) } } { (text) } }
        }
        Kind::Text { is_long: true } => {
            html! { textarea id=(id) name=(path) rows="4" placeholder=(default) { (text) } }
        }
        _ => {
            html! { input id=(id) name=(path) type="text" value=(text) placeholder=(default) autocomplete="off"; }
        }
    }
}

/// Where a secret is, not what it is. What was typed is never sent back.
fn reference(id: &str, path: &str, field: &Field, value: &Value) -> Markup {
    let (source, text) = source_of(value);
    let select = format!("{id}-source");
    let choices = [
        ("env", "Environment variable"),
        ("file", "File"),
        ("command", "Command"),
        ("keyring", "Keyring of this system"),
        ("typed", "Typed here, kept in memory"),
    ];
    html! {
        div.pair {
            select id=(select) name={ (path) ".source" } data-chooses="" aria-label={ "Where " (field.title) " is" } {
                @for (name, title) in choices { option value=(name) selected[name == source] { (title) } }
            }
            div data-choice-of=(select) data-choice="env file command keyring" {
                input id=(id) name={ (path) ".reference" } type="text" value=(text) autocomplete="off" placeholder="its name, path, or command line";
            }
            div data-choice-of=(select) data-choice="typed" {
                input name={ (path) ".typed" } type="password" autocomplete="off" aria-label=(field.title)
                    placeholder=(if source == "typed" { "kept in memory; empty leaves it as it is" } else { "" });
            }
        }
    }
}

/// The kind of a reference and its text. A secret that stands for itself is not shown.
pub(super) fn source_of(value: &Value) -> (&'static str, String) {
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    if let Some(name) = text("env") {
        return ("env", name);
    }
    if let Some(path) = text("file") {
        return ("file", path);
    }
    if let Some(name) = text("keyring") {
        return ("keyring", name);
    }
    if let Some(words) = value["command"].as_array() {
        return ("command", words.iter().map(plain).collect::<Vec<_>>().join(" "));
    }
    if value.is_null() { ("env", String::new()) } else { ("typed", String::new()) }
}

pub(super) fn path(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

/// An id that scripts and labels can name.
fn id(path: &str) -> String {
    let letters = path.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' });
    format!("field-{}", letters.collect::<String>())
}
