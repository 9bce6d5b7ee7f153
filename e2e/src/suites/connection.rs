//! `connector call` and `connector connection init` against connectors of this workspace and of the Python reference, as
//! programs and as servers.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use lumos_connection::rows::CollectedRows;
use lumos_connection::{CallRequest, Connection, ConnectionFile, OpenOptions};
use serde_json::{Value, json};

use crate::harness::certificates::Certificates;
use crate::harness::install::python;
use crate::harness::server::{Server, free_port, listens};
use crate::harness::stage::Stage;

/// The reference, as connectors for it are written.
/// The reference, and what its own server needs.
const REFERENCE: [&str; 2] = ["connector-py==4.278.0", "uvicorn==0.54.0"];

/// The secret of every connection here.
const SECRET: &str = "e2e-d41d8cd98f00b204";

/// How a program is used.
const MODES: [&str; 2] = ["program", "server"];

/// A connector and what its connection file says besides.
struct Subject {
    name: &'static str,
    command: Vec<String>,
    rest: &'static str,
    /// A listing, and how many rows it has.
    listing: (&'static str, usize),
}

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    stage.build(&["lumos-connector-cli", "lumos-mock-connector", "lumos-scim-connector"])?;
    let python =
        stage.step(format!("installed {}", REFERENCE.join(" and ")), |stage| python(stage, &REFERENCE))?;
    let reference = |stage: &Stage, name: &str| {
        let path = stage.root().join("conformance/reference-connectors").join(name);
        vec![python.display().to_string(), path.display().to_string()]
    };
    let subjects = [
        Subject {
            name: "mock",
            command: vec![stage.binary("mock-connector").display().to_string()],
            rest: "[auth.basic]\nusername = \"ada\"\npassword = { env = \"E2E_SECRET\" }\n[settings]\nhost = \"acme.test\"\naccount_count = 120\n",
            listing: ("list_accounts", 120),
        },
        Subject {
            name: "people",
            command: reference(stage, "people.py"),
            rest: "[auth.basic]\nusername = \"ada\"\npassword = { env = \"E2E_SECRET\" }\n[settings]\nhost = \"acme.test\"\naccount_count = 120\n",
            listing: ("list_accounts", 120),
        },
        Subject {
            name: "machines",
            command: reference(stage, "machines.py"),
            rest: "[[credentials]]\nid = \"api\"\ntoken.token = { env = \"E2E_SECRET\" }\n[settings]\nregion = \"eu\"\nsigning_pin = { env = \"E2E_SECRET\" }\n",
            listing: ("list_non_human_accounts", 120),
        },
    ];
    for subject in &subjects {
        for mode in MODES {
            checks(stage, subject, mode)?;
        }
    }
    reference_says_no(stage, &subjects[1])?;
    scim_describes_itself(stage)?;
    address(stage)?;
    server_beside_program(stage, &subjects[1])
}

impl Subject {
    /// Its connection file, in a folder of the cache.
    fn file(&self, stage: &Stage, mode: &str, more: &str) -> Result<PathBuf> {
        let path = stage.cache("connection")?.join(format!("{}-{mode}.toml", self.name));
        let text =
            format!("[connector]\ncommand = {}\nmode = \"{mode}\"\n{}{more}", json!(self.command), self.rest);
        std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
        Ok(path)
    }
}

/// `connector` with arguments. Nothing that it writes holds the secret.
fn connector(stage: &Stage, arguments: &[&str]) -> Result<Output> {
    let output = Command::new(stage.binary("connector"))
        .args(arguments)
        .env("E2E_SECRET", SECRET)
        .output()
        .context("starting connector")?;
    for written in [&output.stdout, &output.stderr] {
        ensure!(!String::from_utf8_lossy(written).contains(SECRET), "{arguments:?} wrote a secret");
    }
    Ok(output)
}

/// The answer of a call that is to succeed.
fn call(stage: &Stage, file: &Path, arguments: &[&str]) -> Result<Value> {
    let file = file.display().to_string();
    let output = connector(stage, &[&["call", file.as_str()], arguments].concat())?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).context("the answer is not JSON")
}

fn checks(stage: &mut Stage, subject: &Subject, mode: &str) -> Result<()> {
    let file = subject.file(stage, mode, "[limits]\npage_size = 50\n")?;
    let name = subject.name;
    stage.check(format!("{name} as a {mode}: the credentials are valid"), |stage| {
        let answer = call(stage, &file, &["validate_credentials"])?;
        ensure!(answer["response"]["valid"] == true, "{answer}");
        Ok(())
    });
    let (listing, rows) = subject.listing;
    stage.check(format!("{name} as a {mode}: {listing} to its end, in pages of 50"), |stage| {
        let mut found = 0;
        let mut token: Option<String> = None;
        loop {
            let mut arguments = vec![listing];
            if let Some(token) = token.as_deref() {
                arguments.extend(["--page-token", token]);
            }
            let answer = call(stage, &file, &arguments)?;
            let page = answer["response"].as_array().context("no rows")?;
            ensure!(page.len() <= 50, "{} rows on a page", page.len());
            found += page.len();
            match answer["page"]["token"].as_str() {
                Some(next) => token = Some(next.to_owned()),
                None => break,
            }
        }
        ensure!(found == rows, "{found} rows");
        Ok(())
    });
    stage.check(format!("{name} as a {mode}: nothing is left running"), |_| {
        let list = Command::new("ps").args(["-eo", "args"]).output()?;
        let list = String::from_utf8_lossy(&list.stdout).into_owned();
        let program = subject.command.last().context("no program")?;
        ensure!(!list.lines().any(|line| line.contains(program.as_str())), "{program} is still running");
        Ok(())
    });
    Ok(())
}

/// The reference repeats its input in messages; the password in it is not shown.
fn reference_says_no(stage: &mut Stage, people: &Subject) -> Result<()> {
    let file = people.file(stage, "program", "")?.display().to_string();
    stage.check("an error of the reference is printed and ends with status 1", |stage| {
        let output = connector(stage, &["call", &file, "list_accounts", "--page-token", "ffff"])?;
        ensure!(output.status.code() == Some(1), "{}", output.status);
        let answer: Value = serde_json::from_slice(&output.stdout)?;
        ensure!(answer["is_error"] == true, "{answer}");
        Ok(())
    });
    stage.check("a request that the reference does not read comes back without secrets", |stage| {
        let output = connector(stage, &["call", &file, "list_accounts", "--json", "5"])?;
        let answer: Value = serde_json::from_slice(&output.stdout)?;
        ensure!(answer["error"]["error_code"] == "bad_request", "{answer}");
        Ok(())
    });
    Ok(())
}

fn scim_describes_itself(stage: &mut Stage) -> Result<()> {
    stage.check("connection init writes the file of the SCIM connector", |stage| {
        let command = stage.binary("scim-connector").display().to_string();
        let output = connector(stage, &["connection", "init", "--command", &command])?;
        let text = String::from_utf8(output.stdout)?;
        ensure!(text.contains("[connector]") && text.contains("[settings]"), "{text}");
        let path = stage.cache("connection")?.join("scim.toml");
        std::fs::write(&path, text)?;
        Ok(())
    });
    Ok(())
}

/// A server at an address, as operators run it.
fn address(stage: &mut Stage) -> Result<()> {
    let folder = stage.cache("connection")?;
    let certificates = Certificates::for_host("localhost")?;
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
        Ok::<_, anyhow::Error>(path)
    };
    write("authority.pem", &certificates.authority)?;
    let certificate = write("certificate.pem", &certificates.certificate)?;
    let key = write("key.pem", &certificates.key)?;
    let token = write("token", SECRET)?;
    let port = free_port()?;
    let mut command = Command::new(stage.binary("mock-connector"));
    command
        .current_dir(&folder)
        .args(["serve", "--port", &port.to_string(), "--tls-certificate"])
        .arg(certificate);
    command.arg("--tls-key").arg(key).arg("--bearer-token-file").arg(token);
    let _server = Server::start(&mut command, &folder.join("address.log"), || listens(port))?;
    let connection = |name: &str, more: &str| {
        let text = format!(
            "[connector]\nurl = \"https://localhost:{port}\"\n{more}[auth.basic]\nusername = \"ada\"\n\
             password = {{ env = \"E2E_SECRET\" }}\n[settings]\nhost = \"acme.test\"\n"
        );
        write(name, &text)
    };
    let good = connection("address.toml", "token = { env = \"E2E_SECRET\" }\nca_file = \"authority.pem\"\n")?;
    stage.check("a server at an address answers over TLS to its token", |stage| {
        let answer = call(stage, &good, &["list_accounts", "--page-size", "3"])?;
        ensure!(answer["response"].as_array().is_some_and(|rows| rows.len() == 3), "{answer}");
        Ok(())
    });
    let stranger = connection("stranger.toml", "ca_file = \"authority.pem\"\n")?;
    let doubter = connection("doubter.toml", "token = { env = \"E2E_SECRET\" }\n")?;
    for (what, file, says) in [
        ("without the token it refuses", stranger, "answered 401"),
        ("a certificate that nobody vouches for is refused", doubter, "cannot reach the connector"),
    ] {
        stage.check(what, |stage| {
            let output = connector(stage, &["call", &file.display().to_string(), "list_accounts"])?;
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            ensure!(output.status.code() == Some(1) && said.contains(says), "{said}");
            Ok(())
        });
    }
    Ok(())
}

/// How much faster the reference is through its own server.
fn server_beside_program(stage: &mut Stage, people: &Subject) -> Result<()> {
    let (accounts, goal) = if stage.is_full() { (10_000, 10.0) } else { (1000, 1.0) };
    let what =
        format!("the reference lists {accounts} accounts in pages of 100 faster through its own server");
    stage.check(what, |stage| {
        let mut seconds = Vec::new();
        for mode in MODES {
            let path = people.file(stage, mode, "")?;
            let text = std::fs::read_to_string(&path)?;
            let text = text.replace("account_count = 120", &format!("account_count = {accounts}"));
            let text = text.replace("{ env = \"E2E_SECRET\" }", "\"e2e-literal\"");
            let file = ConnectionFile::parse(&text, path.parent())?;
            let started = Instant::now();
            let rows =
                tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(listed(file))?;
            seconds.push(started.elapsed().as_secs_f64());
            ensure!(rows == accounts, "{rows} rows");
        }
        let times = seconds[0] / seconds[1];
        println!("      program {:.1} s, server {:.1} s: {times:.1} times", seconds[0], seconds[1]);
        ensure!(times >= goal, "only {times:.1} times as fast");
        Ok(())
    });
    Ok(())
}

/// Lists accounts to their end, a page after the other.
async fn listed(file: ConnectionFile) -> Result<u64> {
    let connection = Connection::open(file, OpenOptions::default().allow_literal_secrets(true)).await?;
    let mut request = CallRequest::empty().page_size(100);
    let mut rows = 0;
    loop {
        let mut sink = CollectedRows::default();
        let end = connection.call_rows("list_accounts", request.clone(), &mut sink).await?;
        rows += end.rows;
        match end.next_token() {
            Some(token) => request = request.page_token(token.to_owned()),
            None => break,
        }
    }
    connection.close().await;
    Ok(rows)
}
