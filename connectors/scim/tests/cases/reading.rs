//! Reading: what becomes of users, groups and their attributes.

use lumos_connector::prelude::capability;
use lumos_connector_testing::prelude::*;

use crate::{able, endpoint, provider};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![
        case(capability::ValidateCredentials, "reads the configuration and a user")
            .settings(json!({"base_url": "{upstream}/scim/V2//"}))
            .upstream(get("/scim/V2/ServiceProviderConfig").answers(404))
            .upstream(
                get("/scim/V2/Users?count=1&attributes=userName")
                    .header("authorization", "Bearer correct horse")
                    .header("accept", "application/scim+json")
                    .answers(json!({"totalResults": 0})),
            )
            .expect(response(json!({"valid": true})).partly()),
        case(capability::ValidateCredentials, "is not content with something that is no SCIM service")
            .upstream(able())
            .upstream(get("/v2/Users").any_query().answers(json!({"hello": "world"})))
            .expect(error(ConnectorErrorCode::InvalidValue).message("base_url")),
        case(capability::ListAccounts, "shows what the service says of users")
            .page_size(2)
            .request(json!({"custom_attributes": ["title", "phoneNumbers", "nonsense"]}))
            .upstream(able())
            .upstream(endpoint("/v2/Users", &[
                json!({
                    "id": "1", "schemas": ["x"], "userName": "ada", "active": "True", "title": "Countess",
                    "name": {"givenName": "Ada", "familyName": "Lovelace"},
                    "emails": [{"value": "home@x.test"}, {"value": "ada@x.test", "primary": true}],
                    "phoneNumbers": [{"value": "1"}, {"value": "2"}], "password": "never shown",
                }),
                json!({"id": "2", "userName": "gone", "active": false}),
            ]))
            .expect(
                response(json!([
                    {
                        "integration_specific_id": "1", "username": "ada", "user_status": "ACTIVE",
                        "email": "ada@x.test", "given_name": "Ada", "family_name": "Lovelace",
                        "custom_attributes": {"title": "Countess", "phoneNumbers": "1"},
                        "extra_data": {
                            "userName": "ada", "active": "True", "title": "Countess",
                            "name": {"givenName": "Ada", "familyName": "Lovelace"},
                            "emails": [{"value": "home@x.test"}, {"value": "ada@x.test", "primary": true}],
                            "phoneNumbers": [{"value": "1"}, {"value": "2"}],
                        },
                    },
                    {
                        "integration_specific_id": "2", "username": "gone", "user_status": "INACTIVE",
                        "custom_attributes": {}, "extra_data": {"userName": "gone", "active": false},
                    },
                ]))
                .last_page(),
            ),
        case(capability::GetAccount, "escapes ids")
            .request(json!({"account_id": "a/b?c"}))
            .upstream(get("/v2/Users/a%2Fb%3Fc").answers(json!({"id": "a/b?c"})))
            .expect(response(json!({"integration_specific_id": "a/b?c", "extra_data": {}}))),
        case(capability::ListResources, "has none without an endpoint")
            .expect(response(json!([])).last_page()),
        case(capability::ListResources, "shows what the endpoint of the settings lists")
            .settings(json!({"base_url": "{upstream}/v2", "resource_endpoint": "/Apps/"}))
            .upstream(able())
            .upstream(endpoint("/v2/Apps", &[json!({"id": "9", "displayName": "Payroll"})]))
            .expect(
                response(json!([{
                    "integration_specific_id": "9", "label": "Payroll", "resource_type": "resource",
                    "extra_data": {"displayName": "Payroll"},
                }]))
                .last_page(),
            ),
        case(capability::ListEntitlements, "lists groups, then what users have, each once")
            .upstream(able())
            .upstream(endpoint("/v2/Groups", &[json!({"id": "g", "displayName": "Staff"})]))
            .upstream(
                endpoint("/v2/Users", &[
                    json!({"id": "1", "roles": ["admin", {"value": "pilot", "display": "Pilot"}]}),
                    json!({"id": "2", "roles": [{"value": "admin"}], "entitlements": [{"value": "admin"}]}),
                ]),
            )
            .expect(listing().exactly(json!([
                {"integration_specific_id": "g", "label": "Staff", "entitlement_type": "group", "is_assignable": true,
                 "integration_specific_resource_id": "", "extra_data": {"displayName": "Staff"}},
                {"integration_specific_id": "role:admin", "label": "admin", "entitlement_type": "role",
                 "is_assignable": true, "integration_specific_resource_id": ""},
                {"integration_specific_id": "role:pilot", "label": "Pilot", "entitlement_type": "role",
                 "is_assignable": true, "integration_specific_resource_id": ""},
                {"integration_specific_id": "entitlement:admin", "label": "admin", "entitlement_type": "entitlement",
                 "is_assignable": true, "integration_specific_resource_id": ""},
            ]))),
        case(capability::GetAccountEntitlementAssociations, "asks groups for the account where it can filter")
            .request(json!({"account_id": "1"}))
            .upstream(able())
            .upstream(get("/v2/Users/1").any_query().answers(json!({"id": "1", "roles": ["admin"], "groups": [{"value": "x"}]})))
            .upstream(
                endpoint("/v2/Groups", &[
                    json!({"id": "g", "members": [{"value": "1"}]}),
                    // Not asked for: not all services filter as they say.
                    json!({"id": "h", "members": [{"value": "2"}]}),
                ]),
            )
            .expect(response(json!([held("1", "role:admin"), held("1", "g")]))),
        case(capability::GetAccountEntitlementAssociations, "looks into all groups where it cannot")
            .request(json!({"account_id": "1"}))
            .upstream(provider(json!({})))
            .upstream(get("/v2/Users/1").any_query().answers(json!({"id": "1", "groups": [{"value": "x"}]})))
            .upstream(endpoint("/v2/Groups", &[
                json!({"id": "g", "members": [{"value": "2"}, {"value": "1"}]}), json!({"id": "h", "members": [{"value": "2"}]}),
            ]))
            .expect(response(json!([held("1", "g")]))),
        case(capability::GetAccountEntitlementAssociations, "believes the account where the settings say so")
            .settings(json!({"base_url": "{upstream}/v2", "memberships": "users"}))
            .request(json!({"account_id": "1"}))
            .upstream(get("/v2/Users/1").any_query().answers(json!({
                "id": "1", "groups": [{"value": "x", "type": "direct"}, {"value": "y", "type": "indirect"}],
            })))
            .expect(response(json!([held("1", "x")]))),
        case(capability::ListCustomAttributesSchema, "lists attributes by the paths that requests use")
            .upstream(get("/v2/ResourceTypes").answers(json!({"Resources": [
                {"endpoint": "/Users", "schema": "urn:u", "schemaExtensions": [{"schema": "urn:acme:User"}]},
            ]})))
            .upstream(get("/v2/Schemas").answers(json!({"Resources": [
                {"id": "urn:u", "attributes": [
                    {"name": "userName", "type": "string"}, {"name": "title", "type": "string", "description": "Position"},
                    {"name": "password", "type": "string", "returned": "never"},
                    {"name": "name", "type": "complex", "subAttributes": [{"name": "middleName", "type": "string"}]},
                    {"name": "ims", "type": "complex", "multiValued": true, "subAttributes": [{"name": "value"}]},
                ]},
                {"id": "urn:acme:User", "attributes": [{"name": "since", "type": "dateTime"}]},
            ]})))
            .expect(response(json!([
                attribute("title", "string", "Position"), attribute("name.middleName", "string", None),
                attribute("ims", "string", None), attribute("urn:acme:User:since", "datetime", None),
            ]))),
        case(capability::GetLastActivity, "reads the attribute of the settings")
            .settings(json!({"base_url": "{upstream}/v2", "last_login_attribute": "urn:acme:User:lastLogin"}))
            .request(json!({"account_ids": ["1", "2", "3"]}))
            .upstream(
                get("/v2/Users/1?attributes=urn:acme:User:lastLogin")
                    .answers(json!({"id": "1", "urn:acme:User": {"lastLogin": "2026-01-02T03:04:05Z"}})),
            )
            .upstream(get("/v2/Users/2").any_query().answers(json!({"id": "2"})))
            .upstream(get("/v2/Users/3").any_query().answers(404))
            .expect(response(json!([
                {"account_id": "1", "event_type": "last_login", "happened_at": "2026-01-02T03:04:05Z"},
            ]))),
        case(capability::GetLastActivity, "knows nothing without one")
            .request(json!({"account_ids": ["1"]}))
            .expect(response(json!([]))),
    ];
    let good = || {
        case(capability::ListAccounts, "gives users")
            .upstream(able())
            .upstream(endpoint("/v2/Users", &[json!({"id": "1"})]))
            .expect(response(json!([{"integration_specific_id": "1", "extra_data": {}}])))
    };
    cases.extend(app_failures(good()));
    cases.push(waits_when_throttled(good()));
    cases
}

pub(crate) fn held(account: &str, entitlement: &str) -> serde_json::Value {
    json!({
        "account_id": account, "integration_specific_entitlement_id": entitlement,
        "integration_specific_resource_id": "",
    })
}

fn attribute<'d>(name: &str, kind: &str, description: impl Into<Option<&'d str>>) -> serde_json::Value {
    json!({"customized_type": "account", "name": name, "attribute_type": kind, "description": description.into()})
}
