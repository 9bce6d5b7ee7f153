//! Whole tenants of healthy connectors.

use anyhow::{Result, ensure};
use serde_json::json;

use super::{Connection, mock};
use crate::harness::install::python;
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
        let smaller = mock(&binary, "server", 20);
        std::fs::write(server.path("tenant.toml"), smaller)?;
        let ended = server.sync(&["--accept-shrinking"])?;
        ensure!(ended.status == Some(0), "{:?} {}", ended.status, ended.stderr);
        let output = server.output(&["diff", "tenant.db#1", "tenant.db", "--format", "csv"])?;
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.code() == Some(5), "{:?} {stderr}", output.status);
        ensure!(stderr.contains("accounts: 280 of 300 rows are gone"), "{stderr}");
        Ok(())
    });
    references(stage)
}

/// The reference, and what its own server needs.
const REFERENCE: [&str; 2] = ["connector-py==4.278.0", "uvicorn==0.54.0"];

/// Connectors on the Python reference: what each connection file says besides the program, and how many rows there are.
const REFERENCES: [(&str, &str, usize); 2] = [
    (
        "people",
        "[auth.basic]\nusername = \"ada\"\npassword = { env = \"TENANT_PASSWORD\" }\n\
         [settings]\nhost = \"acme.test\"\naccount_count = 120\n",
        120,
    ),
    (
        "machines",
        "[[credentials]]\nid = \"api\"\ntoken.token = { env = \"TENANT_PASSWORD\" }\n\
         [settings]\nregion = \"eu\"\nsigning_pin = { env = \"TENANT_PASSWORD\" }\n",
        120,
    ),
];

fn references(stage: &mut Stage) -> Result<()> {
    let python =
        stage.step(format!("installed {}", REFERENCE.join(" and ")), |stage| python(stage, &REFERENCE))?;
    for (name, rest, at_least) in REFERENCES {
        let path = stage.root().join("conformance/reference-connectors").join(format!("{name}.py"));
        let command = json!([python.display().to_string(), path.display().to_string()]);
        let connection = |stage: &Stage, mode: &str| {
            let limits = "[limits]\npage_size = 50\n";
            Connection::new(
                stage,
                &format!("[connector]\ncommand = {command}\nmode = \"{mode}\"\n{rest}{limits}"),
            )
        };
        stage.check(
            format!(
                "{name}, on the Python reference: whole as a program and as a server, with the same rows"
            ),
            |stage| {
                let mut rows = Vec::new();
                for mode in ["program", "server"] {
                    let connection = connection(stage, mode)?;
                    let ended = connection.sync(&[])?;
                    ensure!(
                        ended.status == Some(0),
                        "{mode}: status {:?}: {} {}",
                        ended.status,
                        ended.last,
                        ended.stderr
                    );
                    rows.push(connection.rows("tenant.db")?);
                }
                ensure!(rows[0].len() >= at_least, "{} rows", rows[0].len());
                ensure!(rows[0] == rows[1], "{} rows and {} rows", rows[0].len(), rows[1].len());
                Ok(())
            },
        );
    }
    Ok(())
}

fn complete(connection: &Connection, more: &[&str]) -> Result<()> {
    let ended = connection.sync(more)?;
    ensure!(ended.status == Some(0), "status {:?}: {} {}", ended.status, ended.last, ended.stderr);
    ensure!(ended.of("accounts", "rows") == 300, "{}", ended.last);
    Ok(())
}
