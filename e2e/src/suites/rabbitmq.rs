//! `rabbitmq-connector` against Debian's RabbitMQ, installed and started for the suite.

mod broker;
mod listings;
mod recording;
mod sequence;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::harness::check::check;
use crate::harness::connection::Connection;
use crate::harness::stage::Stage;
use broker::Broker;

/// The connector's own user.
const OWN: &str = "lumos";
const PASSWORD: &str = "correct-horse-battery";

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    stage.build(&["lumos-rabbitmq-connector", "lumos-connector-cli"])?;
    let mut broker = stage.step("installed and started Debian's RabbitMQ", |_| Broker::start())?;
    stage.step("set up the connector's user as its README says", |stage| set_up(stage, &broker))?;
    let lumos = connection(stage, &broker)?;
    credentials(stage, &broker, &lumos)?;
    sequence::run(stage, &broker, &lumos);
    checked(stage, &broker);
    listings::run(stage, &broker, &lumos)?;
    recording::run(stage, &mut broker, &lumos)
}

fn connection(stage: &Stage, broker: &Broker) -> Result<Connection> {
    let settings = json!({"base_url": broker.url()});
    Ok(Connection::new(stage.connector("rabbitmq-connector")?, login(OWN, PASSWORD), settings))
}

/// `connector check` finds nothing.
fn checked(stage: &mut Stage, broker: &Broker) {
    stage.check("connector check finds nothing", |stage| {
        let file = format!(
            "[connector]\ncommand = [{:?}]\n[auth.basic]\nusername = \"{OWN}\"\n\
             password = {{ command = [\"echo\", \"{PASSWORD}\"] }}\n[settings]\nbase_url = \"{}\"\n",
            stage.binary("rabbitmq-connector"),
            broker.url()
        );
        check(stage, "rabbitmq", &file, None).map(drop)
    });
}

fn login(username: &str, password: &str) -> Value {
    json!({"basic": {"username": username, "password": password}})
}

/// Runs the commands of the README, with the suite's password.
fn set_up(stage: &Stage, broker: &Broker) -> Result<()> {
    let readme = std::fs::read_to_string(stage.root().join("connectors/rabbitmq/README.md"))?;
    let block = readme.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap_or_default();
    let commands: Vec<_> = block.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    ensure!(!commands.is_empty(), "the README has no commands");
    for command in commands {
        let mut words = command.split_whitespace();
        ensure!(words.next() == Some("rabbitmqctl"), "expected a command of rabbitmqctl: {command}");
        let words: Vec<_> = words.map(|word| word.replace("'choose-a-long-one'", PASSWORD)).collect();
        broker.control(&words.iter().map(String::as_str).collect::<Vec<_>>())?;
    }
    Ok(())
}

fn credentials(stage: &mut Stage, broker: &Broker, lumos: &Connection) -> Result<()> {
    stage.check("the tenant is the cluster's id", |_| {
        let valid = lumos.response("validate_credentials", json!({}))?;
        let id = broker.parameter("internal_cluster_id")?;
        ensure!(valid == json!({"valid": true, "unique_tenant_id": id}), "{valid}");
        Ok(())
    });
    stage.check("a wrong password is one", |_| {
        let wrong = lumos.auth(login(OWN, "wrong-horse-battery"));
        wrong.refuses("validate_credentials", json!({}), "unauthorized", "Login failed")
    });
    broker.control(&["add_user", "monitor", PASSWORD])?;
    broker.control(&["set_user_tags", "monitor", "monitoring"])?;
    let monitor = lumos.auth(login("monitor", PASSWORD));
    stage.check("a user without the tag administrator is told so", |_| {
        monitor.refuses("validate_credentials", json!({}), "permission_denied", "administrator")
    });
    stage.check("and the broker's own refusal of it is no wrong password", |_| {
        monitor.refuses("list_accounts", json!({}), "permission_denied", "Not administrator user")
    });
    Ok(())
}
