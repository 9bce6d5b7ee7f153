//! `postgres-connector` against a PostgreSQL server with TLS, installed from Debian and started for the suite.

mod cluster;
mod failures;
mod listings;
mod scale;
mod sequence;

use anyhow::Result;
use serde_json::{Value, json};

use crate::harness::connection::Connection;
use crate::harness::stage::Stage;
use cluster::Cluster;

/// What the connector's README calls its role, and the password that it gives it.
const ROLE: &str = "lumos";
const PASSWORD: &str = "choose-a-long-one";

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    stage.build(&["lumos-postgres-connector"])?;
    let mut cluster = stage.step("installed and started PostgreSQL with TLS", Cluster::start)?;
    stage.step("set up the connector's role as its README says", |stage| set_up(stage, &cluster))?;
    let connector = stage.connector("postgres-connector")?;
    let lumos = Connection::new(connector, login(ROLE, PASSWORD), settings(&cluster));
    sequence::run(stage, &cluster, &lumos)?;
    listings::run(stage, &cluster, &lumos)?;
    failures::run(stage, &mut cluster, &lumos)?;
    scale::run(stage, &cluster, &lumos)
}

fn login(username: &str, password: &str) -> Value {
    json!({"basic": {"username": username, "password": password}})
}

fn settings(cluster: &Cluster) -> Value {
    json!({"host": "localhost", "port": cluster.port(), "ca_certificate": cluster.authority()})
}

/// Runs the SQL of the README: the first block once for the server, the second in a governed database.
fn set_up(stage: &Stage, cluster: &Cluster) -> Result<()> {
    let readme = std::fs::read_to_string(stage.root().join("connectors/postgres/README.md"))?;
    let mut blocks = readme.split("```sql\n").skip(1).filter_map(|rest| rest.split("```").next());
    cluster.sql("postgres", "CREATE DATABASE app")?;
    for (database, block) in [("postgres", blocks.next()), ("app", blocks.next())] {
        cluster.sql(database, block.unwrap_or("SELECT 'the README has no such block'::int"))?;
    }
    // What the README asks for each governed database; `postgres` is one as well.
    cluster
        .sql("postgres", "GRANT CONNECT, CREATE, TEMPORARY ON DATABASE postgres TO lumos WITH GRANT OPTION")
}
