//! The document: its head, its tags, and everything put together.

use serde_json::{Value, json};

use super::paths::{self, Tag};
use super::schemas;
use lumos_connector_runtime::failure::Failure;

/// The version of the contract that the types follow.
const CONTRACT: &str = "4.280.0";

/// The whole API.
pub(super) fn document() -> Result<Value, Failure> {
    let tags: Vec<Value> =
        Tag::ALL.iter().map(|tag| json!({"name": tag.name(), "description": tag.description()})).collect();
    Ok(json!({
        "openapi": "3.0.3",
        "info": {
            "title": "Lumos connector API",
            "version": CONTRACT,
            "description": include_str!("introduction.md").trim(),
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0.html"},
        },
        "servers": [{"url": "/", "description": "Where connectors are hosted."}],
        "tags": tags,
        "paths": paths::paths(),
        "components": {"schemas": schemas::schemas()?},
    }))
}
