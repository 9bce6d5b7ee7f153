//! The life of a connection: what the connector is, what there is, and one account from its creation to its end.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::connection;
use super::service::{Api, Service, Tenant};
use crate::harness::connection::Connection;
use crate::harness::stage::Stage;

const NAME: &str = r#"O'Brien "eq" ) or (id pr \ ünïcødé 😀"#;

pub(super) fn run(stage: &mut Stage, service: &Service, tenant: Tenant) -> Result<()> {
    let name = tenant.name();
    let lumos = connection(stage, service, tenant)?;
    let api = service.api(tenant);
    stage.check(format!("{name}: info and app_info describe the connector"), |stage| {
        let connector = stage.connector("scim-connector")?;
        let info = connector.info()?;
        let capabilities = info["response"]["capabilities"].as_array().context("no capabilities")?;
        ensure!(capabilities.len() >= 16, "{capabilities:?}");
        let app = connector.response("app_info", &json!({"request": {}}))?;
        ensure!(app["app_id"] == "scim", "{app}");
        Ok(())
    });
    stage.check(format!("{name}: the credentials are good, and the tenant is known by its address"), |_| {
        let validated = lumos.response("validate_credentials", json!({}))?;
        let tenant_id = service.base(tenant).replace("http://", "");
        ensure!(validated == json!({"valid": true, "unique_tenant_id": tenant_id}), "{validated}");
        let other_spelling = lumos.setting("base_url", format!(" {}/ ", service.base(tenant)));
        ensure!(other_spelling.response("validate_credentials", json!({}))? == validated, "another tenant");
        Ok(())
    });
    let staff = api.group("Staff", &[] as &[&str])?;
    let friends = api.group("Friends", &[api.user("someone", &json!({"roles": [{"value": "auditor"}]}))?])?;
    api.post("Applications", &json!({"schemas": ["urn:acme:scim:Application"], "displayName": "Payroll"}))?;
    for listing in ["list_accounts", "list_resources", "list_entitlements", "find_entitlement_associations"] {
        stage.check(format!("{name}: {listing} comes to its end"), |_| {
            ensure!(!lumos.list(listing, 2)?.is_empty(), "it is empty");
            Ok(())
        });
    }
    let account = stage.step(format!("{name}: create_account with an odd name, a password, a group and a role"), |_| {
        let entitlement = |kind: &str, id: &str| json!({"entitlement_type": kind, "integration_specific_id": id});
        let request = json!({
            "username": NAME, "email": "brien@acme.test", "given_name": "Ünï", "password": "longer than eight",
            "department": "Engines", "entitlements": [entitlement("group", &friends), entitlement("role", "role:pilot")],
        });
        let answer = lumos.answer("create_account", request)?;
        ensure!(answer["execution_summary"]["effect"]["kind"] == "created", "{answer}");
        ensure!(answer["response"]["status"] == "ACTIVE", "{answer}");
        Ok(answer["response"]["id"].as_str().context("no id")?.to_owned())
    })?;
    stage.check(format!("{name}: get_account reads it back, and the service says the same"), |_| {
        let department = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";
        let request = json!({"account_id": account, "custom_attributes": [department, "title"]});
        let found = lumos.response("get_account", request)?;
        ensure!(found["username"] == NAME && found["email"] == "brien@acme.test", "{found}");
        ensure!(found["custom_attributes"] == json!({department: "Engines"}), "{found}");
        ensure!(api.get(&format!("Users/{account}"))?["userName"] == NAME, "the service says otherwise");
        ensure!(
            holds(&lumos, &account, &friends)? && holds(&lumos, &account, "role:pilot")?,
            "something is missing"
        );
        Ok(())
    });
    entitlements(stage, &lumos, name, &account, &staff);
    changes(stage, &lumos, &api, name, &account);
    end(stage, &lumos, name, &account);
    Ok(())
}

/// Assigns one entitlement of each kind, reads it back, and takes it away.
fn entitlements(stage: &mut Stage, lumos: &Connection, name: &str, account: &str, group: &str) {
    for (kind, id) in [("group", group), ("role", "role:a \"quoted\" one"), ("entitlement", "entitlement:x")]
    {
        stage.check(
            format!("{name}: {kind}: assigned, read back, unassigned, read back; repeating changes nothing"),
            |_| {
                let request = json!({
                    "account_integration_specific_id": account, "resource_integration_specific_id": "",
                    "resource_type": "", "entitlement_type": kind, "entitlement_integration_specific_id": id,
                });
                for effect in ["updated", "noop"] {
                    let answer = lumos.answer("assign_entitlement", request.clone())?;
                    ensure!(answer["response"] == json!({"assigned": true}), "{answer}");
                    ensure!(answer["execution_summary"]["effect"]["kind"] == effect, "{answer}");
                    ensure!(holds(lumos, account, id)?, "it does not hold it");
                }
                for effect in ["updated", "noop"] {
                    let answer = lumos.answer("unassign_entitlement", request.clone())?;
                    ensure!(answer["response"] == json!({"unassigned": true}), "{answer}");
                    ensure!(answer["execution_summary"]["effect"]["kind"] == effect, "{answer}");
                    ensure!(!holds(lumos, account, id)?, "it still holds it");
                }
                Ok(())
            },
        );
    }
}

fn changes(stage: &mut Stage, lumos: &Connection, api: &Api, name: &str, account: &str) {
    stage.check(
        format!("{name}: update_account changes what it says and nothing else; repeating changes nothing"),
        |_| {
            let request =
                json!({"id": account, "title": "Chief", "email": "new@acme.test", "cost_center": "42"});
            for effect in ["updated", "noop"] {
                let answer = lumos.answer("update_account", request.clone())?;
                ensure!(answer["response"] == json!({"id": account}), "{answer}");
                ensure!(answer["execution_summary"]["effect"]["kind"] == effect, "{answer}");
            }
            let user = api.get(&format!("Users/{account}"))?;
            ensure!(user["title"] == "Chief" && user["userName"] == NAME, "{user}");
            ensure!(
                user["emails"] == json!([{"value": "new@acme.test", "type": "work", "primary": true}]),
                "{user}"
            );
            let enterprise = &user["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"];
            ensure!(*enterprise == json!({"department": "Engines", "costCenter": "42"}), "{user}");
            ensure!(user["roles"] == json!([{"value": "pilot"}]), "{user}");
            Ok(())
        },
    );
    stage.check(format!("{name}: get_last_activity gives the last login where there is one"), |_| {
        let active = api.user("visitor", &json!({"urn:acme:scim:User": {"lastLogin": "2026-01-02T03:04:05Z"}}))?;
        let found = lumos.response("get_last_activity", json!({"account_ids": [account, active, "nobody"]}))?;
        let expected =
            json!([{"account_id": active, "event_type": "last_login", "happened_at": "2026-01-02T03:04:05Z"}]);
        ensure!(found == expected, "{found}");
        Ok(())
    });
    stage.check(
        format!("{name}: list_custom_attributes_schema has the extension's, which list_accounts gives"),
        |_| {
            let schema = lumos.response("list_custom_attributes_schema", json!({}))?;
            let of_extension = |row: &&Value| {
                row["name"].as_str().is_some_and(|name| name.starts_with("urn:acme:scim:User:"))
            };
            let types: Vec<_> = schema
                .as_array()
                .context("no list")?
                .iter()
                .filter(of_extension)
                .map(|row| &row["attribute_type"])
                .collect();
            ensure!(types == ["datetime", "integer", "boolean"], "{schema}");
            let badge = "urn:acme:scim:User:badge";
            let holder = api.user("holder", &json!({"urn:acme:scim:User": {"badge": 7}}))?;
            let found =
                lumos.response("get_account", json!({"account_id": holder, "custom_attributes": [badge]}))?;
            ensure!(found["custom_attributes"] == json!({badge: "7"}), "{found}");
            Ok(())
        },
    );
    stage.check(format!("{name}: an account is deactivated, listed as such, and activated"), |_| {
        for effect in ["updated", "noop"] {
            let answer = lumos.answer("deactivate_account", json!({"account_id": account}))?;
            ensure!(answer["response"] == json!({"status": "INACTIVE", "deactivated": true}), "{answer}");
            ensure!(answer["execution_summary"]["effect"]["kind"] == effect, "{answer}");
        }
        let accounts = lumos.list("list_accounts", 50)?;
        let listed = accounts.iter().find(|one| one["integration_specific_id"] == account);
        ensure!(listed.is_some_and(|one| one["user_status"] == "INACTIVE"), "{listed:?}");
        lumos.response("activate_account", json!({"account_id": account}))?;
        let found = lumos.response("get_account", json!({"account_id": account}))?;
        ensure!(found["user_status"] == "ACTIVE", "{found}");
        Ok(())
    });
}

fn end(stage: &mut Stage, lumos: &Connection, name: &str, account: &str) {
    stage.check(format!("{name}: a deleted account is not found, and not listed"), |_| {
        lumos.response("deactivate_account", json!({"account_id": account}))?;
        let answer = lumos.answer("delete_account", json!({"account_id": account}))?;
        ensure!(answer["response"] == json!({"status": "DELETED", "deleted": true}), "{answer}");
        lumos.refuses("get_account", json!({"account_id": account}), "not_found", account)?;
        lumos.refuses("delete_account", json!({"account_id": account}), "not_found", account)?;
        let accounts = lumos.list("list_accounts", 50)?;
        ensure!(accounts.iter().all(|one| one["integration_specific_id"] != account), "it is listed");
        Ok(())
    });
}

/// Whether an account holds an entitlement, as the listing of one account and that of all accounts say.
fn holds(lumos: &Connection, account: &str, id: &str) -> Result<bool> {
    let wanted = json!({
        "account_id": account, "integration_specific_entitlement_id": id, "integration_specific_resource_id": "",
    });
    let held = lumos.response("get_account_entitlement_associations", json!({"account_id": account}))?;
    let of_account = held.as_array().context("no list")?.contains(&wanted);
    let of_all = lumos.list("find_entitlement_associations", 50)?.contains(&wanted);
    ensure!(of_account == of_all, "the two listings disagree about {wanted}");
    Ok(of_all)
}
