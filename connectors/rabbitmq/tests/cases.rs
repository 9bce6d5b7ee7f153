//! Cases against a fake broker; what the real one does is the end-to-end suite's.

use std::process::ExitCode;

use lumos_connector::prelude::capability;
use lumos_connector_testing::prelude::*;

/// `lumos:correct horse`.
const LOGIN: &str = "Basic bHVtb3M6Y29ycmVjdCBob3JzZQ==";

fn main() -> ExitCode {
    Suite::new(lumos_rabbitmq_connector::integration)
        .auth(json!({"basic": {"username": "lumos", "password": "correct horse"}}))
        .settings(json!({"base_url": "https://rabbit.acme.test"}))
        .header("authorization", LOGIN)
        .cases(credentials())
        .cases(listings())
        .cases(tags())
        .cases(permissions())
        .cases(accounts())
        .cases(recordings("tests/recordings"))
        // What the connector itself says of a missing user has no status.
        .cases(app_failures(ada()).without(404))
        .cases([waits_when_throttled(ada())])
        .run()
}

fn user(name: &str, tags: &Value) -> Value {
    json!({"name": name, "password_hash": "aGFzaGVk", "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": tags})
}

fn permission(user: &str, vhost: &str, patterns: [&str; 3]) -> Value {
    let [configure, write, read] = patterns;
    json!({"user": user, "vhost": vhost, "configure": configure, "write": write, "read": read})
}

fn missing() -> (u16, Value) {
    (404, json!({"error": "Object Not Found", "reason": "Not Found"}))
}

fn ada() -> Case {
    case(capability::GetAccount, "gives one user")
        .request(json!({"account_id": "ada/7"}))
        .upstream(get("/api/users/ada%2F7").answers(user("ada/7", &json!(["management"]))))
        .expect(response(
            json!({"integration_specific_id": "ada/7", "username": "ada/7", "user_status": "ACTIVE"}),
        ))
}

fn credentials() -> Vec<Case> {
    let validate = |name: &str| case(capability::ValidateCredentials, name);
    let own = |tags: Value| get("/api/whoami").answers(json!({"name": "lumos", "tags": tags}));
    let refused = |reason: &str| {
        get("/api/whoami").answers((401, json!({"error": "not_authorised", "reason": reason})))
    };
    vec![
        validate("the tenant is the cluster's id")
            .upstream(own(json!(["administrator"])))
            .upstream(
                get("/api/global-parameters/internal_cluster_id")
                    .answers(json!({"name": "internal_cluster_id", "value": "rabbitmq-cluster-id-x"})),
            )
            .expect(response(json!({"valid": true, "unique_tenant_id": "rabbitmq-cluster-id-x"}))),
        validate("an old cluster has a name only, and tags with commas")
            .upstream(own(json!("management, administrator")))
            .upstream(get("/api/global-parameters/internal_cluster_id").answers(missing()))
            .upstream(get("/api/cluster-name").answers(json!({"name": "rabbit@one"})))
            .expect(response(json!({"valid": true, "unique_tenant_id": "rabbit@one"}))),
        validate("a user that is no administrator is refused")
            .upstream(own(json!(["management"])))
            .expect(error(ConnectorErrorCode::PermissionDenied).message("administrator")),
        validate("a wrong password is one")
            .upstream(refused("Login failed"))
            .expect(error(ConnectorErrorCode::Unauthorized).message("Login failed").status_code(401)),
        validate("a missing tag is a missing permission, though the status is the same")
            .upstream(refused("Not management user"))
            .expect(
                error(ConnectorErrorCode::PermissionDenied).message("Not management user").status_code(401),
            ),
    ]
}

fn listings() -> Vec<Case> {
    let users = || get("/api/users").any_times();
    let hosts =
        || get("/api/vhosts").any_times().answers(json!([{"name": "/"}, {"name": "b", "description": "B"}]));
    let permissions = || {
        get("/api/permissions").any_times().answers(json!([
            permission("ada", "/", [".*", "", "^a:"]),
            permission("grace", "b", ["", "", ""]),
            permission("gone", "b", [".*", ".*", ".*"]),
        ]))
    };
    let two =
        || users().answers(json!([user("grace", &json!([])), user("ada", &json!(["management", "ops"]))]));
    let held = |account: &str, id: &str, vhost: &str| {
        json!({
            "account_id": account, "integration_specific_entitlement_id": id,
            "integration_specific_resource_id": vhost,
        })
    };
    vec![
        case(capability::ListAccounts, "are in the order of names whatever the broker's is")
            .page_size(2)
            .upstream(users().answers(json!(
                ["b", "ada@acme.test", "a", "c"].map(|name| user(name, &json!([])))
            )))
            .expect(listing().pages(2).exactly(json!(["a", "ada@acme.test", "b", "c"].map(|name| {
                let email = name.contains('@').then_some(name);
                json!({"integration_specific_id": name, "username": name, "email": email, "user_status": "ACTIVE"})
            })))),
        case(capability::ListAccounts, "a user that is not understood costs itself, and is told")
            .part("include_raw_data", true)
            .upstream(users().answers(json!([
                {"name": 7}, user("ada", &json!(["x"])), "odd", {"tags": []}, user("\u{FFFD}A", &json!([])),
            ])))
            .expect(
                response(json!([
                    {"integration_specific_id": "ada", "username": "ada", "user_status": "ACTIVE"}
                ]))
                .beside("raw_data", json!({"left_out": ["4 of 5 users are not understood"]})),
            ),
        case(capability::ListResources, "are virtual hosts").upstream(hosts()).expect(response(json!([
            {"integration_specific_id": "/", "label": "/", "resource_type": "vhost"},
            {"integration_specific_id": "b", "label": "b", "resource_type": "vhost", "description": "B"},
        ]))),
        case(capability::ListEntitlements, "are tags, and what can be allowed in each virtual host")
            .page_size(4)
            .upstreams([two(), hosts(), permissions()])
            .expect(listing().rows(6 + 5 + 4).pages(4)),
        case(capability::FindEntitlementAssociations, "are tags and permissions of users that there are")
            .page_size(2)
            .upstreams([two(), permissions()])
            .expect(listing().pages(3).exactly(json!([
                held("ada", "management", ""),
                held("ada", "ops", ""),
                held("ada", "access", "/"),
                held("ada", "configure", "/"),
                held("ada", "read:^a:", "/"),
                held("grace", "access", "b"),
            ]))),
        case(capability::GetAccountEntitlementAssociations, "are those of one user")
            .request(json!({"account_id": "ada"}))
            .upstream(get("/api/users/ada").answers(user("ada", &json!(["ops"]))))
            .upstream(
                get("/api/users/ada/permissions").answers(json!([permission("ada", "b", ["", ".*", ""])])),
            )
            .expect(response(json!([held("ada", "ops", ""), held("ada", "access", "b"), held("ada", "write", "b")]))),
        case(capability::GetAccountEntitlementAssociations, "an unknown user is missing")
            .request(json!({"account_id": "x"}))
            .upstream(get("/api/users/x").answers(missing()))
            .expect(error(ConnectorErrorCode::NotFound).message("no user \"x\"")),
    ]
}

fn change(kind: &str, id: &str, vhost: &str) -> Value {
    json!({
        "account_integration_specific_id": "ada", "resource_integration_specific_id": vhost,
        "resource_type": if vhost.is_empty() { "" } else { "vhost" },
        "entitlement_type": kind, "entitlement_integration_specific_id": id,
    })
}

fn tags() -> Vec<Case> {
    let ada = |tags: Value| get("/api/users/ada").answers(user("ada", &tags));
    // The password goes with it, or it would be cleared.
    let set = |tags: Value| {
        put("/api/users/ada")
            .json(json!({
                "tags": tags, "password_hash": "aGFzaGVk", "hashing_algorithm": "rabbit_password_hashing_sha256",
            }))
            .answers(204)
    };
    let assign =
        |name: &str, id: &str| case(capability::AssignEntitlement, name).request(change("tag", id, ""));
    let unassign =
        |name: &str, id: &str| case(capability::UnassignEntitlement, name).request(change("tag", id, ""));
    let assigned = || response(json!({"assigned": true})).partly();
    vec![
        assign("a tag is added to the others", "ops")
            .upstreams([ada(json!(["x"])), set(json!(["ops", "x"])), ada(json!(["x", "ops"]))])
            .expect(assigned()),
        assign("a tag that is there is left alone", "ops").upstream(ada(json!(["ops"]))).expect(assigned()),
        assign("what the broker does not keep is an error", "ops")
            .upstreams([ada(json!([])), set(json!(["ops"])), ada(json!([]))])
            .expect(error(ConnectorErrorCode::Conflict).message("other tags")),
        assign("a tag has a name", "").expect(error(ConnectorErrorCode::InvalidValue).message("name of a tag")),
        unassign("a tag is taken away", "ops")
            .upstreams([ada(json!("ops,x")), set(json!(["x"])), ada(json!(["x"]))])
            .expect(response(json!({"unassigned": true}))),
        case(capability::UnassignEntitlement, "nothing is taken from the connector's own user")
            .request(json!({
                "account_integration_specific_id": "lumos", "resource_integration_specific_id": "",
                "resource_type": "", "entitlement_type": "tag", "entitlement_integration_specific_id": "administrator",
            }))
            .expect(error(ConnectorErrorCode::UnsupportedOperation).message("own user")),
    ]
}

fn permissions() -> Vec<Case> {
    const PATH: &str = "/api/permissions/a%2Fb/ada";
    let ada = || get("/api/users/ada").answers(user("ada", &json!([])));
    let shown = |patterns: [&str; 3]| get(PATH).answers(permission("ada", "a/b", patterns));
    let none = || get(PATH).answers(missing());
    let host = || get("/api/vhosts/a%2Fb").answers(json!({"name": "a/b"}));
    let set = |patterns: [&str; 3]| {
        let [configure, write, read] = patterns;
        put(PATH).json(json!({"configure": configure, "write": write, "read": read})).answers(201)
    };
    let assign = |name: &str, id: &str| {
        case(capability::AssignEntitlement, name).request(change("permission", id, "a/b"))
    };
    let unassign = |name: &str, id: &str| {
        case(capability::UnassignEntitlement, name).request(change("permission", id, "a/b"))
    };
    let assigned = || response(json!({"assigned": true}));
    let unassigned = || response(json!({"unassigned": true}));
    vec![
        assign("the first permission comes with access", "read")
            .upstreams([ada(), none(), host(), set(["", "", ".*"]), shown(["", "", ".*"])])
            .expect(assigned()),
        assign("a pattern takes the place of another", "write:^a:b")
            .upstreams([ada(), shown(["x", "y", "z"]), set(["x", "^a:b", "z"]), shown(["x", "^a:b", "z"])])
            .expect(assigned()),
        assign("what is there is left alone", "access")
            .upstreams([ada(), shown(["", "", ""])])
            .expect(assigned()),
        assign("a virtual host that does not exist is missing", "read")
            .upstreams([ada(), none(), get("/api/vhosts/a%2Fb").answers(missing())])
            .expect(error(ConnectorErrorCode::NotFound).message("no virtual host \"a/b\"")),
        assign("an operation that there is not is refused", "delete")
            .expect(error(ConnectorErrorCode::InvalidValue).message("configure, write or read")),
        unassign("an operation leaves the others, and access", "configure")
            .upstreams([ada(), shown([".*", "", ""]), set(["", "", ""]), shown(["", "", ""])])
            .expect(unassigned()),
        unassign("another pattern than the user's is not the user's", "configure")
            .upstreams([ada(), shown(["^a", "", ""])])
            .expect(unassigned()),
        unassign("without access there is no permission", "access")
            .upstreams([ada(), shown([".*", ".*", ".*"]), delete(PATH).answers(204), none()])
            .expect(unassigned()),
        unassign("what is still there is an error", "access")
            .upstream(get(PATH).times(2).answers(permission("ada", "a/b", ["", "", ""])))
            .upstreams([ada(), delete(PATH).answers(204)])
            .expect(error(ConnectorErrorCode::Conflict).message("other permissions")),
    ]
}

fn accounts() -> Vec<Case> {
    let create = |name: &str, request: Value| case(capability::CreateAccount, name).request(request);
    let none = || get("/api/users/ada").answers(missing());
    let there = || get("/api/users/ada").answers(user("ada", &json!([])));
    let made = || put("/api/users/ada").json(json!({"tags": "", "password": "horse staple"})).answers(201);
    let request = json!({"name": "ada", "password": "horse staple"});
    let tagged = |id: &str| {
        json!({"name": "ada", "password": "horse staple", "entitlements": [{
            "integration_specific_id": id, "integration_specific_resource_id": "", "entitlement_type": "tag",
        }]})
    };
    let deleted =
        || case(capability::DeleteAccount, "is gone afterwards").request(json!({"account_id": "ada"}));
    vec![
        create("is there afterwards", request.clone())
            .upstreams([none(), made(), there()])
            .expect(response(json!({"created": true, "id": "ada", "status": "ACTIVE"})).partly()),
        create("without a password it has none", json!({"name": "ada"}))
            .upstreams([
                none(),
                put("/api/users/ada").json(json!({"tags": "", "password_hash": ""})).answers(201),
                there(),
            ])
            .expect(response(json!({"created": true, "id": "ada"})).partly()),
        create("a user that exists is not replaced", request.clone())
            .upstream(there())
            .expect(error(ConnectorErrorCode::Conflict).message("already")),
        create("a user that appears in between is a conflict", request)
            .upstreams([none(), put("/api/users/ada").any_body().answers(204)])
            .expect(error(ConnectorErrorCode::Conflict).hint("same time")),
        create("one without what it was to have is not kept", tagged("ops"))
            .upstreams([none(), made(), there()])
            .upstream(
                put("/api/users/ada")
                    .any_body()
                    .answers((400, json!({"error": "bad_request", "reason": "no"}))),
            )
            .upstreams([delete("/api/users/ada").answers(204), none()])
            .expect(error(ConnectorErrorCode::BadRequest).message("no")),
        create("nothing is made for what cannot be", tagged(""))
            .expect(error(ConnectorErrorCode::InvalidValue)),
        deleted()
            .upstreams([there(), delete("/api/users/ada").answers(204), none()])
            .expect(response(json!({"deleted": true, "status": "DELETED"}))),
        case(capability::DeleteAccount, "an unknown user is missing")
            .request(json!({"account_id": "ada"}))
            .upstream(none())
            .expect(error(ConnectorErrorCode::NotFound)),
        case(capability::DeleteAccount, "the connector's own user stays")
            .request(json!({"account_id": "lumos"}))
            .expect(error(ConnectorErrorCode::UnsupportedOperation)),
    ]
}
