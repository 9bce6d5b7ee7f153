//! A connection to this crate's faulty program, in a folder of its own.

use std::path::Path;
use std::time::Duration;

use lumos_connection::{Connection, ConnectionError, ConnectionFile, OpenOptions};
use tempfile::TempDir;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_faulty-program");

/// The secret of every connection here.
pub(crate) const SECRET: &str = "hunter22";

/// A folder with a connection file and the secret that it refers to.
pub(crate) struct Folder {
    folder: TempDir,
}

impl Folder {
    /// The file has the faulty program, and what else it says.
    pub(crate) fn new(mode: &str, rest: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret"), format!("{SECRET}\n")).unwrap();
        let text = format!(
            "[connector]\ncommand = [{PROGRAM:?}]\nmode = {mode:?}\n{rest}\n\
             [auth.basic]\nusername = \"ada\"\npassword = {{ file = \"secret\" }}\n"
        );
        std::fs::write(folder.path().join("connection.toml"), text).unwrap();
        Self { folder }
    }

    pub(crate) fn program() -> Self {
        Self::new("program", "")
    }

    pub(crate) fn server() -> Self {
        Self::new("server", "")
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn file(&self) -> ConnectionFile {
        ConnectionFile::read(&self.path().join("connection.toml")).unwrap()
    }

    pub(crate) async fn open(&self) -> Connection {
        self.try_open(self.file()).await.unwrap()
    }

    pub(crate) async fn try_open(&self, file: ConnectionFile) -> Result<Connection, ConnectionError> {
        Connection::open(file, OpenOptions::default()).await
    }

    /// The number of a process that the faulty program left here.
    pub(crate) fn number(&self, name: &str) -> i32 {
        std::fs::read_to_string(self.path().join(name)).unwrap().trim().parse().unwrap()
    }

    /// Waits until a process is gone: neither running nor left as a zombie.
    pub(crate) async fn is_gone(&self, name: &str) -> bool {
        let process = rustix::process::Pid::from_raw(self.number(name)).unwrap();
        wait_until(|| rustix::process::test_kill_process(process).is_err()).await
    }

    /// Waits until a process of somebody else has ended. Its zombie is not ours.
    pub(crate) async fn has_ended(&self, name: &str) -> bool {
        let number = self.number(name).to_string();
        wait_until(|| {
            let output =
                std::process::Command::new("ps").args(["-o", "stat=", "-p", &number]).output().unwrap();
            let state = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            state.is_empty() || state.starts_with('Z')
        })
        .await
    }
}

async fn wait_until(is_so: impl Fn() -> bool) -> bool {
    for _ in 0..500 {
        if is_so() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}
