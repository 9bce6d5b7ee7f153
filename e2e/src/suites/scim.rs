//! `scim-connector` against scim2-server, scimmy and django-scim2, installed and started for the suite.

mod failures;
mod listings;
mod oauth;
mod peers;
mod scale;
mod sequence;
pub(super) mod service;
mod walk;

use anyhow::Result;
use serde_json::{Value, json};

use crate::harness::check::{accepted, check};
use crate::harness::connection::Connection;
use crate::harness::stage::Stage;
use service::{ADMIN, Service, Tenant};

pub(super) const SERVER: [&str; 2] = ["scim2-server[cursor]==0.8.3", "scim2-models==0.12.3"];

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    stage.build(&["lumos-scim-connector", "lumos-connector-cli"])?;
    let python = stage.step(format!("installed {}", SERVER.join(", ")), |stage| {
        crate::harness::install::python(stage, &SERVER)
    })?;
    let mut service = stage.step("started it with three tenants", |stage| Service::start(stage, python))?;
    for tenant in [Tenant::Full, Tenant::Cursor, Tenant::Plain] {
        sequence::run(stage, &service, tenant)?;
        listings::run(stage, &service, tenant)?;
        checked(stage, &service, tenant);
    }
    peers::run(stage)?;
    oauth::run(stage, &service)?;
    scale::run(stage, &service)?;
    walk::run(stage)?;
    failures::run(stage, &mut service)
}

/// The connection of the platform to a tenant, with the settings that its extension and its own endpoints need.
fn connection(stage: &Stage, service: &Service, tenant: Tenant) -> Result<Connection> {
    let settings = json!({
        "base_url": service.base(tenant),
        "last_login_attribute": "urn:acme:scim:User:lastLogin",
        "resource_endpoint": "Applications",
    });
    Ok(Connection::new(stage.connector("scim-connector")?, bearer(ADMIN), settings))
}

fn bearer(token: &str) -> Value {
    json!([{"id": "token", "token": {"token": token}}])
}

/// `connector check` finds nothing that is not accepted with a reason.
fn checked(stage: &mut Stage, service: &Service, tenant: Tenant) {
    let name = tenant.name();
    stage.check(format!("{name}: connector check finds nothing that is not accepted"), |stage| {
        let file = format!(
            "[connector]\ncommand = [{:?}]\n[[credentials]]\nid = \"token\"\n\
             token.token = {{ command = [\"echo\", \"{ADMIN}\"] }}\n[settings]\nbase_url = \"{}\"\n\
             last_login_attribute = \"urn:acme:scim:User:lastLogin\"\nresource_endpoint = \"Applications\"\n",
            stage.binary("scim-connector"),
            service.base(tenant)
        );
        check(stage, &format!("scim-{name}"), &file, Some(&accepted(stage, "scim"))).map(drop)
    });
}
