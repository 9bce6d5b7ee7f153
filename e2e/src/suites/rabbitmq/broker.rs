//! A RabbitMQ broker of its own, in a temporary folder on free ports of the loopback interface.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::install::{apt, output, succeed};
use crate::harness::server::{Server, free_port, listens};

/// Where Debian keeps the programs, without the wrapper that changes the user.
const DEBIAN: &str = "/usr/lib/rabbitmq/bin";

#[derive(Debug)]
pub(super) struct Broker {
    folder: TempDir,
    management: u16,
    ports: [u16; 3],
    server: Option<Server>,
}

impl Broker {
    /// Installs and starts a broker with the management plugin.
    pub(super) fn start() -> Result<Self> {
        apt(&["rabbitmq-server"])?;
        let folder = tempfile::Builder::new().prefix("e2e-rabbitmq-").tempdir()?;
        let (management, ports) = (free_port()?, [free_port()?, free_port()?, free_port()?]);
        let configuration = format!(
            "listeners.tcp.1 = 127.0.0.1:{}\nmanagement.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {management}\n\
             log.console = true\n",
            ports[0]
        );
        std::fs::write(folder.path().join("rabbitmq.conf"), configuration)?;
        std::fs::write(folder.path().join("plugins"), "[rabbitmq_management].")?;
        let mut broker = Self { folder, management, ports, server: None };
        let log = broker.folder.path().join("server.log");
        let mut command = broker.program("rabbitmq-server");
        let ready = || listens(management) && broker.control(&["await_startup"]).is_ok();
        broker.server = Some(Server::start(&mut command, &log, ready)?);
        Ok(broker)
    }

    /// The address of the management plugin.
    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.management)
    }

    /// Runs `rabbitmqctl`.
    pub(super) fn control(&self, arguments: &[&str]) -> Result<()> {
        succeed(self.program("rabbitmqctl").arg("--quiet").args(arguments))
            .with_context(|| arguments.first().copied().unwrap_or_default().to_owned())
    }

    /// The rows of a listing of `rabbitmqctl`.
    pub(super) fn rows(&self, arguments: &[&str]) -> Result<Vec<Value>> {
        let mut command = self.program("rabbitmqctl");
        let written = output(command.args(["--quiet", "--formatter", "json"]).args(arguments))?;
        serde_json::from_slice(&written.stdout)
            .with_context(|| String::from_utf8_lossy(&written.stdout).into_owned())
    }

    /// The value of a global parameter.
    pub(super) fn parameter(&self, name: &str) -> Result<Value> {
        let rows = self.rows(&["list_global_parameters"])?;
        let row = rows.into_iter().find(|row| row["name"] == name).with_context(|| format!("no {name}"))?;
        // It is written as JSON within a text.
        let value = row["value"].as_str().context("the value is not a text")?;
        Ok(serde_json::from_str(value).unwrap_or_else(|_| json!(value)))
    }

    /// Whether a user can sign in with a password.
    pub(super) fn signs_in(&self, user: &str, password: &str) -> bool {
        self.control(&["authenticate_user", user, password]).is_ok()
    }

    /// Makes users, virtual hosts and permissions from a file of definitions.
    pub(super) fn import(&self, definitions: &Value) -> Result<()> {
        let path = self.folder.path().join("definitions.json");
        std::fs::write(&path, definitions.to_string())?;
        self.control(&["import_definitions", &path.display().to_string()])
    }

    /// Stops the broker.
    pub(super) fn stop(&mut self) {
        if self.server.is_some() {
            // Where it fails, the process is stopped by what follows.
            drop(self.control(&["stop"]));
        }
        self.server = None;
    }

    fn program(&self, name: &str) -> Command {
        let folder = self.folder.path();
        let mut command = Command::new(Path::new(DEBIAN).join(name));
        command
            .env("HOME", folder)
            .env("RABBITMQ_CONF_ENV_FILE", folder.join("none"))
            .env("RABBITMQ_CONFIG_FILE", folder.join("rabbitmq.conf"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", folder.join("plugins"))
            .env("RABBITMQ_LOG_BASE", folder.join("log"))
            .env("RABBITMQ_MNESIA_BASE", folder.join("database"))
            .env("RABBITMQ_PID_FILE", folder.join("pid"))
            .env("RABBITMQ_NODENAME", "e2e@localhost")
            .env("RABBITMQ_DIST_PORT", self.ports[1].to_string())
            .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1}")
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env("ERL_EPMD_PORT", self.ports[2].to_string());
        command
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.stop();
        // The daemon that tells nodes each other's ports outlives them.
        let mut daemon = Command::new("epmd");
        daemon.args(["-port", &self.ports[2].to_string(), "-kill"]);
        drop(daemon.output());
    }
}
