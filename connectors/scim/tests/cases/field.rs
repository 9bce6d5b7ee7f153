//! What services in the field really answer, each as a small service of its own. The numbers are those of the reports.

use std::sync::Mutex;

use lumos_connector::prelude::capability;
use lumos_connector_testing::prelude::*;
use lumos_connector_testing::{Answer, Expected, ExpectedListing, Received};
use serde_json::Value;

use crate::reading::held;

type Rows = Vec<Value>;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = listings();
    cases.extend(shapes());
    cases.extend(memberships());
    cases.extend(changes());
    cases
}

/// A service in one function: the method and the path below `/v2`, and the call.
fn service(answer: impl Fn(&str, &str, &Received) -> Answer + Send + Sync + 'static) -> Exchange {
    anything().any_times().answers_with(move |call| {
        let path = call.path.strip_prefix("/v2").unwrap_or(&call.path).to_owned();
        answer(&call.method, &path, call)
    })
}

/// A service that publishes no configuration and has users only.
fn users(answer: impl Fn(&Received) -> Answer + Send + Sync + 'static) -> Exchange {
    service(move |_, path, call| if path == "/Users" { answer(call) } else { status(404) })
}

fn status(status: u16) -> Answer {
    answer(status)
}

fn ok(body: impl Into<Value>) -> Answer {
    answer(200).json(body)
}

fn all(count: usize) -> Rows {
    (1..=count).map(|id| json!({"id": format!("u{id:04}"), "userName": format!("n{id}")})).collect()
}

fn number(call: &Received, name: &str, default: usize) -> usize {
    call.parameter(name).and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// The rows that a call asks for by number, at most `cap` of them.
fn slice(rows: &Rows, call: &Received, cap: usize) -> Rows {
    let (start, count) = (number(call, "startIndex", 1).max(1), number(call, "count", 100).min(cap));
    rows.iter().skip(start - 1).take(count).cloned().collect()
}

/// The rows after the id in the filter.
fn after(rows: &Rows, call: &Received, cap: usize) -> Rows {
    let after =
        call.parameter("filter").and_then(|filter| filter.split('"').nth(1)).unwrap_or_default().to_owned();
    let count = number(call, "count", 100).min(cap);
    rows.iter().filter(|row| row["id"].as_str() > Some(after.as_str())).take(count).cloned().collect()
}

fn listed(total: impl Into<Value>, rows: Rows) -> Answer {
    ok(
        json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": total.into(), "Resources": rows}),
    )
}

fn error_body(status: u16, scim_type: &str) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": status.to_string(),
        "scimType": scim_type, "detail": "no"})
}

fn everybody(rows: usize) -> ExpectedListing {
    listing().unique_by("integration_specific_id").rows(rows)
}

fn accounts(name: &str, size: i64, upstream: Exchange, expected: impl Into<Expected>) -> Case {
    case(capability::ListAccounts, name).page_size(size).upstream(upstream).expect(expected)
}

/// A service that filters and sorts.
fn keyset(answer: impl Fn(&Received) -> Answer + Send + Sync + 'static) -> Exchange {
    service(move |_, path, call| match path {
        "/ServiceProviderConfig" => ok(json!({"filter": {"supported": true}, "sort": {"supported": true}})),
        "/Users" => answer(call),
        _ => status(404),
    })
}

fn listings() -> Vec<Case> {
    let stuck = || error(ConnectorErrorCode::InvalidResponse).message("startIndex").hint("paging");
    vec![
        accounts("S01 reads names in any case", 100, users(|_| ok(json!({"totalResults": 3, "resources": all(3)}))), everybody(3)),
        accounts("S02b does not believe a total of the page", 10, keyset(|call| {
            let rows = after(&all(25), call, 100);
            listed(rows.len(), rows)
        }), everybody(25)),
        accounts("S02b likewise by number", 10, users(|call| {
            let rows = slice(&all(25), call, 100);
            listed(rows.len(), rows)
        }), everybody(25)),
        accounts("S02b with a cap below what is asked for", 100, users(|call| {
            let rows = slice(&all(25), call, 10);
            listed(rows.len(), rows)
        }), everybody(25)),
        accounts("S03 reads a total as text", 100, users(|_| listed("3", all(3))), everybody(3)),
        accounts("S03 reads a total of nothing with rows", 10, users(|call| listed(0, slice(&all(25), call, 100))), everybody(25)),
        accounts("S04 goes on where pages are capped and nothing is counted", 20, keyset(|call| {
            ok(json!({"Resources": after(&all(25), call, 10)}))
        }), everybody(25)),
        accounts("S04 likewise by number", 20, users(|call| ok(json!({"Resources": slice(&all(25), call, 10)}))), everybody(25)),
        accounts("S06 asks for no more than the service allows", 1000, service(|_, path, call| match path {
            "/ServiceProviderConfig" => ok(json!({"filter": {"supported": true, "maxResults": 100}, "sort": {"supported": false}})),
            _ if number(call, "count", 0) > 100 => answer(422).json(error_body(422, "")),
            _ => listed(250, slice(&all(250), call, 100)),
        }), everybody(250)),
        accounts("S06 likewise where the limit is not published", 1000, users(|call| match number(call, "count", 0) {
            101.. => status(400),
            _ => listed(250, slice(&all(250), call, 100)),
        }), everybody(250)),
        accounts("S06 likewise for a limit of 50 that the refusal names", 100, users(|call| match number(call, "count", 0) {
            51.. => answer(400).json(json!({"detail": "count must be between 1 and 50"})),
            _ => listed(120, slice(&all(120), call, 50)),
        }), everybody(120)),
        accounts("S08 goes on behind rows that are counted and not shown", 5, users(|call| {
            let shown = slice(&all(25), call, 100).into_iter().filter(|row| {
                let id: usize = row["id"].as_str().and_then(|id| id[1..].parse().ok()).unwrap_or_default();
                !(6..=14).contains(&id)
            });
            listed(25, shown.collect())
        }), everybody(16)),
        accounts("S09 says that startIndex is ignored", 10, users(|call| {
            listed(25, all(25).into_iter().take(number(call, "count", 100).min(10)).collect())
        }), stuck()).position(json!({"way": "index", "passed": 10, "after": "u0010", "size": 10})),
        accounts("S09 likewise where nothing is counted", 10, users(|call| {
            ok(json!({"Resources": all(25).into_iter().take(number(call, "count", 100)).collect::<Rows>()}))
        }), stuck()).position(json!({"way": "index", "passed": 10, "after": "u0010", "size": 10})),
        accounts("takes everything from a service that does not page at all", 10, users(|_| ok(all(25))), everybody(25)),
        accounts("takes everything from a service that refuses to page", 10, users(|call| match call.parameter("count") {
            Some(_) => answer(501).json(error_body(501, "")),
            None => listed(25, all(25)),
        }), everybody(25)),
        accounts("gives the row that a service counting from 0 leaves out", 10, users(|call| {
            let (start, count) = (number(call, "startIndex", 0), number(call, "count", 100));
            listed(25, all(25).into_iter().skip(start).take(count).collect())
        }), everybody(25)),
        accounts("an error in the middle of a listing by number is no end", 10, users(|call| match number(call, "startIndex", 1) {
            1 => ok(json!({"Resources": slice(&all(25), call, 100)})),
            _ => status(401),
        }), error(ConnectorErrorCode::Unauthorized)).position(json!({"way": "index", "passed": 10, "after": "u0010", "size": 10})),
        accounts("misses nobody after a page that was cut behind rows that moved", 1, users({
            let asked = Mutex::new(0);
            move |call| {
                let mut asked = asked.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                *asked += 1;
                // The row that was given last is gone, and after two requests one more in front of it.
                let is_gone = |row: &Value| row["id"] == "u0010" || *asked > 2 && row["id"] == "u0001";
                let rows: Rows = all(20).into_iter().filter(|row| !is_gone(row)).collect();
                listed(rows.len(), slice(&rows, call, 100))
            }
        }), everybody(10)).position(json!({"way": "index", "passed": 10, "after": "u0010", "size": 1})),
        accounts("goes on after pages that overlap", 3, users(|call| {
            let start = number(call, "startIndex", 1).saturating_sub(2);
            listed(8, all(8).into_iter().skip(start).take(number(call, "count", 100)).collect())
        }), everybody(8)),
        accounts("gives a row once that a page has twice", 10, users(|call| {
            listed(6, slice(&all(3), call, 100).into_iter().flat_map(|row| [row.clone(), row]).collect())
        }), everybody(3)),
        accounts("proves an end by number where rows are not in order", 1, keyset(|call| {
            let rows: Rows = ["1", "2", "9", "3"].map(|id| json!({"id": id})).to_vec();
            match call.parameter("startIndex") {
                Some(_) => listed(4, slice(&rows, call, 100)),
                None => {
                    let all = after(&rows, call, 100);
                    let wanted = call.parameter("filter").and_then(|filter| filter.split('"').nth(1).map(str::to_owned)).unwrap_or_default();
                    let left = rows.iter().filter(|row| row["id"].as_str() > Some(wanted.as_str())).count();
                    listed(left, all)
                }
            }
        }), everybody(4)),
        accounts("S53 asks with a cursor where startIndex is ignored", 100, users(|call| match call.parameter("cursor") {
            None => listed(100, all(100)),
            Some(cursor) => {
                let start: usize = cursor.parse().unwrap_or(0);
                let mut page = json!({"Resources": all(250).into_iter().skip(start).take(100).collect::<Rows>()});
                if start + 100 < 250 {
                    page["nextCursor"] = (start + 100).to_string().into();
                }
                ok(page)
            }
        }), everybody(250)),
        accounts("S11 reads an error that comes with a good status", 100, users(|_| ok(error_body(503, ""))), error(ConnectorErrorCode::ServiceError)),
        accounts("S11 does not take anything for a list", 100, users(|_| ok(json!({"hello": "world"}))), error(ConnectorErrorCode::InvalidResponse)),
        accounts("S11 does not take a web page for a list", 100, users(|_| answer(200).html("<html>Sign in</html>")),
            error(ConnectorErrorCode::InvalidResponse).message("web page")),
        accounts("S45 follows a redirect on the same host", 100, users_at("/Users/"), everybody(3)),
        accounts("S45 says where a redirect leads to another host", 100, users(|_| {
            answer(302).header("location", "https://login.x.test/start?x=1")
        }), error(ConnectorErrorCode::InvalidResponse).message("redirects to https://login.x.test/start")),
    ]
}

fn users_at(target: &'static str) -> Exchange {
    service(move |_, path, call| match path {
        "/Users" => answer(308).header("location", "/v2/Users/"),
        path if path == target => listed(3, slice(&all(3), call, 100)),
        _ => status(404),
    })
}

fn shapes() -> Vec<Case> {
    let one = |name: &str, body: Value, expected: Value| {
        case(capability::GetAccount, name)
            .request(json!({"account_id": "u1"}))
            .upstream(users_one(body))
            .expect(response(expected).partly())
    };
    vec![
        one("S24 reads names in any case", json!({"Id": "u1", "UserName": "ada", "ACTIVE": "True"}),
            json!({"integration_specific_id": "u1", "username": "ada", "user_status": "ACTIVE"})),
        one("S28 reads an id as number", json!({"id": 7, "active": "false"}),
            json!({"integration_specific_id": "7", "user_status": "INACTIVE"})),
        one("reads emails as texts", json!({"id": "u1", "emails": ["a@x.test"], "name": null}), json!({"email": "a@x.test"})),
        one("reads one email in place of a list", json!({"id": "u1", "emails": {"value": "a@x.test"}}), json!({"email": "a@x.test"})),
        one("reads primary as text", json!({"id": "u1", "emails": [{"value": "b@x.test"}, {"value": "a@x.test", "primary": "True"}]}),
            json!({"email": "a@x.test"})),
        accounts("S50 skips a byte-order mark, whatever the content type", 100, users(|_| {
            answer(200).header("content-type", "text/plain").text(format!("\u{feff}{}", json!({"totalResults": 1, "Resources": all(1)})))
        }), everybody(1)),
        accounts("S18 reads null as absent", 10, service(|_, path, call| match path {
            "/ServiceProviderConfig" => ok(json!({"filter": null, "sort": null, "patch": null, "pagination": null})),
            _ => listed(25, slice(&all(25), call, 100)),
        }), everybody(25)),
        accounts("does without a configuration that is none", 10, service(|_, path, call| match path {
            "/ServiceProviderConfig" => answer(200).html("<html></html>"),
            _ => listed(25, slice(&all(25), call, 100)),
        }), everybody(25)),
        accounts("reads null in place of rows, and one row in place of a list", 10, users(|call| match number(call, "startIndex", 1) {
            1 => ok(json!({"totalResults": "1", "Resources": {"id": 1}})),
            _ => ok(json!({"totalResults": 1, "Resources": null})),
        }), everybody(1)),
        case(capability::ListAccounts, "an odd row costs itself and is told")
            .part("include_raw_data", true)
            .upstream(users(|call| listed(4, slice(&vec![json!({"id": "1"}), json!({"userName": "x"}), json!(null), json!({"id": 2})], call, 100))))
            .expect(response(json!([{"integration_specific_id": "1"}, {"integration_specific_id": "2"}])).partly()
                .beside("raw_data", json!({"left_out": ["/Users: 2 rows without an id are left out"]}))),
        accounts("asks for whole users where attributes are refused", 10, users(|call| match call.parameter("excludedAttributes") {
            Some(_) => answer(400).json(error_body(400, "invalidValue")),
            None => listed(25, slice(&all(25), call, 100)),
        }), everybody(25)),
        accounts("goes on without an order that is refused", 10, keyset(|call| match call.parameter("sortBy") {
            Some(_) => answer(400).json(error_body(400, "invalidValue")),
            None => listed(25, slice(&all(25), call, 100)),
        }), everybody(25)),
        case(capability::ListCustomAttributesSchema, "S19 reads bare arrays")
            .upstream(service(|_, path, _| match path {
                "/ResourceTypes" => ok(json!([{"Endpoint": "https://x.test/v2/Users", "schema": "urn:u", "schemaExtensions": null}, 5])),
                "/Schemas" => ok(json!([{"id": "URN:u", "attributes": [{"name": "title", "type": "string"}, null]}])),
                _ => status(404),
            }))
            .expect(response(json!([{"customized_type": "account", "name": "title", "attribute_type": "string"}]))),
        case(capability::ListCustomAttributesSchema, "publishes none where the service does not")
            .upstream(service(|_, _, _| status(404)))
            .expect(response(json!([]))),
    ]
}

fn users_one(body: Value) -> Exchange {
    service(move |_, path, _| if path == "/Users/u1" { ok(body.clone()) } else { status(404) })
}

fn memberships() -> Vec<Case> {
    let find = |name: &str, upstream, expected: Value| {
        case(capability::FindEntitlementAssociations, name)
            .upstream(upstream)
            .expect(listing().exactly(expected))
    };
    let of_account = |name: &str, upstream, expected: Value| {
        case(capability::GetAccountEntitlementAssociations, name)
            .request(json!({"account_id": "u1"}))
            .upstream(upstream)
            .expect(response(expected))
    };
    let two = || json!([held("u1", "g1"), held("u2", "g1")]);
    vec![
        find(
            "S25 reads members in any case",
            groups(json!({"id": "g1", "Members": [{"Value": "u1"}, {"Value": "u2"}]})),
            two(),
        ),
        find(
            "S26 reads members by their address, and users only",
            groups(json!({"id": "g1", "members": [
                {"$ref": "Users/u1"}, {"$ref": "Groups/g2"}, {"$ref": "ServicePrincipals/sp9"}, {"value": "u2", "$ref": null}, null, {"display": "x"},
            ]})),
            two(),
        ),
        find(
            "S28 reads ids as numbers",
            groups(json!({"id": 1, "members": [{"value": 1}]})),
            json!([held("1", "1")]),
        ),
        find(
            "S30 reads groups one by one where their list shows no members",
            service(|_, path, call| match path {
                "/Groups" => listed(
                    2,
                    slice(
                        &vec![json!({"id": "g1", "members": []}), json!({"id": "g2", "members": []})],
                        call,
                        100,
                    ),
                ),
                "/Groups/g1" => ok(json!({"id": "g1", "members": [{"value": "u1"}, {"value": "u2"}]})),
                "/Groups/g2" => ok(json!({"id": "g2", "members": []})),
                "/Users" => listed(2, slice(&all(2), call, 100)),
                _ => status(404),
            }),
            two(),
        ),
        find(
            "S30 reads the groups of users where no group shows members",
            service(|_, path, call| match path {
                "/Groups" => listed(1, slice(&vec![json!({"id": "g1"})], call, 100)),
                "/Groups/g1" => ok(json!({"id": "g1"})),
                "/Users" => {
                    let users = ["u1", "u2"].map(|id| json!({"id": id, "groups": [{"value": "g1"}]}));
                    listed(2, slice(&users.to_vec(), call, 100))
                }
                _ => status(404),
            }),
            two(),
        ),
        find(
            "S30 asks for the groups of each user with a filter where the settings say so",
            service(|_, path, call| match path {
                "/Groups" => match call.parameter("filter") {
                    Some("members.value eq \"u0001\"") => {
                        listed(1, slice(&vec![json!({"id": "g1", "members": []})], call, 100))
                    }
                    _ => listed(0, Vec::new()),
                },
                "/Users" => listed(2, slice(&all(2), call, 100)),
                _ => status(404),
            }),
            json!([held("u0001", "g1")]),
        )
        .settings(json!({"base_url": "{upstream}/v2", "memberships": "filter"})),
        find(
            "a group that cannot be read costs itself",
            service(|_, path, call| match path {
                "/Groups" => listed(2, slice(&vec![json!({"id": "g0"}), json!({"id": "g1"})], call, 100)),
                "/Groups/g0" => status(403),
                "/Groups/g1" => ok(json!({"id": "g1", "members": ["u1", "u2"]})),
                "/Users" => listed(0, Vec::new()),
                _ => status(404),
            }),
            two(),
        ),
        of_account(
            "S33 does not believe a filter that finds nothing",
            account(|call| match call.parameter("filter") {
                Some(_) => listed(0, Vec::new()),
                None => listed(1, slice(&vec![json!({"id": "g1", "members": [{"value": "u1"}]})], call, 100)),
            }),
            json!([held("u1", "g1")]),
        ),
        of_account(
            "S55 reads all groups where the filter is refused as a value",
            account(|call| match call.parameter("filter") {
                Some(_) => answer(400).json(error_body(400, "invalidValue")),
                None => listed(1, slice(&vec![json!({"id": "g1", "members": [{"value": "u1"}]})], call, 100)),
            }),
            json!([held("u1", "g1")]),
        ),
        case(capability::ListEntitlements, "S20 lists roles of users where there are no groups")
            .upstream(service(|_, path, call| match path {
                "/Users" => listed(1, slice(&vec![json!({"id": "u1", "roles": ["admin"]})], call, 100)),
                _ => answer(404).html("<html>no such page</html>"),
            }))
            .expect(listing().unique_by("integration_specific_id").rows(1)),
        case(capability::ListEntitlements, "S35 reads all users where a filter fails")
            .upstream(roles_where(|| answer(500)))
            .expect(listing().unique_by("integration_specific_id").rows(1)),
        case(capability::ListEntitlements, "S35 likewise where a filter is forbidden")
            .upstream(roles_where(|| answer(403)))
            .expect(listing().unique_by("integration_specific_id").rows(1)),
        case(capability::ListEntitlements, "S35 likewise where it finds nobody")
            .upstream(roles_where(|| listed(0, Vec::new())))
            .expect(listing().unique_by("integration_specific_id").rows(1)),
    ]
}

/// A service with one user who has a role, and an answer to filters.
fn roles_where(filtered: impl Fn() -> Answer + Send + Sync + 'static) -> Exchange {
    service(move |_, path, call| match (path, call.parameter("filter")) {
        ("/Users", Some(_)) => filtered(),
        ("/Users", None) => listed(1, slice(&vec![json!({"id": "u1", "roles": ["admin"]})], call, 100)),
        ("/Groups", _) => listed(0, Vec::new()),
        _ => status(404),
    })
}

/// A service with one group and no users in lists.
fn groups(group: Value) -> Exchange {
    service(move |_, path, call| match path {
        "/Groups" => listed(1, slice(&vec![group.clone()], call, 100)),
        "/Users" => listed(0, Vec::new()),
        _ => status(404),
    })
}

/// A service that filters, with the user `u1` and an answer to queries for groups.
fn account(found: impl Fn(&Received) -> Answer + Send + Sync + 'static) -> Exchange {
    service(move |_, path, call| match path {
        "/ServiceProviderConfig" => ok(json!({"filter": {"supported": true}})),
        "/Users/u1" => ok(json!({"id": "u1"})),
        "/Groups" => found(call),
        _ => status(404),
    })
}

fn changes() -> Vec<Case> {
    let change = |name: &str, upstream| {
        case(capability::UnassignEntitlement, name).request(json!({
            "account_integration_specific_id": "u1", "entitlement_type": "group",
            "entitlement_integration_specific_id": "g1", "resource_integration_specific_id": "", "resource_type": "",
        })).upstream(upstream)
    };
    let add = |name: &str, upstream| {
        case(capability::AssignEntitlement, name).request(json!({
            "account_integration_specific_id": "u1", "entitlement_type": "group",
            "entitlement_integration_specific_id": "g1", "resource_integration_specific_id": "", "resource_type": "",
        })).upstream(upstream)
    };
    let unseen = || error(ConnectorErrorCode::InvalidResponse).message("accepted").hint("read_back");
    let removed = || response(json!({"unassigned": true}));
    vec![
        change(
            "S31 sends the removal where members are not shown",
            service(|method, path, _| match (method, path) {
                ("GET", "/Users/u1") => ok(json!({"id": "u1"})),
                ("GET", "/Groups/g1") => ok(json!({"id": "g1"})),
                ("PATCH", "/Groups/g1") => status(204),
                _ => status(400),
            }),
        )
        .expect(removed()),
        change(
            "S57 removes by value, and reads it back",
            group(&["u1", "u2"], |body, members| {
                let operation = &body["Operations"][0];
                if operation["path"].as_str().is_some_and(|path| path.contains('[')) {
                    return status(501);
                }
                if operation["value"][0]["value"] == "u1" {
                    members.retain(|member| member != "u1");
                }
                status(200)
            }),
        )
        .expect(removed()),
        change("a removal that does nothing is not told", group(&["u1", "u2"], |_, _| status(204)))
            .expect(unseen()),
        change(
            "a removal that does nothing is told where the settings say so",
            group(&["u1", "u2"], |_, _| status(204)),
        )
        .settings(json!({"base_url": "{upstream}/v2", "read_back": "never"}))
        .expect(removed()),
        change(
            "members that a removal by value takes away are given back",
            group(&["u1", "u2", "u3"], |body, members| {
                let operation = &body["Operations"][0];
                match operation["op"].as_str() {
                    Some("add") => {
                        let added = body["Operations"].as_array().into_iter().flatten();
                        members.extend(
                            added.filter_map(|one| one["value"][0]["value"].as_str().map(str::to_owned)),
                        );
                        status(204)
                    }
                    _ if operation["path"] == "members" => {
                        members.clear();
                        status(204)
                    }
                    _ => status(400),
                }
            }),
        )
        .expect(removed()),
        add(
            "S59 adds a member with its type where that is needed",
            group(&["u2"], |body, members| {
                let value = &body["Operations"][0]["value"][0];
                if value["type"] != "User" {
                    return answer(400).json(error_body(400, "invalidValue"));
                }
                members.push(value["value"].as_str().unwrap_or_default().to_owned());
                status(200)
            }),
        )
        .expect(response(json!({"assigned": true}))),
        add("an assignment that does nothing is not told", group(&["u2"], |_, _| ok(json!({"id": "g1"}))))
            .expect(unseen()),
        case(capability::CreateAccount, "S38 takes the id from the address of a created user")
            .request(json!({"username": "new@x.test"}))
            .upstream(service(|method, path, _| match (method, path) {
                ("POST", "/Users") => answer(201).header("location", "https://x.test/v2/Users/new%40x.test"),
                ("GET", "/Users/new%40x.test") => {
                    ok(json!({"id": "new@x.test", "userName": "new@x.test", "active": true}))
                }
                _ => status(404),
            }))
            .expect(response(json!({"id": "new@x.test", "status": "ACTIVE", "created": true}))),
        case(capability::CreateAccount, "S38 looks for a created user of which nothing is said")
            .request(json!({"username": "new@x.test"}))
            .upstream(service(|method, path, _| match (method, path) {
                ("POST", "/Users") => status(201),
                ("GET", "/Users") => listed(1, vec![json!({"id": "7", "userName": "New@x.test"})]),
                ("GET", "/Users/7") => ok(json!({"id": "7"})),
                _ => status(404),
            }))
            .expect(response(json!({"id": "7", "status": "ACTIVE", "created": true}))),
        case(capability::CreateAccount, "a user that is not there was not created")
            .request(json!({"username": "new@x.test"}))
            .upstream(service(|method, _, _| {
                if method == "POST" { answer(201).json(json!({"id": "7"})) } else { status(404) }
            }))
            .expect(unseen()),
        case(capability::DeactivateAccount, "a user who stays active was not deactivated")
            .request(json!({"account_id": "u1"}))
            .upstream(service(|method, _, _| {
                if method == "GET" { ok(json!({"id": "u1", "active": true})) } else { status(200) }
            }))
            .expect(unseen()),
        case(capability::DeactivateAccount, "writes without a path where paths are refused")
            .request(json!({"account_id": "u1"}))
            .upstream({
                let active = Mutex::new(true);
                service(move |method, _, call| {
                    let mut active = active.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    match call.json() {
                        Some(body) if body["Operations"][0]["path"].is_null() => {
                            *active = body["Operations"][0]["value"]["active"] == true;
                            status(204)
                        }
                        Some(_) => answer(400).json(error_body(400, "invalidPath")),
                        None if method == "GET" => ok(json!({"id": "u1", "active": *active})),
                        None => status(404),
                    }
                })
            })
            .expect(response(json!({"status": "INACTIVE", "deactivated": true}))),
        case(capability::UpdateAccount, "an attribute that stays as it was is not updated")
            .request(json!({"id": "u1", "title": "Countess"}))
            .upstream(service(|method, _, _| {
                if method == "GET" { ok(json!({"id": "u1", "title": "Ms"})) } else { status(204) }
            }))
            .expect(unseen()),
        case(capability::DeleteAccount, "a user who is still there was not deleted")
            .request(json!({"account_id": "u1"}))
            .upstream(service(|method, _, _| {
                if method == "GET" { ok(json!({"id": "u1", "active": true})) } else { status(204) }
            }))
            .expect(unseen()),
        case(capability::DeleteAccount, "a user who is switched off instead counts as deleted")
            .request(json!({"account_id": "u1"}))
            .upstream(service(|method, _, _| {
                if method == "GET" { ok(json!({"id": "u1", "active": false})) } else { status(204) }
            }))
            .expect(response(json!({"status": "DELETED", "deleted": true}))),
    ]
}

/// A service with the user `u1` and the group `g1`, which a PATCH changes as it says; a PUT changes nothing, and there
/// are no filters.
fn group(
    members: &[&str],
    patched: impl Fn(&Value, &mut Vec<String>) -> Answer + Send + Sync + 'static,
) -> Exchange {
    let members = Mutex::new(members.iter().map(|member| (*member).to_owned()).collect::<Vec<_>>());
    service(move |method, path, call| {
        let mut members = members.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match (method, path) {
            ("GET", "/Users/u1") => ok(json!({"id": "u1"})),
            ("GET", "/Groups/g1") => {
                let members: Vec<_> = members.iter().map(|member| json!({"value": member})).collect();
                ok(json!({"id": "g1", "members": members}))
            }
            ("PATCH", "/Groups/g1") => patched(&call.json().unwrap_or_default(), &mut members),
            ("PUT", "/Groups/g1") => ok(json!({"id": "g1"})),
            _ => status(400),
        }
    })
}
