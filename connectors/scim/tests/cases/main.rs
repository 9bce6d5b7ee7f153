//! Cases of the connector against a fake service, for what the real one of the end-to-end suite does not do.

mod changing;
mod paging;
mod reading;
mod refusals;

use std::process::ExitCode;

use lumos_connector_testing::prelude::*;
use serde_json::Value;

fn main() -> ExitCode {
    Suite::new(lumos_scim_connector::integration)
        .credentials(json!([{"id": "token", "token": {"token": "correct horse"}}]))
        .settings(json!({"base_url": "{upstream}/v2"}))
        .cases(reading::cases())
        .cases(paging::cases())
        .cases(changing::cases())
        .cases(refusals::cases())
        .run()
}

/// A service that says of itself what it can.
fn provider(features: impl Into<Value>) -> Exchange {
    get("/v2/ServiceProviderConfig").any_times().answers(features.into())
}

/// A service that filters and sorts.
fn able() -> Exchange {
    provider(
        json!({"filter": {"supported": true}, "sort": {"supported": true}, "patch": {"supported": true}}),
    )
}

/// A query's answer with all that it found.
fn found(resources: &[Value]) -> Value {
    json!({"totalResults": resources.len(), "Resources": resources})
}

/// An error as SCIM writes it.
fn scim_error(status: u16, scim_type: &str, detail: &str) -> (u16, Value) {
    let schemas = ["urn:ietf:params:scim:api:messages:2.0:Error"];
    (
        status,
        json!({"schemas": schemas, "status": status.to_string(), "scimType": scim_type, "detail": detail}),
    )
}
