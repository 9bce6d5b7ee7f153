//! What goes wrong, and what the caller is told.

use std::net::{Ipv4Addr, TcpListener};
use std::thread::{sleep, spawn};
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use serde_json::{Value, json};

use super::service::{BUSY, READER, SLOW, Service, Tenant};
use super::{bearer, connection};
use crate::harness::connection::{Connection, refused};
use crate::harness::stage::Stage;

/// Long enough for a request to be on its way; the slow token waits ten times as long.
const A_MOMENT: Duration = Duration::from_millis(500);

pub(super) fn run(stage: &mut Stage, service: &mut Service) -> Result<()> {
    let lumos = connection(stage, service, Tenant::Full)?;
    for (what, connection, capability, request, code, says) in cases(service, &lumos)? {
        stage.check(format!("{what}: {code}"), |_| connection.refuses(capability, request, code, says));
    }
    stage.check("a password against the policy says which policy", |_| {
        let request = json!({"username": "weak", "password": "short"});
        let error = lumos.envelope("create_account", request, Value::Null)?["error"].take();
        ensure!(error["app_error_code"] == "scim.passwordPolicy", "{error}");
        ensure!(
            error["error_metadata"]["hint"].as_str().is_some_and(|hint| hint.contains("policy")),
            "{error}"
        );
        ensure!(!error.to_string().contains("short\""), "{error}");
        Ok(())
    });
    stage.check("an account that cannot be given what it was to have is not there", |_| {
        let entitlement = json!({"entitlement_type": "group", "integration_specific_id": "no-such-group"});
        let request = json!({"username": "halfway", "entitlements": [entitlement]});
        lumos.refuses("create_account", request, "not_found", "no-such-group")?;
        let accounts = lumos.list("list_accounts", 1000)?;
        ensure!(accounts.iter().all(|one| one["username"] != "halfway"), "it is there");
        Ok(())
    });
    stage.check("a page token of another listing, and one of none: invalid_page_token", |_| {
        let page = lumos.envelope("list_accounts", json!({}), json!({"size": 1}))?["page"]["token"].take();
        for token in [page, json!("no token"), json!("91c0")] {
            let answer = lumos.envelope("list_entitlements", json!({}), json!({"token": token}))?;
            refused(&answer, "invalid_page_token", "page token")?;
        }
        Ok(())
    });
    stage.check("a cursor that the service did not give: invalid_page_token", |stage| {
        let cursor = connection(stage, service, Tenant::Cursor)?;
        let page = cursor.envelope("list_accounts", json!({}), json!({"size": 1}))?["page"]["token"].take();
        let token = page.as_str().unwrap_or_default();
        // A digit in the middle of the cursor, which the service has signed.
        let (head, tail) = token.split_at(token.len() / 2);
        let changed = if tail.starts_with('6') { "7" } else { "6" };
        let token = format!("{head}{changed}{}", &tail[1..]);
        let answer = cursor.envelope("list_accounts", json!({}), json!({"token": token}))?;
        refused(&answer, "invalid_page_token", "")
    });
    stage.check("a page of size 0, -1 or a million is a page", |_| {
        for size in [0, -1, 1_000_000] {
            let answer = lumos.envelope("list_accounts", json!({}), json!({"size": size}))?;
            ensure!(answer["response"].as_array().is_some_and(|rows| !rows.is_empty()), "{answer}");
        }
        Ok(())
    });
    stage.check("a busy service is waited for as long as it asks", |_| {
        lumos.auth(bearer(BUSY)).response("validate_credentials", json!({}))?;
        Ok(())
    });
    stage.check(
        "a service that answers later than the caller can wait: request_timeout or budget_exhausted",
        |_| {
            let limited = lumos.auth(bearer(SLOW)).part("rate_limit", json!({"max_execution_time": 11}));
            let answer = limited.envelope("list_accounts", json!({}), Value::Null)?;
            let code = &answer["error"]["error_code"];
            ensure!(code == "request_timeout" || code == "budget_exhausted", "{answer}");
            Ok(())
        },
    );
    stage.check("a server that accepts and hangs up: connection_closed or bad_gateway", |_| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        spawn(move || listener.incoming().for_each(drop));
        let rude = lumos
            .setting("base_url", format!("http://127.0.0.1:{port}/v2"))
            .part("rate_limit", json!({"caller_override_mode": "bypass"}));
        let answer = rude.envelope("validate_credentials", json!({}), Value::Null)?;
        let code = &answer["error"]["error_code"];
        ensure!(code == "connection_closed" || code == "bad_gateway", "{answer}");
        Ok(())
    });
    server_stops(stage, service, &lumos)
}

type Failing = (&'static str, Connection, &'static str, Value, &'static str, &'static str);

fn cases(service: &Service, lumos: &Connection) -> Result<Vec<Failing>> {
    let api = service.api(Tenant::Full);
    let ada = api.user("failing", &json!({}))?;
    let group = api.group("Failing", &[&ada])?;
    let elsewhere = |path: &str| lumos.setting("base_url", format!("{}/{path}", service.root()));
    let reader = lumos.auth(bearer(READER));
    let change = |account: &str, kind: &str, id: &str| {
        json!({
            "account_integration_specific_id": account, "resource_integration_specific_id": "", "resource_type": "",
            "entitlement_type": kind, "entitlement_integration_specific_id": id,
        })
    };
    let account = |id: &str| json!({"account_id": id});
    let validate = "validate_credentials";
    Ok(vec![
        ("a wrong token", lumos.auth(bearer("wrong")), validate, json!({}), "unauthorized", "401"),
        (
            "a wrong password",
            lumos.auth(json!([{"id": "basic", "basic": {"username": "scim-admin", "password": "wrong"}}])),
            "list_accounts",
            json!({}),
            "unauthorized",
            "401",
        ),
        ("no credential", lumos.auth(json!([])), validate, json!({}), "bad_request", "redentials"),
        (
            "a credential of another connector",
            lumos.auth(json!([{"id": "api_key", "token": {"token": "whatever it is"}}])),
            validate,
            json!({}),
            "bad_request",
            "api_key",
        ),
        (
            "a token with a line break",
            lumos.auth(bearer("a\nb")),
            validate,
            json!({}),
            "bad_request",
            "line break",
        ),
        ("a tenant that is not there", elsewhere("nobody/v2"), validate, json!({}), "not_found", "404"),
        (
            "an address that is not a URL",
            lumos.setting("base_url", "acme"),
            validate,
            json!({}),
            "invalid_value",
            "address",
        ),
        (
            "a host that is not there",
            lumos.setting("base_url", "http://no-such-host.invalid/v2"),
            validate,
            json!({}),
            "connection_timeout",
            "",
        ),
        (
            "a malformed attribute path",
            lumos.setting("email_attribute", "emails[type"),
            validate,
            json!({}),
            "bad_request",
            "",
        ),
        (
            "creating with a token that may only read",
            reader.clone(),
            "create_account",
            json!({"username": "x"}),
            "permission_denied",
            "only read",
        ),
        (
            "deleting with a token that may only read",
            reader.clone(),
            "delete_account",
            account(&ada),
            "permission_denied",
            "only read",
        ),
        (
            "assigning with a token that may only read",
            reader,
            "assign_entitlement",
            change(&ada, "role", "role:x"),
            "permission_denied",
            "only read",
        ),
        (
            "a name that is taken",
            lumos.clone(),
            "create_account",
            json!({"username": "FAILING"}),
            "conflict",
            "in use",
        ),
        (
            "an account without a name",
            lumos.clone(),
            "create_account",
            json!({}),
            "integration_missing_parameter",
            "username",
        ),
        (
            "a password against the policy",
            lumos.clone(),
            "create_account",
            json!({"username": "weak", "password": "short"}),
            "invalid_value",
            "too short",
        ),
        (
            "a new password against the policy",
            lumos.clone(),
            "update_account",
            json!({"id": ada, "password": "short"}),
            "invalid_value",
            "too short",
        ),
        ("an unknown account", lumos.clone(), "get_account", account("nobody"), "not_found", "nobody"),
        (
            "an account id that names something else",
            lumos.clone(),
            "get_account",
            account(".."),
            "invalid_value",
            "",
        ),
        (
            "deactivating an unknown account",
            lumos.clone(),
            "deactivate_account",
            account("no/body?x=1#"),
            "not_found",
            "",
        ),
        (
            "an unknown group",
            lumos.clone(),
            "assign_entitlement",
            change(&ada, "group", "no-group"),
            "not_found",
            "no-group",
        ),
        (
            "a group for an unknown account",
            lumos.clone(),
            "assign_entitlement",
            change("nobody", "group", &group),
            "not_found",
            "nobody",
        ),
        (
            "an unknown kind of entitlement",
            lumos.clone(),
            "assign_entitlement",
            change(&ada, "wish", "x"),
            "unknown_value",
            "wish",
        ),
        (
            "a role that is not one of the listing",
            lumos.clone(),
            "unassign_entitlement",
            change(&ada, "role", "admin"),
            "unknown_value",
            "list_entitlements",
        ),
        (
            "a custom attribute that is not a path",
            lumos.clone(),
            "list_accounts",
            json!({"custom_attributes": ["a b"]}),
            "invalid_value",
            "custom_attributes",
        ),
        (
            "an endpoint that is not there",
            lumos.setting("group_endpoint", "Gruppen"),
            "list_entitlements",
            json!({}),
            "not_found",
            "Gruppen",
        ),
    ])
}

/// The server stops while it is asked, and comes back.
fn server_stops(stage: &mut Stage, service: &mut Service, lumos: &Connection) -> Result<()> {
    let lumos = lumos.part("rate_limit", json!({"caller_override_mode": "bypass"}));
    stage.check("the server stops in the middle: connection_closed", |_| {
        let slow = lumos.auth(bearer(SLOW));
        let waiting = spawn(move || slow.envelope("list_accounts", json!({}), Value::Null));
        sleep(A_MOMENT);
        service.stop();
        let answer = waiting.join().map_err(|_| anyhow!("the call panicked"))??;
        let code = &answer["error"]["error_code"];
        ensure!(code == "connection_closed" || code == "bad_gateway", "{answer}");
        Ok(())
    });
    stage.check("while it is down: connection_timeout", |_| {
        lumos.refuses("validate_credentials", json!({}), "connection_timeout", "")
    });
    stage.step("the server comes back, and so does the connector", |_| {
        service.resume()?;
        lumos.response("validate_credentials", json!({}))
    })?;
    Ok(())
}
