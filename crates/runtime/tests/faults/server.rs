//! The server of the example `trouble`, as a process.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::client::{self, Answer};

/// A server on a port of its own. Dropping it kills it.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Server {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut process = Command::new(example("trouble"))
            .args(["serve", "--port", "0"])
            .args(arguments)
            .current_dir(folder.path())
            .env("DD_DOGSTATSD_DISABLE", "1")
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::new(process.stderr.take().unwrap()).read_line(&mut first).unwrap();
        let address = first.trim().rsplit("://").next().unwrap().parse();
        Self { process, address: address.unwrap_or_else(|_| panic!("it said {first:?}")), _folder: folder }
    }

    /// Calls a capability on a connection of its own.
    pub(crate) fn call(&self, capability: &str) -> Answer {
        client::exchange(self.address, &client::request(capability, "")).unwrap()
    }

    /// Whether a good call is answered.
    pub(crate) fn is_well(&self) -> bool {
        let answer = self.call("answers");
        let well = answer.status == 200 && answer.body.contains("\"done\":true");
        if !well {
            println!("a good call was answered with {answer:?}");
        }
        well
    }

    /// The value of a metric.
    pub(crate) fn metric(&self, line: &str) -> u64 {
        let answer = client::exchange(
            self.address,
            b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
        );
        let body = answer.unwrap().body;
        let value = body.lines().find_map(|found| found.strip_prefix(line)).map(str::trim);
        value.map_or(0, |value| value.parse().unwrap())
    }

    /// The most memory that the process has had, in MiB.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().split(' ').next().unwrap().parse::<u64>().unwrap() / 1024
    }

    /// Asks it to end.
    pub(crate) fn terminate(&self) {
        assert!(Command::new("kill").arg(self.process.id().to_string()).status().unwrap().success());
    }

    /// Its exit status, when it has ended by itself.
    pub(crate) fn end(&mut self) -> Option<i32> {
        self.process.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Cargo builds examples beside the tests.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().unwrap().parent().unwrap();
    folder.join("examples").join(name)
}
