//! The SCIM service, and its API without the connector.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use ureq::Agent;

use crate::harness::server::{Server, free_port, listens};
use crate::harness::stage::Stage;

/// As `connectors/scim/e2e/server.py` has them.
pub(in crate::suites) const ADMIN: &str = "admin-token";
pub(in crate::suites) const READER: &str = "reader-token";
pub(in crate::suites) const SLOW: &str = "slow-token";
pub(in crate::suites) const BUSY: &str = "busy-token";

/// Operations of one bulk request.
const BULK: usize = 500;

/// One of the services that the server offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::suites) enum Tenant {
    /// Filters, sorts, patches.
    Full,
    /// Pages by cursor, does not patch.
    Cursor,
    /// Does nothing that is optional.
    Plain,
    /// As [`Full`](Self::Full), with a tenth of the users of [`Large`](Self::Large).
    Small,
    /// As [`Full`](Self::Full), with many users.
    Large,
}

#[derive(Debug)]
pub(in crate::suites) struct Service {
    python: PathBuf,
    script: PathBuf,
    log: PathBuf,
    port: u16,
    process: Option<Server>,
}

/// The API of one tenant.
#[derive(Debug, Clone)]
pub(in crate::suites) struct Api {
    base: String,
    by_cursor: bool,
    agent: Agent,
}

impl Tenant {
    pub(in crate::suites) fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Cursor => "cursor",
            Self::Plain => "plain",
            Self::Small => "small",
            Self::Large => "large",
        }
    }
}

impl Service {
    pub(in crate::suites) fn start(stage: &Stage, python: PathBuf) -> Result<Self> {
        let mut service = Self {
            python,
            script: stage.root().join("connectors/scim/e2e/server.py"),
            log: stage.cache("logs")?.join("scim2-server.log"),
            port: free_port()?,
            process: None,
        };
        service.resume()?;
        Ok(service)
    }

    /// Stops the server; what it knew is lost.
    pub(in crate::suites) fn stop(&mut self) {
        self.process = None;
    }

    /// Starts the server on the port it had.
    pub(in crate::suites) fn resume(&mut self) -> Result<()> {
        let port = self.port;
        let mut command = Command::new(&self.python);
        command.arg(&self.script).arg(port.to_string());
        self.process = Some(Server::start(&mut command, &self.log, || listens(port))?);
        Ok(())
    }

    pub(in crate::suites) fn base(&self, tenant: Tenant) -> String {
        format!("{}/{}/v2", self.root(), tenant.name())
    }

    /// The address of the server.
    pub(in crate::suites) fn root(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(in crate::suites) fn api(&self, tenant: Tenant) -> Api {
        Api { by_cursor: tenant == Tenant::Cursor, ..Api::at(self.base(tenant)) }
    }
}

impl Api {
    /// The API under an address, which pages by index.
    pub(in crate::suites) fn at(base: String) -> Self {
        let agent = Agent::config_builder().http_status_as_error(false).build().into();
        Self { base, by_cursor: false, agent }
    }

    fn header() -> (&'static str, String) {
        ("authorization", format!("Bearer {ADMIN}"))
    }

    pub(in crate::suites) fn get(&self, path: &str) -> Result<Value> {
        let (name, value) = Self::header();
        let mut answer = self.agent.get(format!("{}/{path}", self.base)).header(name, value).call()?;
        let body = answer.body_mut().with_config().limit(u64::MAX).read_to_string()?;
        ensure!(answer.status().is_success(), "GET {path}: {body}");
        Ok(serde_json::from_str(&body)?)
    }

    pub(in crate::suites) fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let (name, value) = Self::header();
        let request = self.agent.post(format!("{}/{path}", self.base)).header(name, value);
        let mut answer = request.content_type("application/scim+json").send(body.to_string())?;
        let body = answer.body_mut().with_config().limit(u64::MAX).read_to_string()?;
        ensure!(answer.status().is_success(), "POST {path}: {body}");
        Ok(serde_json::from_str(&body)?)
    }

    pub(in crate::suites) fn put(&self, path: &str, body: &Value) -> Result<()> {
        let (name, value) = Self::header();
        let request = self.agent.put(format!("{}/{path}", self.base)).header(name, value);
        let mut answer = request.content_type("application/scim+json").send(body.to_string())?;
        ensure!(answer.status().is_success(), "PUT {path}: {}", answer.body_mut().read_to_string()?);
        Ok(())
    }

    pub(in crate::suites) fn patch(&self, path: &str, operations: &Value) -> Result<()> {
        let (name, value) = Self::header();
        let request = self.agent.patch(format!("{}/{path}", self.base)).header(name, value);
        let body =
            json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations});
        let mut answer = request.content_type("application/scim+json").send(body.to_string())?;
        ensure!(answer.status().is_success(), "PATCH {path}: {}", answer.body_mut().read_to_string()?);
        Ok(())
    }

    pub(in crate::suites) fn delete(&self, path: &str) -> Result<()> {
        let (name, value) = Self::header();
        let answer = self.agent.delete(format!("{}/{path}", self.base)).header(name, value).call()?;
        ensure!(answer.status().is_success(), "DELETE {path}: {}", answer.status());
        Ok(())
    }

    /// All resources of an endpoint, with as many requests as it takes.
    pub(in crate::suites) fn all(&self, endpoint: &str) -> Result<Vec<Value>> {
        let mut rows: Vec<Value> = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = if self.by_cursor {
                format!("{endpoint}?count=100&cursor={cursor}")
            } else {
                format!("{endpoint}?count=100&startIndex={}", rows.len() + 1)
            };
            let mut page = self.get(&page)?;
            rows.append(page["Resources"].as_array_mut().context("no Resources")?);
            match page["nextCursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None if self.by_cursor => return Ok(rows),
                None if page["totalResults"].as_u64().is_none_or(|total| rows.len() as u64 >= total) => {
                    return Ok(rows);
                }
                None => {}
            }
        }
    }

    /// Creates a user and gives its id.
    pub(in crate::suites) fn user(&self, name: &str, more: &Value) -> Result<String> {
        id(&self.post("Users", &user(name, more))?)
    }

    /// Creates a group and gives its id.
    pub(in crate::suites) fn group(&self, name: &str, members: &[impl AsRef<str>]) -> Result<String> {
        id(&self.post("Groups", &group(name, members))?)
    }

    /// Creates many users and gives their ids.
    pub(in crate::suites) fn users(&self, bodies: impl Iterator<Item = Value>) -> Result<Vec<String>> {
        let bodies: Vec<_> = bodies.collect();
        let mut ids = Vec::new();
        for bodies in bodies.chunks(BULK) {
            let operation = |(number, data): (usize, &Value)| json!({"method": "POST", "path": "/Users", "bulkId": number.to_string(), "data": data});
            let operations: Vec<_> = bodies.iter().enumerate().map(operation).collect();
            let bulk = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations});
            let done = self.post("Bulk", &bulk)?;
            for operation in done["Operations"].as_array().context("no Operations")? {
                let location = operation["location"].as_str().with_context(|| operation.to_string())?;
                ids.push(location.rsplit('/').next().unwrap_or_default().to_owned());
            }
        }
        Ok(ids)
    }
}

/// A user with attributes beside the usual ones.
pub(in crate::suites) fn user(name: &str, more: &Value) -> Value {
    let mut user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": name,
        "active": true,
        "emails": [{"value": format!("{name}@acme.test"), "type": "work", "primary": true}],
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        user[name] = value.clone();
        if name.starts_with("urn:")
            && let Some(schemas) = user["schemas"].as_array_mut()
        {
            schemas.push(json!(name));
        }
    }
    user
}

fn group(name: &str, members: &[impl AsRef<str>]) -> Value {
    let members: Vec<_> =
        members.iter().map(|member| json!({"value": member.as_ref(), "type": "User"})).collect();
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "displayName": name,
        "members": members,
    })
}

fn id(resource: &Value) -> Result<String> {
    resource["id"].as_str().map(str::to_owned).with_context(|| resource.to_string())
}
