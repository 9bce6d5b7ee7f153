//! Listings of services that page well, badly, or not at all.

use std::sync::Mutex;

use lumos_connector::prelude::capability;
use lumos_connector_testing::prelude::*;
use serde_json::Value;

use crate::reading::held;
use crate::{able, endpoint, provider, scim_error};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(capability::ListAccounts, "goes on after the last id")
            .page_size(2)
            .upstream(able())
            .upstream(get("/v2/Users").any_query().any_times().answers_with(|call| {
                let after = call.parameter("filter").map_or("0", |filter| filter.trim_matches(|c: char| !c.is_ascii_digit()));
                let left: Vec<_> = users(1..=5).into_iter().filter(|user| user["id"].as_str() > Some(after)).collect();
                page(&left, left.len(), call.parameter("count"))
            }))
            .expect(listing().unique_by("integration_specific_id").rows(5).pages(3)),
        case(capability::ListAccounts, "counts rows where the filter is not understood")
            .page_size(2)
            .upstream(able())
            .upstream(get("/v2/Users").any_query().any_times().answers_with(|call| match call.parameter("filter") {
                Some(_) => scim_error(400, "invalidFilter", "only eq is supported").into(),
                None => numbered(&users(1..=5), call),
            }))
            .expect(listing().unique_by("integration_specific_id").rows(5).pages(3)),
        case(capability::ListAccounts, "counts rows where the filter is ignored")
            .page_size(2)
            .upstream(able())
            .upstream(get("/v2/Users").any_query().any_times().answers_with(|call| numbered(&users(1..=5), call)))
            .expect(listing().unique_by("integration_specific_id").rows(5).pages(3)),
        case(capability::ListAccounts, "counts rows where they are not sorted by id")
            .page_size(2)
            .upstream(able())
            .upstream(get("/v2/Users").any_query().any_times().answers_with(|call| {
                let mut users = users(1..=5);
                users.reverse();
                numbered(&users, call)
            }))
            .expect(listing().unique_by("integration_specific_id").rows(5).pages(3)),
        case(capability::ListAccounts, "misses nobody while others vanish in front of the page")
            .page_size(3)
            .upstream(provider(json!({})))
            .upstream(get("/v2/Users").any_query().any_times().answers_with({
                let rows = Mutex::new(users(1..=12));
                move |call| {
                    let mut rows = rows.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    let answer = numbered(&rows, call);
                    // Users 1, 2 and 4 vanish after the first, second and third request.
                    if let Some(gone) = rows.iter().position(|user| ["1", "2", "4"].iter().any(|gone| user["id"] == *gone)) {
                        rows.remove(gone);
                    }
                    answer
                }
            }))
            .expect(listing().unique_by("integration_specific_id").rows(12)),
        case(capability::ListAccounts, "follows cursors")
            .page_size(2)
            .upstream(provider(json!({"pagination": {"cursor": true}})))
            .upstream(get("/v2/Users").any_query().any_times().answers_with(|call| {
                let rows = match call.parameter("cursor") {
                    Some("") => json!({"Resources": users(1..=2), "nextCursor": "a"}),
                    // A page may be empty and not the last.
                    Some("a") => json!({"nextCursor": "b"}),
                    _ => json!({"Resources": users(3..=3)}),
                };
                answer(200).json(rows)
            }))
            .expect(listing().unique_by("integration_specific_id").rows(3).pages(2)),
        case(capability::ListAccounts, "does not follow a cursor that leads nowhere")
            .position(json!({"way": "cursor", "passed": 2, "after": null, "cursor": "a", "size": 2}))
            .upstream(get("/v2/Users?cursor=a&count=2").any_query().answers(json!({"Resources": users(3..=4), "nextCursor": "a"})))
            .expect(error(ConnectorErrorCode::InvalidResponse).hint("paging")),
        case(capability::ListAccounts, "does not go round in circles when startIndex is ignored")
            .position(json!({"way": "index", "passed": 4, "after": "4", "cursor": null, "size": 2}))
            .upstream(get("/v2/Users").any_query().any_times().answers(json!({"totalResults": 6, "Resources": users(1..=2)})))
            .expect(error(ConnectorErrorCode::InvalidResponse).hint("paging")),
        case(capability::ListAccounts, "does not end where startIndex and count are ignored")
            .position(json!({"way": "index", "passed": 4, "after": "4", "cursor": null, "size": 2}))
            .upstream(get("/v2/Users").any_query().any_times().answers(json!({"totalResults": 47, "Resources": users(1..=4)})))
            .expect(error(ConnectorErrorCode::InvalidResponse).message("startIndex").hint("paging")),
        case(capability::FindEntitlementAssociations, "cuts a large group and goes on inside it")
            .page_size(4)
            .upstream(able())
            .upstream(get("/v2/Groups").any_query().any_times().answers_with(|call| {
                let after = call.parameter("filter").and_then(|filter| filter.split('"').nth(1)).unwrap_or_default();
                let groups = [group("a", 0), group("b", 9), group("c", 1), group("d", 2)];
                let left: Vec<_> = groups.into_iter().filter(|group| group["id"].as_str() > Some(after)).collect();
                page(&left, left.len(), call.parameter("count"))
            }))
            .upstream(endpoint("/v2/Users", &[json!({"id": "1", "roles": ["admin"]})]))
            .expect(listing().exactly({
                let members = |group: &'static str, members: u32| (1..=members).map(move |member| held(&member.to_string(), group));
                let all = members("b", 9).chain(members("c", 1)).chain(members("d", 2)).chain([held("1", "role:admin")]);
                all.collect::<Value>()
            })),
        case(capability::FindEntitlementAssociations, "takes memberships from users where the settings say so")
            .settings(json!({"base_url": "{upstream}/v2", "memberships": "users"}))
            .upstream(provider(json!({})))
            // This service refuses the filter, so that all users are read.
            .upstream(get("/v2/Users").any_query().any_times().answers_with(|call| match call.parameter("filter") {
                Some(_) => scim_error(400, "invalidFilter", "no").into(),
                None => numbered(&[
                    json!({"id": "1", "groups": [{"value": "g", "type": "direct"}, {"value": "i", "type": "indirect"}], "roles": ["r"]}),
                    json!({"id": "2"}),
                ], call),
            }))
            .expect(listing().exactly(json!([held("1", "g"), held("1", "role:r")]))),
        case(capability::FindEntitlementAssociations, "does not take groups for accounts")
            .upstream(able())
            .upstream(endpoint("/v2/Groups", &[json!({"id": "g", "members": [
                {"value": "h", "type": "Group"}, {"value": "k", "$ref": "https://x.test/v2/Groups/k"},
                {"value": "1", "$ref": "https://x.test/v2/Users/1"}, {"value": "2"}, {"value": "2", "type": "User"},
            ]})]))
            .upstream(endpoint("/v2/Users", &[]))
            .expect(listing().exactly(json!([held("1", "g"), held("2", "g")]))),
    ]
}

fn users(ids: std::ops::RangeInclusive<u32>) -> Vec<Value> {
    ids.map(|id| json!({"id": id.to_string()})).collect()
}

fn group(id: &str, members: u32) -> Value {
    let members: Vec<_> = (1..=members).rev().map(|member| json!({"value": member.to_string()})).collect();
    json!({"id": id, "members": members})
}

/// As many rows as were asked for.
fn page(rows: &[Value], total: usize, count: Option<&str>) -> lumos_connector_testing::Answer {
    let count = count.and_then(|count| count.parse().ok()).unwrap_or(rows.len());
    answer(200).json(json!({"totalResults": total, "Resources": rows[..count.min(rows.len())]}))
}

/// Rows from `startIndex` on, whatever else is asked for.
fn numbered(rows: &[Value], call: &lumos_connector_testing::Received) -> lumos_connector_testing::Answer {
    let start = call.parameter("startIndex").and_then(|start| start.parse().ok()).unwrap_or(1_usize).max(1);
    page(rows.get(start - 1..).unwrap_or_default(), rows.len(), call.parameter("count"))
}
