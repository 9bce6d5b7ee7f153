//! The capabilities of a connection.

use std::sync::Arc;

use axum::extract::{Path, State as Extracted};
use axum::response::Html;
use lumos_connector_types::capability::StandardCapability;
use maud::html;

use crate::connection::{entry, form_value, frame};
use crate::page::PageError;
use crate::server::state::State;

/// A capability: its name, its title and what it does.
type Listed<'a> = (&'a String, String, String);

pub(super) async fn show(
    Extracted(state): Extracted<Arc<State>>,
    Path(number): Path<usize>,
) -> Result<Html<String>, PageError> {
    let entry = entry(&state, number)?;
    let info = entry.info().await?;
    let mut groups: [(&str, Vec<Listed<'_>>); 4] = [
        ("Read", Vec::new()),
        ("Change", Vec::new()),
        ("About the connection", Vec::new()),
        ("Custom", Vec::new()),
    ];
    for name in &info.info.capabilities {
        let schema = info.info.capability_schema.get(name);
        let argument = schema.map(|schema| form_value(&schema.argument)).unwrap_or_default();
        let title = schema.and_then(|schema| schema.display_name.clone()).unwrap_or_else(|| name.clone());
        let help = argument["description"]
            .as_str()
            .unwrap_or_default()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        let group = match argument["x-capability-level"].as_str() {
            _ if StandardCapability::from_wire(name).is_none() => 3,
            Some("write") => 1,
            Some("read") => 0,
            _ => 2,
        };
        groups[group].1.push((name, title, help));
    }
    let content = html! {
        @for (title, capabilities) in groups.iter().filter(|(_, capabilities)| !capabilities.is_empty()) {
            h2 { (title) }
            ul.cards {
                @for (name, title, help) in capabilities {
                    li { a data-row="" href={ "connections/" (number) "/calls/" (name) } { (title) } br; code.dim { (name) }
                        @if !help.is_empty() { br; span.dim { (help) } } }
                }
            }
        }
    };
    Ok(frame(&state, number, &entry, "Calls", "/calls").page(&content))
}
