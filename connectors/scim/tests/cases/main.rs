//! Cases of the connector against a fake service, for what the real one of the end-to-end suite does not do.

mod changing;
mod field;
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
        .cases(field::cases())
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

/// An endpoint with these resources, in the order of their ids, which filters by id and pages by number. Other filters
/// find all of them.
fn endpoint(path: &str, resources: &[Value]) -> Exchange {
    let resources = resources.to_vec();
    get(path).any_query().any_times().answers_with(move |call| {
        let after =
            call.parameter("filter").and_then(|filter| filter.split_once("id gt \"")).map(|(_, id)| id);
        let after = after.and_then(|id| id.split('"').next()).unwrap_or_default().to_owned();
        let left: Vec<_> = resources.iter().filter(|one| one["id"].as_str() > Some(after.as_str())).collect();
        let number = |name| call.parameter(name).and_then(|value| value.parse::<usize>().ok());
        let start = number("startIndex").unwrap_or(1).max(1) - 1;
        let rows: Vec<_> = left.iter().skip(start).take(number("count").unwrap_or(100)).collect();
        answer(200).json(json!({"totalResults": left.len(), "Resources": rows}))
    })
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
