//! A keyring of the system for one run: a session bus, and on it the Secret Service of GNOME.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use tempfile::TempDir;

use super::install::apt;
use super::server::Server;

/// What unlocks the keyring.
const PASSWORD: &str = "e2e-password-of-the-keyring";

/// A keyring that is unlocked, as long as this is there.
pub(crate) struct Keyring {
    folder: TempDir,
    // Dropped in this order: the service before its bus.
    _service: Server,
    _bus: Server,
}

impl Keyring {
    /// Installs what it takes, and starts it.
    pub(crate) fn start(logs: &Path) -> Result<Self> {
        apt(&["dbus", "gnome-keyring"])?;
        let folder = tempfile::tempdir().context("making a folder for the keyring")?;
        for name in ["run", "data", "home"] {
            fs::create_dir(folder.path().join(name))?;
        }
        let password = folder.path().join("password");
        fs::write(&password, PASSWORD)?;
        let socket = folder.path().join("bus");
        let mut bus = Command::new("dbus-daemon");
        bus.args(["--session", "--nofork", "--nopidfile"]);
        bus.arg(format!("--address=unix:path={}", socket.display()));
        let bus = Server::start(&mut bus, &logs.join("dbus.log"), || socket.exists())?;
        let mut service = Command::new("sh");
        // The shell's standard input is nothing; the daemon's is the password.
        service.args(["-c", "exec gnome-keyring-daemon --unlock --components=secrets --foreground < \"$0\""]);
        service.arg(&password).envs(variables(folder.path()));
        let answers = || {
            let mut ask = Command::new("dbus-send");
            // Who asked the service itself would have the bus start another one, which is locked.
            ask.args(["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/"]);
            ask.args(["org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets"]);
            let said = ask.envs(variables(folder.path())).output();
            said.is_ok_and(|said| String::from_utf8_lossy(&said.stdout).contains("boolean true"))
        };
        let service = Server::start(&mut service, &logs.join("keyring.log"), answers)?;
        Ok(Self { _service: service, _bus: bus, folder })
    }

    /// The variables by which programs find it.
    pub(crate) fn variables(&self) -> Vec<(&'static str, OsString)> {
        variables(self.folder.path()).into()
    }
}

fn variables(folder: &Path) -> [(&'static str, OsString); 4] {
    let mut address = OsString::from("unix:path=");
    address.push(folder.join("bus"));
    [
        ("DBUS_SESSION_BUS_ADDRESS", address),
        ("XDG_RUNTIME_DIR", folder.join("run").into()),
        ("XDG_DATA_HOME", folder.join("data").into()),
        ("HOME", folder.join("home").into()),
    ]
}
