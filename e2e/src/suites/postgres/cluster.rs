//! A PostgreSQL server of its own, in a temporary folder on a free port.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::certificates::Certificates;
use crate::harness::install::{apt, output, succeed};
use crate::harness::server::{Server, free_port};
use crate::harness::stage::Stage;

/// Where Debian keeps the programs of each version.
const VERSIONS: &str = "/usr/lib/postgresql";

/// Only encrypted connections come in by network; the suite itself comes in by the socket.
const ACCESS: &str = "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n";

#[derive(Debug)]
pub(super) struct Cluster {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
    authority: String,
    server: Option<Server>,
}

impl Cluster {
    pub(super) fn start(_: &Stage) -> Result<Self> {
        apt(&["postgresql", "time"])?;
        let certificates = Certificates::for_host("localhost")?;
        let mut cluster = Self {
            folder: tempfile::Builder::new().prefix("e2e-postgres-").tempdir()?,
            programs: newest_programs()?,
            port: free_port()?,
            authority: certificates.authority.clone(),
            server: None,
        };
        let owner = cluster.owner()?;
        chown(cluster.folder.path(), Some(owner.0), Some(owner.1)).context("giving the folder away")?;
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
             fsync = off\nautovacuum = off\nlog_statement = all\n",
            cluster.port
        );
        for (name, text) in [
            ("postgresql.auto.conf", configuration.as_str()),
            ("pg_hba.conf", ACCESS),
            ("server.crt", &certificates.certificate),
            ("server.key", &certificates.key),
        ] {
            let path = data.join(name);
            std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
            chown(&path, Some(owner.0), Some(owner.1))?;
        }
        cluster.resume()?;
        Ok(cluster)
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The certificate of the authority, as PEM.
    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    /// What the server has logged: every statement.
    pub(super) fn log(&self) -> String {
        self.server.as_ref().map(Server::output).unwrap_or_default()
    }

    /// Starts the server again after [`Cluster::kill`].
    pub(super) fn resume(&mut self) -> Result<()> {
        let mut postgres = self.program("postgres");
        postgres.arg("-D").arg(self.data());
        let log = self.folder.path().join("server.log");
        self.server = None;
        let ready = || {
            self.program("pg_isready")
                .args(self.address())
                .output()
                .is_ok_and(|output| output.status.success())
        };
        self.server = Some(Server::start(&mut postgres, &log, ready)?);
        Ok(())
    }

    /// Stops the server at once, as if the power went: open sessions break.
    pub(super) fn kill(&self) -> Result<()> {
        succeed(self.program("pg_ctl").args(["stop", "--mode=immediate", "-D"]).arg(self.data()))
    }

    /// Runs statements as the superuser.
    pub(super) fn sql(&self, database: &str, sql: &str) -> Result<()> {
        succeed(self.psql(database).args(["-c", sql])).with_context(|| sql.to_owned())
    }

    /// The rows of a query, each as an object.
    pub(super) fn rows(&self, database: &str, query: &str) -> Result<Vec<Value>> {
        let sql = format!("SELECT to_jsonb(q) FROM ({query}) q");
        let output =
            output(self.psql(database).args(["-A", "-t", "-c", &sql])).with_context(|| sql.clone())?;
        let text = String::from_utf8(output.stdout)?;
        text.lines().map(|line| serde_json::from_str(line).with_context(|| line.to_owned())).collect()
    }

    /// The single value of a query, as text.
    pub(super) fn value(&self, database: &str, query: &str) -> Result<String> {
        let output =
            output(self.psql(database).args(["-A", "-t", "-c", query])).with_context(|| query.to_owned())?;
        Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
    }

    /// `psql` as the superuser, which stops at the first error.
    pub(super) fn psql(&self, database: &str) -> Command {
        let mut psql = self.program("psql");
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

    /// A program of the server. It refuses to run as root, so root runs it as the user that Debian makes for it.
    fn program(&self, name: &str) -> Command {
        let program = self.programs.join(name);
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
    let versions = std::fs::read_dir(VERSIONS).with_context(|| format!("reading {VERSIONS}"))?;
    let newest = versions.filter_map(|entry| Some(entry.ok()?.path())).max_by_key(|path| version(path));
    Ok(newest.context("PostgreSQL is not installed")?.join("bin"))
}
