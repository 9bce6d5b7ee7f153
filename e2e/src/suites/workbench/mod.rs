//! The workbench in Chromium without a network, over the mock connector, PostgreSQL, SCIM and an OpenID provider: all
//! that a person does there, with pictures in light and dark, wide and narrow, and axe looking at each page.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use super::postgres::cluster::Cluster;
use super::scim::service::{ADMIN, Service, Tenant};
use super::{postgres, scim};
use crate::harness::install::{apt, npm, output, python};
use crate::harness::keyring::Keyring;
use crate::harness::server::{Server, free_port, listens};
use crate::harness::stage::Stage;

const PLAYWRIGHT: &str = "playwright==1.65.2";
const AXE: &str = "axe-core@4.14.1";
const PROVIDER: &str = "oidc-provider@8.8.1";
const SCRIPT: &str = include_str!("browser.py");
const PASSWORD: &str = "e2e-password-of-the-mock";

/// What the browser saw.
#[derive(Deserialize)]
struct Seen {
    steps: Vec<Step>,
    requests: Vec<String>,
    complaints: Vec<String>,
    axe: Vec<String>,
    screenshots: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct Step {
    what: String,
    problem: Option<String>,
}

/// The programs beside the workbench, which run as long as this is there.
struct Apps {
    cluster: Cluster,
    service: Service,
    _provider: Server,
    issuer: String,
}

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    stage.build(&[
        "lumos-connector-cli",
        "lumos-mock-connector",
        "lumos-postgres-connector",
        "lumos-scim-connector",
        "lumos-conformance-oidc",
    ])?;
    let (python, axe) = stage.step(format!("installed {PLAYWRIGHT}, {AXE} and chromium"), |stage| {
        apt(&["chromium"])?;
        let axe = npm(stage, &[AXE])?.join("node_modules/axe-core/axe.min.js");
        Ok((python(stage, &[PLAYWRIGHT])?, axe))
    })?;
    let port = free_port()?;
    let apps = stage.step("started PostgreSQL, a SCIM service and an OpenID provider", |stage| {
        start(stage, port).context("starting the apps")
    })?;
    let keyring = stage.step("started a session bus and the Secret Service of GNOME", |stage| {
        Keyring::start(&stage.cache("logs")?)
    })?;
    let pictures = stage.cache("workbench")?;
    let folder = tempfile::tempdir()?;
    connections(stage, folder.path(), &apps)?;
    let seen = stage.step("went through the workbench in a browser", |stage| {
        let log = pictures.join("workbench.log");
        let mut command = Command::new(stage.binary("connector"));
        command.args(["workbench", "mock.toml", "postgres.toml", "scim.toml", "--no-browser", "--listen"]);
        command.arg(format!("127.0.0.1:{port}")).current_dir(folder.path());
        command.env("E2E_PG_PASSWORD", postgres::PASSWORD).env("E2E_SCIM_TOKEN", ADMIN);
        command.envs(keyring.variables());
        let is_printed = || fs::read_to_string(&log).is_ok_and(|text| text.contains("/enter?token="));
        let workbench = Server::start(&mut command, &log, is_printed)?;
        let printed = workbench.output();
        let url =
            printed.lines().find(|line| line.starts_with("http://")).context("no address was printed")?;
        let given = json!({
            "origin": format!("http://127.0.0.1:{port}"), "url": url, "folder": pictures, "axe": axe,
            "password": PASSWORD, "token": ADMIN, "connections": {"mock": 0, "postgres": 1, "scim": 2},
            "apps": {"postgres": 3, "scim": 3}, "oidc": stage.binary("oidc-connector"), "issuer": apps.issuer,
        });
        walk(&python, &given)
    })?;
    told(stage, &seen, port, &apps.issuer);
    stage.check("the saved file names the secret and holds none", |_| {
        let saved = fs::read_to_string(folder.path().join("saved.toml"))?;
        ensure!(saved.contains("E2E_PASSWORD") && !saved.contains(PASSWORD), "it is\n{saved}");
        Ok(())
    });
    stage.check("the recorded case that was copied is replayed without the app", |stage| {
        let mut replay = Command::new(stage.binary("scim-connector"));
        output(replay.args(["dev", "replay"]).arg(stage.cache("workbench")?.join("recorded.json"))).map(drop)
    });
    keyring_is_read(stage, folder.path(), &keyring);
    stage.check("no file of the workbench holds a secret that was typed", |_| {
        for entry in fs::read_dir(folder.path())? {
            let path = entry?.path();
            let bytes = fs::read(&path)?;
            let found = bytes.windows(PASSWORD.len()).any(|window| window == PASSWORD.as_bytes());
            ensure!(!found, "{} does", path.display());
        }
        Ok(())
    });
    Ok(())
}

/// The file that was saved with its secret in the keyring, in another process.
fn keyring_is_read(stage: &mut Stage, folder: &Path, keyring: &Keyring) {
    let validate = |stage: &Stage, variables: Vec<(&str, OsString)>| {
        let mut call = Command::new(stage.binary("connector"));
        call.args(["call", "in-keyring.toml", "validate_credentials"]).current_dir(folder);
        call.env_remove("DBUS_SESSION_BUS_ADDRESS").env("XDG_RUNTIME_DIR", folder).envs(variables);
        call.output().context("running connector call")
    };
    stage.check("the file names the keyring's entry, which another process reads", |stage| {
        let saved = fs::read_to_string(folder.join("in-keyring.toml"))?;
        ensure!(saved.contains("keyring = \"in-keyring/auth.password\""), "it is\n{saved}");
        let called = validate(stage, keyring.variables())?;
        let said = String::from_utf8_lossy(&called.stdout);
        ensure!(called.status.success() && said.contains("\"valid\":true"), "{called:?}");
        Ok(())
    });
    stage.check("without a keyring the field and the entry are named, and the secret is not", |stage| {
        let called = validate(stage, Vec::new())?;
        let said = String::from_utf8_lossy(&called.stderr);
        ensure!(!called.status.success(), "it went well");
        ensure!(said.contains("in-keyring/auth.password") && said.contains("no keyring"), "{said}");
        ensure!(!said.contains(PASSWORD), "{said}");
        Ok(())
    });
}

fn walk(python: &Path, given: &Value) -> Result<Seen> {
    let mut browser = Command::new(python);
    browser.args(["-c", SCRIPT, &given.to_string()]);
    serde_json::from_slice(&output(&mut browser)?.stdout).context("the browser said nothing that is JSON")
}

fn told(stage: &mut Stage, seen: &Seen, port: u16, issuer: &str) {
    for Step { what, problem } in &seen.steps {
        stage.check(what, |_| match problem {
            None => Ok(()),
            Some(problem) => Err(anyhow::anyhow!("{problem}")),
        });
    }
    let own = format!("http://127.0.0.1:{port}/");
    stage.check("nothing was asked of another host but the provider", |_| {
        let is_own =
            |url: &&String| url.starts_with(&own) || url.starts_with(issuer) || url.starts_with("data:");
        let other = seen.requests.iter().find(|url| !is_own(url));
        ensure!(other.is_none(), "{other:?}");
        Ok(())
    });
    stage.check("no address holds a secret", |_| {
        let found = seen.requests.iter().find(|url| url.starts_with(&own) && url.contains(PASSWORD));
        ensure!(found.is_none(), "{found:?}");
        Ok(())
    });
    stage.check("the browser has no complaint, the content security policy included", |_| {
        let own: Vec<_> = seen.complaints.iter().filter(|line| line.starts_with(&own)).collect();
        ensure!(own.is_empty(), "{own:#?}");
        Ok(())
    });
    stage.check(format!("axe has no serious finding on {} pictures", seen.screenshots.len()), |_| {
        ensure!(seen.axe.is_empty(), "{:#?}", seen.axe);
        ensure!(seen.screenshots.len() >= 60, "there are too few");
        Ok(())
    });
}

/// Starts the apps, and puts a little into each.
fn start(stage: &Stage, port: u16) -> Result<Apps> {
    let cluster = Cluster::start(stage, None)?;
    postgres::set_up(stage, &cluster)?;
    for number in 0..8 {
        cluster.sql(
            "postgres",
            &format!("CREATE ROLE person_{number} LOGIN; GRANT pg_read_all_data TO person_{number}"),
        )?;
    }
    cluster.sql("postgres", "CREATE ROLE \"<script>alert(1)</script>\" LOGIN")?;
    let service = Service::start(stage, python(stage, &scim::SERVER)?)?;
    let api = service.api(Tenant::Full);
    let mut users = Vec::new();
    for number in 0..9 {
        users.push(api.user(&format!("person-{number}"), &json!({}))?);
    }
    users.push(api.user("\"><svg onload=alert(1)>", &json!({}))?);
    api.group("Everybody", &users)?;
    api.group("<script>alert(1)</script>", &users[..3])?;
    let modules = npm(stage, &[PROVIDER])?;
    let provider = free_port()?;
    let mut command = Command::new("node");
    command.arg(stage.root().join("conformance/oidc/provider.mjs")).arg(modules).arg(provider.to_string());
    command.arg(format!("http://127.0.0.1:{port}/oauth/callback"));
    let log = stage.cache("logs")?.join("oidc-provider-workbench.log");
    let running = Server::start(&mut command, &log, || listens(provider))?;
    Ok(Apps { cluster, service, _provider: running, issuer: format!("http://127.0.0.1:{provider}") })
}

/// A connection file for each app; the mock connector's says nothing but where it is.
fn connections(stage: &Stage, folder: &Path, apps: &Apps) -> Result<()> {
    fs::write(folder.join("authority.pem"), apps.cluster.authority())?;
    let mock = format!("[connector]\ncommand = [{:?}]\n", stage.binary("mock-connector"));
    let postgres = format!(
        "[connector]\ncommand = [{:?}]\n\n[auth.basic]\nusername = \"{}\"\npassword = {{ env = \"E2E_PG_PASSWORD\" }}\n\n\
         [settings]\nhost = \"localhost\"\nport = {}\nca_certificate = {{ file = \"authority.pem\" }}\n",
        stage.binary("postgres-connector"),
        postgres::ROLE,
        apps.cluster.port()
    );
    let scim = format!(
        "[connector]\ncommand = [{:?}]\nmode = \"server\"\n\n[[credentials]]\nid = \"token\"\ntoken.token = {{ env = \"E2E_SCIM_TOKEN\" }}\n\n\
         [settings]\nbase_url = \"{}\"\n",
        stage.binary("scim-connector"),
        apps.service.base(Tenant::Full)
    );
    for (name, text) in [("mock", mock), ("postgres", postgres), ("scim", scim)] {
        fs::write(folder.join(format!("{name}.toml")), text)?;
    }
    Ok(())
}
