//! Every listing, row by row, against what the SCIM API says of the same; and while rows come and go.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::connection;
use super::service::{Api, Service, Tenant};
use crate::harness::connection::Connection;
use crate::harness::stage::Stage;
use crate::harness::synced::{MODES, SyncedTenant};

/// A row as text, of which no two in a listing may be equal.
type Rows = BTreeSet<String>;

pub(super) fn run(stage: &mut Stage, service: &Service, tenant: Tenant) -> Result<()> {
    let name = tenant.name();
    let lumos = connection(stage, service, tenant)?;
    let api = service.api(tenant);
    populate(&api)?;
    for size in [1, 7, 1000] {
        stage.check(format!("{name}: every listing is what the API says, in pages of {size}"), |_| {
            compare(&api, |listing| lumos.list(listing, size))
        });
    }
    forget_the_deleted(stage, &api, &lumos, name);
    for mode in MODES {
        stage.check(
            format!("{name}: synced whole through a {mode}: every listing is complete and what the API says"),
            |stage| {
                let tenant = SyncedTenant::of(stage, &lumos, mode, 10)?;
                compare(&api, |listing| tenant.list(listing))
            },
        );
    }
    stage.check(format!("{name}: roles can come from an endpoint"), |_| {
        for (value, display) in [("reader", "Reader"), ("writer", "Writer"), ("nobody has it", "Unused")] {
            let role = json!({"schemas": ["urn:acme:scim:Role"], "value": value, "display": display});
            api.post("Roles", &role)?;
        }
        let entitlements = lumos.setting("role_endpoint", "Roles").list("list_entitlements", 2)?;
        let roles = rows(entitlements.iter().filter(|row| row["entitlement_type"] == "role"), |row| {
            json!([row["integration_specific_id"], row["label"]])
        })?;
        let expected = api.all("Roles")?;
        let expected =
            rows(expected.iter(), |role| json!([format!("role:{}", text(&role["value"])), role["display"]]))?;
        same("roles", &roles, &expected)
    });
    stage.check(format!("{name}: settings say which attributes are what"), |_| {
        let mapped = lumos
            .setting("email_attribute", "userName")
            .setting("given_name_attribute", "emails[type eq \"work\"]");
        let accounts = mapped.list("list_accounts", 50)?;
        let found = rows(accounts.iter(), |row| json!([row["email"], row["given_name"]]))?;
        let users = api.all("Users")?;
        let expected = rows(users.iter(), |user| json!([user["userName"], user["emails"][0]["value"]]))?;
        same("attributes", &found, &expected)
    });
    for listing in ["list_accounts", "list_entitlements", "find_entitlement_associations"] {
        stage.check(
            format!("{name}: {listing} ends on a changing tenant and misses nothing that stays"),
            |_| changing(&api, &lumos, listing),
        );
    }
    Ok(())
}

/// Users and groups of every kind.
fn populate(api: &Api) -> Result<()> {
    let users = api.users((0..23).map(|number| {
        let roles: Vec<_> =
            ["reader", "writer", "admin"][..number % 4].iter().map(|role| json!({"value": role})).collect();
        let entitlements: Vec<_> =
            (0..number % 3).map(|number| json!({"value": format!("licence-{number}")})).collect();
        super::service::user(
            &format!("user{number}"),
            &json!({
                "active": number % 5 != 0,
                "name": {"givenName": format!("Given{number}"), "familyName": format!("Fämily{number}")},
                "roles": roles, "entitlements": entitlements,
            }),
        )
    }))?;
    for number in 0..9 {
        // From nobody to everybody.
        let members: Vec<_> = users.iter().skip(number).step_by(number.max(1)).take(number * 3).collect();
        api.group(&format!("Group {number}"), &members)?;
    }
    Ok(())
}

/// The service leaves deleted users in their groups: a sync says so, until they are taken out.
fn forget_the_deleted(stage: &mut Stage, api: &Api, lumos: &Connection, name: &str) {
    stage.check(
        format!("{name}: groups that name users who are gone make a sync inconsistent, until they do not"),
        |stage| {
            let users: BTreeSet<String> =
                api.all("Users")?.iter().map(|user| text(&user["id"]).to_owned()).collect();
            let is_there = |member: &Value| users.contains(text(&member["value"]));
            let mut stale = 0;
            for mut group in api.all("Groups")? {
                let Some(members) = group["members"].as_array_mut().filter(|all| !all.iter().all(is_there))
                else {
                    continue;
                };
                if stale == 0 {
                    let Err(error) = SyncedTenant::of(stage, lumos, MODES[1], 10) else {
                        bail!("a sync is complete although a group names a user who is gone");
                    };
                    let error = error.to_string();
                    ensure!(error.contains("is not in accounts"), "{error}");
                }
                members.retain(is_there);
                stale += 1;
                let path = format!("Groups/{}", text(&group["id"]));
                api.put(&path, &group)?;
            }
            ensure!(stale > 0, "no group names a user who is gone, so this proves nothing");
            Ok(())
        },
    );
}

/// Compares the rows that `list` gives for each listing with what the API says.
fn compare(api: &Api, list: impl Fn(&str) -> Result<Vec<Value>>) -> Result<()> {
    let found =
        rows(list("list_resources")?.iter(), |row| json!([row["integration_specific_id"], row["label"]]))?;
    let applications = api.all("Applications")?;
    same("resources", &found, &rows(applications.iter(), |one| json!([one["id"], one["displayName"]]))?)?;
    compare_directory(api, list)
}

/// Compares accounts, entitlements and associations with what the API says of users and groups.
pub(super) fn compare_directory(api: &Api, list: impl Fn(&str) -> Result<Vec<Value>>) -> Result<()> {
    let (users, groups) = (api.all("Users")?, api.all("Groups")?);

    let accounts = list("list_accounts")?;
    let found = rows(accounts.iter(), |row| {
        json!([
            row["integration_specific_id"],
            row["username"],
            row["email"],
            row["given_name"],
            row["family_name"],
            row["user_status"],
            row["extra_data"]
        ])
    })?;
    let expected = rows(users.iter(), |user| {
        let mut extra_data = user.clone();
        for hidden in ["id", "schemas", "groups"] {
            extra_data.as_object_mut().map(|fields| fields.shift_remove(hidden));
        }
        let status = if user["active"] == true { "ACTIVE" } else { "INACTIVE" };
        json!([
            user["id"],
            user["userName"],
            user["emails"][0]["value"],
            user["name"]["givenName"],
            user["name"]["familyName"],
            status,
            extra_data
        ])
    })?;
    same("accounts", &found, &expected)?;

    let found = rows(list("list_entitlements")?.iter(), |row| {
        json!([row["entitlement_type"], row["integration_specific_id"], row["label"]])
    })?;
    let mut expected = rows(groups.iter(), |group| json!(["group", group["id"], group["displayName"]]))?;
    for user in &users {
        for (kind, attribute) in [("role", "roles"), ("entitlement", "entitlements")] {
            for entry in user[attribute].as_array().into_iter().flatten() {
                let value = text(&entry["value"]);
                expected.insert(json!([kind, format!("{kind}:{value}"), value]).to_string());
            }
        }
    }
    same("entitlements", &found, &expected)?;

    let found = rows(list("find_entitlement_associations")?.iter(), Value::clone)?;
    let mut expected = Rows::new();
    for group in &groups {
        for member in group["members"].as_array().into_iter().flatten() {
            expected.insert(association(&member["value"], text(&group["id"])));
        }
    }
    for user in &users {
        for (kind, attribute) in [("role", "roles"), ("entitlement", "entitlements")] {
            for entry in user[attribute].as_array().into_iter().flatten() {
                expected.insert(association(&user["id"], &format!("{kind}:{}", text(&entry["value"]))));
            }
        }
    }
    same("associations", &found, &expected)
}

fn association(account: &Value, entitlement: &str) -> String {
    let row = json!({
        "account_id": account, "integration_specific_entitlement_id": entitlement,
        "integration_specific_resource_id": "",
    });
    row.to_string()
}

/// Lists in small pages while users and groups come and go between them.
fn changing(api: &Api, lumos: &Connection, listing: &str) -> Result<()> {
    let first_of = |rows: &[Value], prefix: &str, field: &str| {
        let is_passing = |row: &&Value| row[field].as_str().is_some_and(|name| name.starts_with(prefix));
        rows.iter().find(is_passing).map(|row| text(&row["id"]).to_owned())
    };
    let before = lumos.list(listing, 1000)?;
    for number in 0..8 {
        let passing = api.user(&format!("passing{number}"), &json!({"roles": [{"value": "passing"}]}))?;
        api.group(&format!("Passing {number}"), &[passing])?;
    }
    let seen = lumos.listing(listing, 3, |page| {
        if page > 16 {
            return Ok(());
        }
        // One more, and one fewer: whichever is first, and so in front of the page as often as not.
        let newcomer = api.user(&format!("passing-by{page}"), &json!({"roles": [{"value": "passing"}]}))?;
        api.group(&format!("Passing by {page}"), &[newcomer])?;
        if let Some(gone) = first_of(&api.all("Users")?, "passing", "userName") {
            api.delete(&format!("Users/{gone}"))?;
        }
        if let Some(gone) = first_of(&api.all("Groups")?, "Passing", "displayName") {
            api.delete(&format!("Groups/{gone}"))?;
        }
        Ok(())
    })?;
    while let Some(gone) = first_of(&api.all("Users")?, "passing", "userName") {
        api.delete(&format!("Users/{gone}"))?;
    }
    while let Some(gone) = first_of(&api.all("Groups")?, "Passing", "displayName") {
        api.delete(&format!("Groups/{gone}"))?;
    }
    let seen: Rows = seen.iter().map(Value::to_string).collect();
    for row in before {
        ensure!(seen.contains(&row.to_string()), "missed {row}");
    }
    Ok(())
}

fn rows<'r>(found: impl Iterator<Item = &'r Value>, row: impl Fn(&Value) -> Value) -> Result<Rows> {
    let mut rows = Rows::new();
    for one in found {
        let one = row(one).to_string();
        ensure!(!rows.contains(&one), "it is there twice: {one}");
        rows.insert(one);
    }
    Ok(rows)
}

fn same(what: &str, found: &Rows, expected: &Rows) -> Result<()> {
    let missing: Vec<_> = expected.difference(found).take(3).collect();
    let invented: Vec<_> = found.difference(expected).take(3).collect();
    ensure!(missing.is_empty() && invented.is_empty(), "{what}: missing {missing:?}, invented {invented:?}");
    let one = expected.first().with_context(|| format!("there are no {what}, so this proves nothing"))?;
    ensure!(!one.is_empty(), "{what} are empty");
    Ok(())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
