//! What a container needs, as far as it can be shown without one: a static binary, and a manifest that is one.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::harness::install::{apt, output, python, succeed};
use crate::harness::server::{Server, free_port, listens};
use crate::harness::stage::Stage;

const TARGET: &str = "x86_64-unknown-linux-musl";
const VALIDATOR: &str = "kubernetes-validate==1.37.0";

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    stage.step(format!("installed the target {TARGET} and its C compiler"), |_| {
        apt(&["musl-tools"])?;
        succeed(Command::new("rustup").args(["target", "add", TARGET]))
    })?;
    stage.step("built mock-connector as the Containerfile does, without optimising it", |stage| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        build.args(["build", "--locked", "--target", TARGET, "--package", "lumos-mock-connector"]);
        build.arg("--target-dir").arg(stage.target());
        succeed(build.current_dir(stage.root()))
    })?;
    let binary = stage.target().join(TARGET).join("debug/mock-connector");
    stage.check("ldd finds no library that it needs", |_| {
        let ldd = Command::new("ldd").arg(&binary).output().context("starting ldd")?;
        let said =
            format!("{}{}", String::from_utf8_lossy(&ldd.stdout), String::from_utf8_lossy(&ldd.stderr));
        let is_static = said.contains("statically linked") || said.contains("not a dynamic executable");
        ensure!(is_static, "{said}");
        Ok(())
    });
    stage.check("it serves from an empty folder, as a user without rights", |stage| {
        let root = stage.cache("container/root")?;
        std::fs::copy(&binary, root.join("connector")).context("copying the binary")?;
        let port = free_port()?;
        let mut command = Command::new("chroot");
        command
            .args(["--userspec=65532:65532"])
            .arg(&root)
            .args(["/connector", "serve", "--port", &port.to_string()])
            .env("LUMOS_LOG_TO_STDOUT", "true");
        let log = stage.cache("container")?.join("server.log");
        let server = Server::start(&mut command, &log, || listens(port))?;
        ensure!(server.output().contains("listens on"), "{}", server.output());
        Ok(())
    });
    stage.check("the manifest is valid Kubernetes", |stage| {
        let python = python(stage, &[VALIDATOR])?;
        let validator = python.with_file_name("kubernetes-validate");
        output(Command::new(validator).arg("--strict").arg(stage.root().join("deploy/kubernetes.yaml")))
            .map(drop)
    });
    Ok(())
}
