//! The suite of the Kinto connector: recordings of calls to the real server, and what they do not show.

mod connector;

use std::process::ExitCode;

use lumos_connector::prelude::capability;
use lumos_connector_testing::prelude::*;

/// `admin:correct-horse`.
const LOGIN: &str = "Basic YWRtaW46Y29ycmVjdC1ob3JzZQ==";

fn main() -> ExitCode {
    Suite::new(connector::integration)
        .auth(json!({"basic": {"username": "admin", "password": "correct-horse"}}))
        .settings(json!({"base_url": "https://kinto.acme.test/v1"}))
        .cases(recordings("examples/kinto/recordings"))
        .cases([ada().header("authorization", LOGIN), changed_meanwhile().header("authorization", LOGIN)])
        .cases(app_failures(ada()).without(404))
        .cases([waits_when_throttled(ada())])
        .run()
}

fn ada() -> Case {
    case(capability::GetAccount, "gives one account")
        .request(json!({"account_id": "ada"}))
        .upstream(get("/v1/accounts/ada").answers(json!({"data": {"id": "ada"}, "permissions": {}})))
        .expect(response(json!({"integration_specific_id": "ada"})))
}

/// A group that somebody else has changed is not overwritten.
fn changed_meanwhile() -> Case {
    let group =
        answer(200).header("etag", "\"7\"").json(json!({"data": {"id": "g", "members": ["account:x"]}}));
    let refused =
        (412, json!({"errno": 114, "error": "Precondition Failed", "message": "Resource was modified"}));
    case(capability::AssignEntitlement, "does not overwrite what somebody else has changed")
        .request(json!({
            "account_integration_specific_id": "ada", "resource_integration_specific_id": "b",
            "resource_type": "bucket", "entitlement_type": "group", "entitlement_integration_specific_id": "g",
        }))
        .upstream(get("/v1/accounts/ada").answers(json!({"data": {"id": "ada"}})))
        .upstream(get("/v1/buckets/b/groups/g").answers(group))
        .upstream(
            patch("/v1/buckets/b/groups/g")
                .header("if-match", "\"7\"")
                .json(json!({"data": {"members": ["account:x", "account:ada"]}}))
                .answers(refused),
        )
        .expect(error(ConnectorErrorCode::Conflict).message("Resource was modified").app_error_code("114"))
}
