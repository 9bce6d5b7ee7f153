//! The connector against SCIM services that other people wrote: scimmy (npm) and django-scim2 (`PyPI`).

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::service::{ADMIN, Api, user};
use super::{bearer, listings};
use crate::harness::connection::{Connection, refused};
use crate::harness::install::{npm, python};
use crate::harness::server::{Server, free_port, listens};
use crate::harness::stage::Stage;
use crate::harness::synced::{MODES, SyncedTenant};

const SCIMMY: [&str; 3] = ["scimmy@1.3.5", "scimmy-routers@1.3.2", "express@4.21.2"];
/// With this version of express, scimmy-routers loses `count` and `startIndex`: every page is the first 20 rows.
const UNPAGED: [&str; 3] = ["scimmy@1.3.5", "scimmy-routers@1.3.2", "express@5.3.0"];
const DJANGO: [&str; 2] = ["django-scim2==0.23.0", "django==5.2.19"];

/// A service that somebody else wrote.
struct Peer {
    name: &'static str,
    /// Whether users have roles and a title; django-scim2 knows the attributes of Django's users alone.
    has_roles: bool,
    base: String,
    _server: Server,
}

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    let scimmy = scimmy(stage, &SCIMMY)?;
    check(stage, &scimmy)?;
    let unpaged = self::scimmy(stage, &UNPAGED)?;
    ignored_paging(stage, &unpaged)?;
    let folder = tempfile::tempdir()?;
    let django = stage.step(format!("installed and started {}", DJANGO.join(", ")), |stage| {
        let script = stage.root().join("connectors/scim/e2e/django_server.py");
        let mut command = Command::new(python(stage, &DJANGO)?);
        command.arg(script).arg(folder.path().join("tenant.sqlite"));
        Peer::start(stage, "django-scim2", false, "scim/v2", command)
    })?;
    check(stage, &django)
}

fn scimmy(stage: &mut Stage, packages: &[&str]) -> Result<Peer> {
    stage.step(format!("installed and started {}", packages.join(", ")), |stage| {
        let script = stage.root().join("connectors/scim/e2e/scimmy_server.cjs");
        let mut node = Command::new("node");
        node.arg(script).arg(npm(stage, packages)?);
        Peer::start(stage, "scimmy", true, "scim", node)
    })
}

/// A service that gives the same 20 rows whatever `startIndex` and `count` say.
fn ignored_paging(stage: &mut Stage, peer: &Peer) -> Result<()> {
    let api = Api::at(peer.base.clone());
    let lumos = peer.connection(stage)?;
    let made: BTreeSet<String> =
        stage.step("scimmy on express 5: 47 users", |_| users(&api, true))?.into_iter().collect();
    stage.check("scimmy on express 5 ignores startIndex: by key every user is listed once", |_| {
        let listed = lumos.list("list_accounts", 7)?;
        let found: BTreeSet<String> =
            listed.iter().map(|row| text(&row["integration_specific_id"])).collect::<Result<_>>()?;
        ensure!(
            listed.len() == found.len() && found == made,
            "{} rows of {} users",
            listed.len(),
            found.len()
        );
        Ok(())
    });
    stage.check("scimmy on express 5 ignores startIndex: by index that is an error, not an end", |_| {
        let mut page = json!({"size": 10});
        for _ in 0..10 {
            let envelope =
                lumos.setting("paging", "index").envelope("list_accounts", json!({}), page.clone())?;
            if envelope["is_error"] == true {
                return refused(
                    &envelope,
                    "invalid_response",
                    "it gives the same rows whatever the startIndex",
                );
            }
            page["token"] = envelope["page"]["token"].clone();
            ensure!(!page["token"].is_null(), "it ended");
        }
        bail!("it does not end")
    });
    Ok(())
}

impl Peer {
    /// The connection of the platform to it.
    fn connection(&self, stage: &Stage) -> Result<Connection> {
        let connector = stage.connector("scim-connector")?;
        Ok(Connection::new(connector, bearer(ADMIN), json!({"base_url": self.base})))
    }

    /// Starts a server whose last argument is the port.
    fn start(
        stage: &Stage,
        name: &'static str,
        has_roles: bool,
        path: &str,
        mut command: Command,
    ) -> Result<Self> {
        let port = free_port()?;
        let log: &Path = &stage.cache("logs")?.join(format!("{name}.log"));
        let server = Server::start(command.arg(port.to_string()), log, || listens(port))?;
        Ok(Self { name, has_roles, base: format!("http://127.0.0.1:{port}/{path}"), _server: server })
    }
}

fn check(stage: &mut Stage, peer: &Peer) -> Result<()> {
    let name = peer.name;
    let api = Api::at(peer.base.clone());
    let lumos = peer.connection(stage)?;
    stage.step(format!("{name}: 47 users and 5 groups, of nobody and of all"), |_| {
        populate(&api, peer.has_roles)
    })?;
    stage.check(format!("{name}: the credentials are good, a wrong token is not"), |_| {
        ensure!(lumos.response("validate_credentials", json!({}))?["valid"] == true, "they are not");
        lumos.auth(bearer("wrong")).refuses("validate_credentials", json!({}), "unauthorized", "")
    });
    for size in [1, 7, 1000] {
        stage.check(format!("{name}: every listing is what the API says, in pages of {size}"), |_| {
            listings::compare_directory(&api, |listing| lumos.list(listing, size))
        });
    }
    for mode in MODES {
        stage.check(
            format!("{name}: synced whole through a {mode}: complete, and what the API says"),
            |stage| {
                let tenant = SyncedTenant::of(stage, &lumos, mode, 10)?;
                listings::compare_directory(&api, |listing| tenant.list(listing))
            },
        );
    }
    changes(stage, peer, &api, &lumos)
}

/// 47 users: more than either service gives on a page unless it is asked for more.
fn users(api: &Api, has_roles: bool) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    for number in 0..47 {
        let mut more = json!({
            "active": number % 5 != 0,
            "name": {"givenName": format!("Given{number}"), "familyName": format!("Fämily{number}")},
        });
        if has_roles {
            more["roles"] = (0..number % 3).map(|role| json!({"value": format!("role {role}")})).collect();
        }
        ids.push(text(&api.post("Users", &user(&format!("user{number}"), &more))?["id"])?);
    }
    Ok(ids)
}

fn populate(api: &Api, has_roles: bool) -> Result<()> {
    let ids = users(api, has_roles)?;
    for (number, count) in [0, 1, 3, 20, 47].into_iter().enumerate() {
        let group = api.group(&format!("Group {number}"), &[] as &[&str])?;
        let members: Vec<_> = ids[..count].iter().map(|id| json!({"value": id})).collect();
        if !members.is_empty() {
            api.patch(
                &format!("Groups/{group}"),
                &json!([{"op": "add", "path": "members", "value": members}]),
            )?;
        }
    }
    Ok(())
}

/// One account from its creation to its end; what was written is read from the service itself.
fn changes(stage: &mut Stage, peer: &Peer, api: &Api, lumos: &Connection) -> Result<()> {
    let name = peer.name;
    let group = api.group("Staff", &[] as &[&str])?;
    let other = text(&api.all("Users")?[0]["id"])?;
    api.patch(
        &format!("Groups/{group}"),
        &json!([{"op": "add", "path": "members", "value": [{"value": other}]}]),
    )?;
    let account = stage.step(format!("{name}: create_account with a group, and the service has both"), |_| {
        let request = json!({
            "username": "O'Brien \"eq\" ünï", "email": "brien@acme.test", "given_name": "Ünï", "family_name": "O'Brien",
            "entitlements": [{"entitlement_type": "group", "integration_specific_id": group}],
        });
        let answer = lumos.answer("create_account", request)?;
        ensure!(answer["execution_summary"]["effect"]["kind"] == "created", "{answer}");
        let id = text(&answer["response"]["id"])?;
        let user = api.get(&format!("Users/{id}"))?;
        ensure!(user["userName"] == "O'Brien \"eq\" ünï" && user["active"] == true, "{user}");
        ensure!(user["name"]["givenName"] == "Ünï" && user["emails"][0]["value"] == "brien@acme.test", "{user}");
        ensure!(members(api, &group)? == [other.clone(), id.clone()], "the group has others");
        Ok(id)
    })?;
    stage.check(format!("{name}: a second account of that name: conflict"), |_| {
        let request =
            json!({"username": "O'Brien \"eq\" ünï", "email": "other@acme.test", "entitlements": []});
        lumos.refuses("create_account", request, "conflict", "")
    });
    stage.check(format!("{name}: a group is unassigned and assigned, the other member stays, repeating changes nothing"), |_| {
        let request = json!({
            "account_integration_specific_id": account, "resource_integration_specific_id": "",
            "resource_type": "", "entitlement_type": "group", "entitlement_integration_specific_id": group,
        });
        let with = vec![other.clone(), account.clone()];
        for (capability, expected) in
            [("unassign_entitlement", vec![other.clone()]), ("assign_entitlement", with)]
        {
            for effect in ["updated", "noop"] {
                let answer = lumos.answer(capability, request.clone())?;
                ensure!(answer["execution_summary"]["effect"]["kind"] == effect, "{capability}: {answer}");
                let members = members(api, &group)?;
                ensure!(members == expected, "{capability}: {members:?}");
            }
        }
        Ok(())
    });
    stage.check(format!("{name}: update_account changes what it says and nothing else"), |_| {
        let before = api.get(&format!("Users/{account}"))?;
        let request = json!({"id": account, "email": "new@acme.test", "family_name": "Byrne"});
        for effect in ["updated", "noop"] {
            let answer = lumos.answer("update_account", request.clone())?;
            ensure!(answer["execution_summary"]["effect"]["kind"] == effect, "{answer}");
        }
        let after = api.get(&format!("Users/{account}"))?;
        ensure!(after["emails"][0]["value"] == "new@acme.test", "{after}");
        ensure!(after["name"]["familyName"] == "Byrne", "{after}");
        // What was written, and what follows from the names.
        let rest = |mut user: Value| {
            if let Some(fields) = user.as_object_mut() {
                fields.retain(|name, _| !["displayName", "emails", "meta", "name"].contains(&name.as_str()));
            }
            user
        };
        let (after, before) = (rest(after), rest(before));
        ensure!(after == before, "{after} was {before}");
        Ok(())
    });
    stage.check(format!("{name}: a title is written where the service has one, else refused"), |_| {
        let request = json!({"id": account, "title": "Chief"});
        if peer.has_roles {
            lumos.response("update_account", request)?;
            ensure!(api.get(&format!("Users/{account}"))?["title"] == "Chief", "the service has another");
            return Ok(());
        }
        let envelope = lumos.envelope("update_account", request, Value::Null)?;
        ensure!(envelope["is_error"] == true, "{envelope}");
        Ok(())
    });
    stage.check(
        format!("{name}: deactivated, activated, deleted; the service says the same each time"),
        |_| {
            for (capability, active) in [("deactivate_account", false), ("activate_account", true)] {
                lumos.response(capability, json!({"account_id": account}))?;
                ensure!(api.get(&format!("Users/{account}"))?["active"] == active, "{capability}");
            }
            lumos.response("delete_account", json!({"account_id": account}))?;
            ensure!(api.get(&format!("Users/{account}")).is_err(), "it is still there");
            ensure!(members(api, &group)? == [other.clone()], "the group lost another member, or kept it");
            lumos.refuses("get_account", json!({"account_id": account}), "not_found", &account)
        },
    );
    stage.check(format!("{name}: after all of that every listing is what the API says"), |_| {
        listings::compare_directory(api, |listing| lumos.list(listing, 7))
    });
    Ok(())
}

/// The ids of a group's members.
fn members(api: &Api, group: &str) -> Result<Vec<String>> {
    let group = api.get(&format!("Groups/{group}"))?;
    let members = group["members"].as_array().into_iter().flatten();
    members.map(|member| text(&member["value"])).collect()
}

fn text(value: &Value) -> Result<String> {
    value.as_str().map(str::to_owned).with_context(|| format!("expected text, got {value}"))
}
