//! `postgres-connector` against PostgreSQL servers with TLS, installed from Debian and npm and started for the suite, and
//! behind PgBouncer.

mod certificates;
pub(super) mod cluster;
mod databases;
mod deletions;
mod failures;
mod grants;
mod listings;
mod poolers;
mod refusals;
mod scale;
mod sequence;

use anyhow::Result;
use serde_json::{Value, json};

use crate::harness::check::{accepted, check};
use crate::harness::connection::Connection;
use crate::harness::stage::Stage;
use cluster::Cluster;

/// What the connector's README calls its role, and the password that it gives it.
pub(super) const ROLE: &str = "lumos";
pub(super) const PASSWORD: &str = "choose-a-long-one";

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    stage.build(&["lumos-postgres-connector", "lumos-connector-cli"])?;
    for version in cluster::NPM {
        let cluster = stage
            .step(format!("installed and started PostgreSQL {version} with TLS"), |stage| {
                Cluster::start(stage, Some(version))
            })?;
        versions(stage, &cluster, &[7])?;
    }
    let mut cluster = stage
        .step("installed and started Debian's PostgreSQL with TLS", |stage| Cluster::start(stage, None))?;
    let lumos = versions(stage, &cluster, &[1, 7, 5000])?;
    failures::run(stage, &mut cluster, &lumos)?;
    scale::run(stage, &cluster, &lumos)
}

/// What every version goes through; its listings are compared with what SQL says in pages of these sizes.
fn versions(stage: &mut Stage, cluster: &Cluster, sizes: &[usize]) -> Result<Connection> {
    let version = cluster.version()?;
    stage.step(format!("{version}: set up the connector's role as its README says"), |stage| {
        set_up(stage, cluster)
    })?;
    let connector = stage.connector("postgres-connector")?;
    let lumos = Connection::new(connector, login(ROLE, PASSWORD), settings(cluster));
    let superuser = lumos.auth(login("super", PASSWORD));
    sequence::run(stage, cluster, &lumos)?;
    listings::run(stage, cluster, &lumos, sizes)?;
    checked(stage, cluster, version);
    grants::run(stage, cluster, &lumos, &superuser)?;
    deletions::run(stage, cluster, &superuser)?;
    databases::run(stage, cluster, &lumos)?;
    refusals::run(stage, cluster, &lumos, &superuser)?;
    certificates::run(stage, cluster, &lumos)?;
    poolers::run(stage, cluster, &lumos)?;
    Ok(lumos)
}

/// `connector check` finds nothing that is not accepted with a reason.
fn checked(stage: &mut Stage, cluster: &Cluster, version: u32) {
    stage.check(format!("{version}: connector check finds nothing that is not accepted"), |stage| {
        let file = format!(
            "[connector]\ncommand = [{:?}]\n[auth.basic]\nusername = \"{ROLE}\"\n\
             password = {{ command = [\"echo\", \"{PASSWORD}\"] }}\n[settings]\nhost = \"localhost\"\nport = {}\n\
             ca_certificate = {}\n",
            stage.binary("postgres-connector"),
            cluster.port(),
            json!(cluster.authority())
        );
        check(stage, "postgres", &file, Some(&accepted(stage, "postgres"))).map(drop)
    });
}

/// The OID of a role, as accounts and memberships are identified.
fn oid(cluster: &Cluster, role: &str) -> Result<String> {
    cluster.value("postgres", &format!("SELECT oid FROM pg_roles WHERE rolname = '{role}'"))
}

/// A request to assign or unassign an entitlement: of a role, of a database or of a schema by its id.
fn change(account: &str, kind: &str, id: &str, resource: &str) -> Value {
    let resource_type = match kind.split_once('_') {
        Some((resource_type, "privilege")) => resource_type,
        _ => "",
    };
    json!({
        "account_integration_specific_id": account, "resource_integration_specific_id": resource,
        "resource_type": resource_type, "entitlement_type": kind, "entitlement_integration_specific_id": id,
    })
}

fn login(username: &str, password: &str) -> Value {
    json!({"basic": {"username": username, "password": password}})
}

fn settings(cluster: &Cluster) -> Value {
    json!({"host": "localhost", "port": cluster.port(), "ca_certificate": cluster.authority()})
}

/// Runs the SQL of the README: the first block once for the server, the second in a governed database.
pub(super) fn set_up(stage: &Stage, cluster: &Cluster) -> Result<()> {
    let readme = std::fs::read_to_string(stage.root().join("connectors/postgres/README.md"))?;
    let mut blocks = readme.split("```sql\n").skip(1).filter_map(|rest| rest.split("```").next());
    cluster.sql("postgres", "CREATE DATABASE app")?;
    for (database, block) in [("postgres", blocks.next()), ("app", blocks.next())] {
        cluster.sql(database, block.unwrap_or("SELECT 'the README has no such block'::int"))?;
    }
    cluster.sql("postgres", &format!("CREATE ROLE super SUPERUSER LOGIN PASSWORD '{PASSWORD}'"))?;
    // What the README asks for each governed database; `postgres` is one as well.
    cluster
        .sql("postgres", "GRANT CONNECT, CREATE, TEMPORARY ON DATABASE postgres TO lumos WITH GRANT OPTION")
}
