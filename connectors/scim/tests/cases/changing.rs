//! Changing accounts and what they hold.

use lumos_connector::prelude::capability;
use lumos_connector_testing::prelude::*;
use serde_json::Value;

use crate::{found, scim_error};

const USER_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// Settings with which changes are believed; `field` has the cases in which they are read back.
pub(crate) fn trusting(mut settings: Value) -> Value {
    settings["base_url"] = "{upstream}/v2".into();
    settings["read_back"] = "never".into();
    settings
}

pub(crate) fn cases() -> Vec<Case> {
    let patch_of = |operation: Value| json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]});
    let change = |kind: &str, id: &str| {
        json!({
            "account_integration_specific_id": "1", "resource_integration_specific_id": "", "resource_type": "",
            "entitlement_type": kind, "entitlement_integration_specific_id": id,
        })
    };
    let remove = patch_of(json!({"op": "remove", "path": "members[value eq \"1\"]"}));
    vec![
        case(capability::CreateAccount, "creates a user with what it is to hold")
            .settings(trusting(json!({})))
            .request(json!({"username": "ada", "entitlements": [
                {"entitlement_type": "group", "integration_specific_id": "g"},
            ]}))
            .upstream(
                post("/v2/Users")
                    .header("content-type", "application/scim+json")
                    .json(json!({"schemas": [USER_SCHEMA], "userName": "ada", "active": true}))
                    .answers((201, json!({"id": "1", "active": true}))),
            )
            .upstream(
                patch("/v2/Groups/g")
                    .json(patch_of(json!({"op": "add", "path": "members", "value": [{"value": "1"}]})))
                    .answers(204),
            )
            .expect(response(json!({"id": "1", "status": "ACTIVE", "created": true}))),
        case(capability::CreateAccount, "creates nothing for an entitlement that is none")
            .request(json!({"username": "ada", "entitlements": [
                {"entitlement_type": "wish", "integration_specific_id": "g"},
            ]}))
            .expect(error(ConnectorErrorCode::UnknownValue).message("wish")),
        case(capability::UpdateAccount, "guards what it read by its version")
            .request(json!({"id": "1", "title": "Countess"}))
            .upstream(get("/v2/Users/1").answers(json!({"id": "1", "title": "Ms", "meta": {"version": "W/\"7\""}})))
            .upstream(
                patch("/v2/Users/1")
                    .header("if-match", "W/\"7\"")
                    .json(patch_of(json!({"op": "replace", "path": "title", "value": "Countess"})))
                    .answers(scim_error(412, "", "It has changed")),
            )
            .expect(error(ConnectorErrorCode::Conflict).retryable(true).status_code(412)),
        case(capability::ActivateAccount, "does nothing for an active account")
            .request(json!({"account_id": "1"}))
            .upstream(get("/v2/Users/1?attributes=active").answers(json!({"id": "1", "active": true})))
            .expect(response(json!({"status": "ACTIVE", "activated": true}))),
        case(capability::DeactivateAccount, "replaces the whole user where there is no PATCH, as often as it takes")
            .settings(trusting(json!({})))
            .request(json!({"account_id": "1"}))
            .upstream(get("/v2/Users/1?attributes=active").answers(json!({"id": "1", "active": true})))
            .upstream(patch("/v2/Users/1").any_body().answers(501))
            .upstream(get("/v2/Users/1").times(2).answers(json!({
                "id": "1", "active": true, "nickName": "Ada", "groups": [{"value": "g"}], "meta": {"version": "\"1\""},
            })))
            .upstream(
                put("/v2/Users/1")
                    .header("if-match", "\"1\"")
                    .json(json!({"id": "1", "active": false, "nickName": "Ada"}))
                    .times(2)
                    .answers_with({
                        let first = std::sync::atomic::AtomicBool::new(true);
                        move |_| {
                            let is_first = first.swap(false, std::sync::atomic::Ordering::Relaxed);
                            answer(if is_first { 412 } else { 200 })
                        }
                    }),
            )
            .expect(response(json!({"status": "INACTIVE", "deactivated": true}))),
        case(capability::DeactivateAccount, "does not even try PATCH where the settings say so")
            .settings(trusting(json!({"patch": "never"})))
            .request(json!({"account_id": "1"}))
            .upstream(get("/v2/Users/1?attributes=active").answers(json!({"id": "1", "active": true})))
            .upstream(get("/v2/Users/1").answers(json!({"id": "1", "active": true})))
            .upstream(put("/v2/Users/1").json(json!({"id": "1", "active": false})).answers(200))
            .expect(response(json!({"status": "INACTIVE", "deactivated": true}))),
        case(capability::DeleteAccount, "deletes the user")
            .settings(trusting(json!({})))
            .request(json!({"account_id": "1"}))
            .upstream(delete("/v2/Users/1").answers(204))
            .expect(response(json!({"status": "DELETED", "deleted": true}))),
        case(capability::AssignEntitlement, "does not add a member twice")
            .request(change("group", "g"))
            .upstream(get("/v2/Users/1?attributes=userName").answers(json!({"id": "1"})))
            .upstream(
                get("/v2/Groups?attributes=members&count=1")
                    .query("filter", r#"(id eq "g") and (members.value eq "1")"#)
                    .answers(found(&[json!({"id": "g", "members": [{"value": "1"}]})])),
            )
            .expect(response(json!({"assigned": true}))),
        case(capability::AssignEntitlement, "does not believe a service that ignores the filter")
            .settings(trusting(json!({})))
            .request(change("group", "g"))
            .upstream(get("/v2/Users/1").any_query().answers(json!({"id": "1"})))
            .upstream(get("/v2/Groups").any_query().answers(found(&[json!({"id": "g", "members": [{"value": "2"}]})])))
            .upstream(get("/v2/Groups/g?attributes=members").answers(json!({"id": "g", "members": [{"value": "2"}]})))
            .upstream(patch("/v2/Groups/g").any_body().answers(204))
            .expect(response(json!({"assigned": true}))),
        case(capability::AssignEntitlement, "looks into the group where the filter is not understood")
            .request(change("group", "g"))
            .upstream(get("/v2/Users/1").any_query().answers(json!({"id": "1"})))
            .upstream(get("/v2/Groups").any_query().answers(scim_error(400, "invalidFilter", "no")))
            .upstream(get("/v2/Groups/g?attributes=members").answers(json!({"id": "g", "members": [{"value": "1"}]})))
            .expect(response(json!({"assigned": true}))),
        case(capability::AssignEntitlement, "adds a role to the user")
            .settings(trusting(json!({})))
            .request(change("role", "role:admin"))
            .upstream(get("/v2/Users/1?attributes=roles").answers(json!({"id": "1"})))
            .upstream(
                patch("/v2/Users/1")
                    .json(patch_of(json!({"op": "add", "path": "roles", "value": [{"value": "admin"}]})))
                    .answers(204),
            )
            .expect(response(json!({"assigned": true}))),
        case(capability::UnassignEntitlement, "removes the member by its path")
            .settings(trusting(json!({})))
            .request(change("group", "g"))
            .upstream(get("/v2/Users/1").any_query().answers(json!({"id": "1"})))
            .upstream(get("/v2/Groups").any_query().answers(found(&[json!({"id": "g", "members": [{"value": "1"}]})])))
            .upstream(patch("/v2/Groups/g").json(remove.clone()).answers(204))
            .expect(response(json!({"unassigned": true}))),
        case(capability::UnassignEntitlement, "removes the member by its value where the settings say so")
            .settings(trusting(json!({"removal": "value"})))
            .request(change("group", "g"))
            .upstream(get("/v2/Users/1").any_query().answers(json!({"id": "1"})))
            .upstream(get("/v2/Groups").any_query().answers(found(&[json!({"id": "g", "members": [{"value": "1"}]})])))
            .upstream(
                patch("/v2/Groups/g")
                    .json(patch_of(json!({"op": "remove", "path": "members", "value": [{"value": "1"}]})))
                    .answers(200),
            )
            .expect(response(json!({"unassigned": true}))),
        case(capability::UnassignEntitlement, "is content when somebody else was faster")
            .settings(trusting(json!({})))
            .request(change("group", "g"))
            .upstream(get("/v2/Users/1").any_query().answers(json!({"id": "1"})))
            .upstream(get("/v2/Groups").any_query().answers(found(&[json!({"id": "g", "members": [{"value": "1"}]})])))
            .upstream(patch("/v2/Groups/g").json(remove).answers(scim_error(400, "noTarget", "no such member")))
            .expect(response(json!({"unassigned": true}))),
    ]
}
