//! The commands as people run them: with a real connector, with users who may do little, and to an orderly end.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lumos_sync_workers::Setup;
use serde_json::Value;

use super::machines::{Nats, Process};
use crate::harness::certificates::Certificates;
use crate::harness::install::{output, python};
use crate::harness::server::free_port;
use crate::harness::stage::Stage;

/// The tool in a folder with a connection file.
struct Desk {
    folder: tempfile::TempDir,
    tool: std::path::PathBuf,
}

impl Desk {
    fn new(stage: &Stage, accounts: usize) -> Result<Self> {
        let desk = Self { folder: tempfile::tempdir()?, tool: stage.binary("connector") };
        let connections = desk.path("connections");
        std::fs::create_dir(&connections)?;
        let connector = stage.binary("mock-connector");
        let file = format!(
            "[connector]\ncommand = [{connector:?}]\nmode = \"server\"\n\n[auth.basic]\nusername = \"e2e\"\n\
             password = {{ env = \"TENANT_PASSWORD\" }}\n\n[settings]\nhost = \"acme.test\"\naccount_count = {accounts}\n\n\
             [limits]\npage_size = 20\n"
        );
        std::fs::write(connections.join("acme.toml"), file)?;
        Ok(desk)
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.tool);
        command.args(arguments).current_dir(self.folder.path()).env("TENANT_PASSWORD", "e2e-password");
        command
    }

    fn run(&self, arguments: &[&str]) -> Result<Output> {
        self.command(arguments).output().with_context(|| arguments.join(" "))
    }

    fn succeed(&self, arguments: &[&str]) -> Result<String> {
        let output = self.run(arguments)?;
        let (stdout, stderr) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        ensure!(output.status.success(), "{}: {} {stdout}{stderr}", arguments.join(" "), output.status);
        Ok(stdout.into_owned())
    }

    fn start(&self, arguments: &[&str], log: &str) -> Result<Process> {
        Process::start(self.command(arguments), &self.path(log))
    }

    fn rows(&self, store: &Path) -> Result<String> {
        let folder = self.path("rows");
        self.succeed(&["export", &store.to_string_lossy(), "rows"])?;
        let mut files: Vec<_> = std::fs::read_dir(&folder)?.flatten().map(|entry| entry.path()).collect();
        files.sort();
        let mut text = String::new();
        for file in files {
            text.push_str(&std::fs::read_to_string(file)?);
        }
        std::fs::remove_dir_all(folder)?;
        Ok(text)
    }
}

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    stage.check("a tenant of the mock connector by worker and collector is that of a plain sync", whole);
    stage.check("the printed permissions suffice for each role, and for no more", permissions);
    stage.check("nkey and mutual TLS; what is wrong is said at once", credentials);
    stage.check("a worker ends its pages at SIGTERM, and a second one leaves them to others", drain);
    stage.check("a schedule begins what was missed once", schedule);
    stage.check("the manifests are valid Kubernetes, and the compose file names what is there", manifests);
    Ok(())
}

fn manifests(stage: &Stage) -> Result<()> {
    let python = python(stage, &["kubernetes-validate==1.37.0"])?;
    let folder = stage.root().join("deploy/workers");
    let validator = python.with_file_name("kubernetes-validate");
    output(Command::new(validator).arg("--strict").arg(folder.join("kubernetes.yaml")))?;
    // What KEDA and Compose define has no schema there: it is read, and its references are followed.
    let script = "import sys, yaml\n\
        keda = yaml.safe_load(open(sys.argv[1] + '/keda.yaml'))\n\
        manifests = list(yaml.safe_load_all(open(sys.argv[1] + '/kubernetes.yaml')))\n\
        workers = [it for it in manifests if it['kind'] == 'Deployment']\n\
        assert keda['spec']['scaleTargetRef']['name'] in [it['metadata']['name'] for it in workers]\n\
        compose = yaml.safe_load(open(sys.argv[1] + '/compose.yaml'))\n\
        services = compose['services']\n\
        for service in services.values():\n\
        \x20   assert all(name in services for name in service.get('depends_on', {}))\n\
        \x20   assert all(it['source'] in compose['configs'] for it in service.get('configs', []))\n\
        print('\\n'.join(' '.join(it['spec']['template']['spec']['containers'][0]['args']) for it in workers))";
    let arguments = output(Command::new(&python).args(["-c", script]).arg(folder))?;
    // The commands of the manifests are ones that the tool takes: it fails at the broker, not at its arguments.
    let desk = Desk::new(stage, 1)?;
    for line in String::from_utf8(arguments.stdout)?.lines() {
        let line = line.replace("tls://nats.example.internal:4222", "nats://127.0.0.1:1");
        let status = desk.run(&line.split(' ').collect::<Vec<_>>())?.status;
        ensure!(status.code() == Some(1), "{line}: {status}");
    }
    Ok(())
}

fn whole(stage: &Stage) -> Result<()> {
    let desk = Desk::new(stage, 300)?;
    let nats = Nats::start(stage, "")?;
    let url = nats.url();
    desk.succeed(&["sync", "connections/acme.toml", "--store", "plain.db", "--quiet"])?;
    desk.succeed(&["cluster", "init", "--max-mib", "256", "--nats", &url])?;
    let (one, two) = (format!("127.0.0.1:{}", free_port()?), format!("127.0.0.1:{}", free_port()?));
    let worker = ["worker", "--nats", &url, "--connections", "connections", "--listen", &one];
    let _worker = desk.start(&worker, "worker.log")?;
    let collect = ["collect", "--nats", &url, "--store", "stores", "--listen", &two];
    let _collector = desk.start(&collect, "collector.log")?;
    let output = desk.run(&["sync", "--nats", &url, "acme", "--json"])?;
    let stdout = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{stdout}{}", String::from_utf8_lossy(&output.stderr));
    let last: Value = serde_json::from_str(stdout.lines().last().unwrap_or_default())?;
    ensure!(last["outcome"] == "complete", "{last}");
    ensure!(desk.rows(&desk.path("plain.db"))? == desk.rows(&desk.path("stores/acme.db"))?, "rows differ");
    let diff = desk.succeed(&["diff", "plain.db", "stores/acme.db"])?;
    ensure!(diff.contains("accounts: 300 → 300 rows, 0 added, 0 changed, 0 removed"), "{diff}");
    for (address, counter) in [(&one, "lumos_worker_pages_total"), (&two, "lumos_collector_pages_total")] {
        let get = |path: &str| -> Result<String> {
            Ok(ureq::get(format!("http://{address}{path}")).call()?.body_mut().read_to_string()?)
        };
        ensure!(get("/healthz")? == "ok\n" && get("/readyz")? == "ready\n");
        let metrics = get("/metrics")?;
        let count = metrics.lines().find_map(|line| line.strip_prefix(counter)).context("no counter")?;
        ensure!(count.trim().parse::<u64>()? > 30, "{count}");
    }
    let status: Value =
        serde_json::from_str(&desk.succeed(&["cluster", "status", "--nats", &url, "--json"])?)?;
    ensure!(status["messages"] == 0 && status["syncs"][0]["stage"] == "ended", "{status}");
    // A connection that no worker knows is given up with a reason, and not waited for without end.
    let unknown = desk.run(&["sync", "--nats", &url, "unknown", "--no-wait"])?;
    ensure!(unknown.status.success());
    Ok(())
}

fn permissions(stage: &Stage) -> Result<()> {
    let desk = Desk::new(stage, 40)?;
    let fragment = desk.succeed(&["cluster", "init", "--permissions"])?;
    let fragment = ["ADMIN", "WORKER", "COLLECTOR", "OPERATOR"].iter().fold(fragment, |text, role| {
        text.replace(&format!("$LUMOS_{role}_PASSWORD"), &format!("\"{}-secret\"", role.to_lowercase()))
    });
    let nats = Nats::start(stage, &fragment)?;
    let url = nats.url();
    for role in ["admin", "worker", "collector", "operator"] {
        std::fs::write(desk.path(role), format!("{role}-secret\n"))?;
    }
    let login = |user: &'static str, role: &'static str| ["--nats-user", user, "--nats-password-file", role];
    let with = |arguments: &[&str], user, role| -> Vec<String> {
        arguments.iter().chain(&login(user, role)).map(|&text| text.to_owned()).collect()
    };
    let strings = |arguments: &[String]| -> Result<String> {
        desk.succeed(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    strings(&with(&["cluster", "init", "--max-mib", "256", "--nats", &url], "admin", "admin"))?;
    let start = |arguments: Vec<String>, log| {
        desk.start(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), log)
    };
    let worker =
        with(&["worker", "--nats", &url, "--connections", "connections"], "workers-default", "worker");
    let _worker = start(worker, "worker.log")?;
    let collect = with(&["collect", "--nats", &url, "--store", "stores"], "collector", "collector");
    let _collector = start(collect, "collector.log")?;
    let sync = with(&["sync", "--nats", &url, "acme", "--quiet"], "operator", "operator");
    let said = strings(&sync)
        .with_context(|| std::fs::read_to_string(desk.path("collector.log")).unwrap_or_default())
        .with_context(|| std::fs::read_to_string(desk.path("worker.log")).unwrap_or_default())?;
    ensure!(said.contains("acme: complete"), "{said}");
    strings(&with(&["cluster", "status", "--nats", &url], "operator", "operator"))?;
    // Roles are kept apart: a worker can neither make streams nor collect.
    let refused = |arguments: Vec<String>| -> Result<String> {
        let output = desk.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())?;
        ensure!(!output.status.success(), "{arguments:?} was let through");
        Ok(String::from_utf8_lossy(&output.stderr).into_owned())
    };
    refused(with(&["cluster", "init", "--max-mib", "256", "--nats", &url], "workers-default", "worker"))?;
    refused(with(&["collect", "--nats", &url, "--store", "other"], "workers-default", "worker"))?;
    let wrong = refused(with(&["cluster", "status", "--nats", &url], "operator", "worker"))?;
    ensure!(wrong.contains("cannot connect to") && !wrong.contains("worker-secret"), "{wrong}");
    Ok(())
}

fn credentials(stage: &Stage) -> Result<()> {
    let desk = Desk::new(stage, 10)?;
    // A pair that the documentation of NATS shows.
    let (seed, public) = (
        "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY",
        "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4",
    );
    std::fs::write(desk.path("nkey"), format!("{seed}\n"))?;
    let nats = Nats::start(stage, &format!("authorization {{ users = [ {{ nkey: {public} }} ] }}"))?;
    desk.succeed(&["cluster", "init", "--max-mib", "256", "--nats", &nats.url(), "--nats-nkey", "nkey"])?;
    let output = desk.run(&["cluster", "init", "--max-mib", "256", "--nats", &nats.url()])?;
    ensure!(!output.status.success(), "no credentials were enough");
    let certificates = Certificates::for_host("localhost")?;
    for (name, text) in [
        ("ca.pem", &certificates.authority),
        ("cert.pem", &certificates.certificate),
        ("key.pem", &certificates.key),
    ] {
        std::fs::write(desk.path(name), text)?;
    }
    let file = |name: &str| desk.path(name).display().to_string();
    let tls = format!(
        "tls {{ cert_file: \"{}\", key_file: \"{}\", ca_file: \"{}\", verify: true }}",
        file("cert.pem"),
        file("key.pem"),
        file("ca.pem")
    );
    let nats = Nats::start(stage, &tls)?;
    let url = format!("tls://localhost:{}", nats.port());
    let mutual = ["--nats-ca", "ca.pem", "--nats-cert", "cert.pem", "--nats-key", "key.pem"];
    desk.succeed(&[&["cluster", "init", "--max-mib", "256", "--nats", &url][..], &mutual[..]].concat())?;
    let output = desk.run(&["cluster", "init", "--max-mib", "256", "--nats", &url, "--nats-ca", "ca.pem"])?;
    ensure!(!output.status.success(), "a client without a certificate was let in");
    let output = desk.run(&["cluster", "init", "--max-mib", "256", "--nats", "nats://127.0.0.1:1"])?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(stderr.contains("cannot connect to nats://127.0.0.1:1"), "{stderr}");
    Ok(())
}

fn drain(stage: &Stage) -> Result<()> {
    use super::nonce::Tenant;
    use super::site::Site;
    let setup = Setup { ack_wait: Duration::from_secs(2), ..Setup::default() };
    let mut site = Site::new(stage, setup, None)?;
    let tenants = [Tenant::new("drain", 8, 5).takes(400)];
    site.submit(&tenants, &lumos_sync_workers::record::Wanted::default())?;
    site.staff(1, 2)?;
    std::thread::sleep(Duration::from_millis(900));
    site.workers[0].signal("TERM")?;
    let status = site.workers[0].wait(Duration::from_secs(10))?;
    ensure!(status.success(), "{status}");
    site.add_worker(2)?;
    std::thread::sleep(Duration::from_millis(700));
    site.workers[1].signal("TERM")?;
    std::thread::sleep(Duration::from_millis(30));
    site.workers[1].signal("TERM")?;
    let status = site.workers[1].wait(Duration::from_secs(2))?;
    ensure!(status.success(), "{status}");
    site.add_worker(2)?;
    site.finish(&tenants, Duration::from_secs(60))
}

fn schedule(stage: &Stage) -> Result<()> {
    let desk = Desk::new(stage, 20)?;
    let nats = Nats::start(stage, "")?;
    let url = nats.url();
    desk.succeed(&["cluster", "init", "--max-mib", "256", "--nats", &url])?;
    std::fs::write(desk.path("schedule.toml"), "[[connection]]\nname = \"acme\"\nevery = \"2s\"\n")?;
    let once = |expected: bool| -> Result<()> {
        let output = desk.run(&["schedule", "--nats", &url, "schedule.toml", "--once"])?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success() && stderr.contains("begins") == expected, "{stderr}");
        Ok(())
    };
    once(true)?;
    // Nobody works yet, so it is under way however long ago it was asked for.
    std::thread::sleep(Duration::from_millis(2500));
    once(false)?;
    let _worker = desk.start(&["worker", "--nats", &url, "--connections", "connections"], "worker.log")?;
    let _collector = desk.start(&["collect", "--nats", &url, "--store", "stores"], "collector.log")?;
    desk.succeed(&["sync", "--nats", &url, "acme", "--quiet"])?;
    once(true)?;
    // It is not due again before its time.
    desk.succeed(&["sync", "--nats", &url, "acme", "--quiet"])?;
    std::fs::write(desk.path("schedule.toml"), "[[connection]]\nname = \"acme\"\nevery = \"1h\"\n")?;
    once(false)
}
