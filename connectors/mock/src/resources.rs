//! Resources: two workspaces and three projects.

use lumos_connector::prelude::*;

use crate::listing::listing;
use crate::settings::Mock;

pub(crate) fn types() -> [ResourceType; 2] {
    [ResourceType::new("workspace", "Workspace"), ResourceType::new("project", "Project")]
}

pub(crate) async fn list_resources(mock: Mock, _: ListResources) -> Result<Reply<Vec<FoundResourceData>>> {
    let listing = listing(&mock.call, "resources")?;
    let reply = listing.reply_from(0, (1..=2).map(workspace).chain((1..=3).map(project)))?;
    // Nothing limits this app, so the state of its rate limits stays what the caller knows.
    let known = mock.call.raw_rate_limit().and_then(|rate_limit| rate_limit.last_known_state.clone());
    match known {
        Some(state) => Ok(reply.rate_limit(RateLimitResponseInfo { current_state: Some(state) })),
        None => Ok(reply),
    }
}

fn workspace(number: u8) -> FoundResourceData {
    FoundResourceData {
        integration_specific_id: format!("ws-{number}"),
        label: format!("Workspace {number}"),
        resource_type: "workspace".to_owned(),
        ..FoundResourceData::default()
    }
}

fn project(number: u8) -> FoundResourceData {
    FoundResourceData {
        integration_specific_id: format!("prj-{number}"),
        label: format!("Project {number} é😀"),
        description: Some(format!("Project number {number}.")),
        resource_type: "project".to_owned(),
        extra_data: Some([("workspace".to_owned(), "ws-1".to_owned())].into()),
    }
}
