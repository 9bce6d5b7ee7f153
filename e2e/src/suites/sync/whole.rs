//! Whole tenants of healthy connectors.

use anyhow::{Result, ensure};

use super::{Connection, mock};
use crate::harness::stage::Stage;

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    let binary = stage.binary("mock-connector");
    let program = Connection::new(stage, &mock(&binary, "program", 300))?;
    let server = Connection::new(stage, &mock(&binary, "server", 300))?;
    stage.check("the mock connector as a program: every listing is complete", |_| complete(&program, &[]));
    stage.check("the mock connector as a server: every listing is complete", |_| complete(&server, &[]));
    stage.check("both leave the same rows", |_| {
        let (one, other) = (program.rows("tenant.db")?, server.rows("tenant.db")?);
        ensure!(one.len() > 300, "{} rows", one.len());
        ensure!(one == other, "{} rows and {} rows", one.len(), other.len());
        Ok(())
    });
    stage.check("a second sync of the same tenant differs in nothing", |_| {
        complete(&server, &[])?;
        let output = server.output(&["diff", "tenant.db#1", "tenant.db#2", "--format", "json"])?;
        ensure!(output.status.code() == Some(0), "{output:?}");
        let text = String::from_utf8(output.stdout)?;
        ensure!(!text.contains("\"change\""), "{text}");
        Ok(())
    });
    stage.check("read twice and compared: every listing is complete", |_| complete(&server, &["--verify"]));
    stage.check("nothing of the password is in the store", |_| {
        for entry in std::fs::read_dir(server.folder.path())? {
            let bytes = std::fs::read(entry?.path())?;
            ensure!(!bytes.windows(12).any(|window| window == b"e2e-password"), "it is");
        }
        Ok(())
    });
    stage.check("a tenant that lost most of its accounts ends diff with status 5", |_| {
        let smaller = mock(&binary, "server", 20).replace("acme.test", "acme.test");
        std::fs::write(server.path("tenant.toml"), smaller)?;
        let ended = server.sync(&["--accept-shrinking"])?;
        ensure!(ended.status == Some(0), "{:?} {}", ended.status, ended.stderr);
        let output = server.output(&["diff", "tenant.db#1", "tenant.db", "--format", "csv"])?;
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.code() == Some(5), "{:?} {stderr}", output.status);
        ensure!(stderr.contains("accounts: 280 of 300 rows are gone"), "{stderr}");
        Ok(())
    });
    Ok(())
}

fn complete(connection: &Connection, more: &[&str]) -> Result<()> {
    let ended = connection.sync(more)?;
    ensure!(ended.status == Some(0), "status {:?}: {} {}", ended.status, ended.last, ended.stderr);
    ensure!(ended.of("accounts", "rows") == 300, "{}", ended.last);
    Ok(())
}
