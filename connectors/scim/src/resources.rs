//! Resources: what the service has beside users and groups, at the endpoint that the settings name.

use lumos_connector::prelude::*;

use crate::resource::Resource;
use crate::service::{Endpoint, Scim};
use crate::walk::Walk;

const TYPE: &str = "resource";

pub(crate) fn types() -> [ResourceType; 1] {
    [ResourceType::new(TYPE, "Resource")]
}

pub(crate) async fn list_resources(scim: Scim, _: ListResources) -> Result<Reply<Vec<FoundResourceData>>> {
    let Some(endpoint) = &scim.settings.resource_endpoint else { return Ok(Reply::new(Vec::new())) };
    let walk = |size| Walk::all(Endpoint::new(endpoint), size).without("members");
    scim.page(walk, |resource: Resource| found(&resource)).await
}

fn found(resource: &Resource) -> FoundResourceData {
    let label = resource.any_text(&["displayName", "display", "name"]).unwrap_or(&resource.id);
    let text =
        |(name, value): (&String, &serde_json::Value)| Some((name.clone(), value.as_str()?.to_owned()));
    FoundResourceData {
        description: resource.text("description").map(str::to_owned),
        extra_data: Some(resource.attributes.iter().filter_map(text).collect()),
        ..FoundResourceData::new(TYPE, resource.id.as_str(), label)
    }
}
