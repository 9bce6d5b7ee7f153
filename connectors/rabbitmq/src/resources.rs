//! Resources: virtual hosts.

use lumos_connector::prelude::*;

use crate::broker::{Broker, SIZES, VirtualHost};

pub(crate) const VIRTUAL_HOST: &str = "vhost";

pub(crate) fn types() -> [ResourceType; 1] {
    [ResourceType::new(VIRTUAL_HOST, "Virtual host")]
}

pub(crate) async fn list_resources(
    (broker, page): (Broker, PageRequest),
    _: ListResources,
) -> Result<Reply<Vec<FoundResourceData>>> {
    let listing = page.listing(SIZES)?;
    let hosts = broker.virtual_hosts().await?;
    Ok(broker.noted(listing.reply_sorted(hosts, |host| host.name.clone(), found)?))
}

fn found(host: VirtualHost) -> FoundResourceData {
    FoundResourceData {
        description: host.description.filter(|description| !description.is_empty()),
        ..FoundResourceData::new(VIRTUAL_HOST, host.name.clone(), host.name)
    }
}
