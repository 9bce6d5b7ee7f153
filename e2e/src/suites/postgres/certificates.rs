//! P23: certificates as people make them for a server, by the recipes of its manual and others.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::cluster::Cluster;
use crate::harness::connection::Connection;
use crate::harness::install::succeed;
use crate::harness::stage::Stage;

pub(super) fn run(stage: &mut Stage, cluster: &Cluster, lumos: &Connection) -> Result<()> {
    stage.check("P23: a self-signed certificate by the manual's recipe is trusted when it is given", |_| {
        let folder = Folder::new()?;
        folder.openssl(
            "req -new -x509 -days 365 -nodes -text -out server.crt -keyout server.key -subj /CN=localhost",
        )?;
        cluster.certify(&folder.read("server.crt")?, &folder.read("server.key")?)?;
        let given = lumos.setting("ca_certificate", folder.read("server.crt")?);
        accepts(&given, "verify-full")?;
        accepts(&given, "verify-ca")?;
        accepts(&given.setting("host", "127.0.0.1"), "verify-ca")?;
        refuses(&given.setting("host", "127.0.0.1"), "verify-full", "as the server's certificate names it")?;
        // Another certificate of the same name is another.
        folder.openssl(
            "req -new -x509 -days 365 -nodes -text -out other.crt -keyout other.key -subj /CN=localhost",
        )?;
        let other = lumos.setting("ca_certificate", folder.read("other.crt")?);
        refuses(&other, "verify-full", "Certificate authority")?;
        refuses(&other, "verify-ca", "Certificate authority")
    });
    stage.check("P23: an expired self-signed certificate is refused although it is given", |_| {
        let folder = Folder::new()?;
        folder.openssl("req -new -nodes -out server.csr -keyout server.key -subj /CN=localhost")?;
        folder.openssl("x509 -req -in server.csr -signkey server.key -days -1 -out server.crt")?;
        cluster.certify(&folder.read("server.crt")?, &folder.read("server.key")?)?;
        let given = lumos.setting("ca_certificate", folder.read("server.crt")?);
        let answer = given.envelope("validate_credentials", json!({}), Value::Null)?;
        ensure!(answer["error"]["error_code"] == "connection_rejected", "{answer}");
        Ok(())
    });
    stage.check("P23: an authority and a server by the manual's recipe connect, or the error says what to do", |_| {
        let folder = Folder::new()?;
        folder.openssl("req -new -nodes -text -out root.csr -keyout root.key -subj /CN=root.example.com")?;
        folder.openssl("x509 -req -in root.csr -text -days 3650 -extfile /etc/ssl/openssl.cnf -extensions v3_ca -signkey root.key -out root.crt")?;
        folder.openssl("req -new -nodes -text -out server.csr -keyout server.key -subj /CN=localhost")?;
        folder.openssl("x509 -req -in server.csr -text -days 365 -CA root.crt -CAkey root.key -CAcreateserial -out server.crt")?;
        cluster.certify(&folder.read("server.crt")?, &folder.read("server.key")?)?;
        let given = lumos.setting("ca_certificate", folder.read("root.crt")?);
        // Some versions of openssl make a certificate of X.509 version 1 here.
        accepts(&given, "verify-full").or_else(|_| refuses(&given, "verify-full", "version 1"))?;
        std::fs::write(folder.0.path().join("v3.cnf"), "basicConstraints=CA:FALSE\n")?;
        folder.openssl("x509 -req -in server.csr -days 365 -CA root.crt -CAkey root.key -CAcreateserial -extfile v3.cnf -out server.crt")?;
        cluster.certify(&folder.read("server.crt")?, &folder.read("server.key")?)?;
        accepts(&given, "verify-full")?;
        refuses(&given.setting("host", "127.0.0.1"), "verify-full", "as the server's certificate names it")
    });
    stage.check("P23: a server that shows its own certificate alone needs the intermediate one beside the authority's", |_| {
        let folder = Folder::new()?;
        std::fs::write(folder.0.path().join("ca.cnf"), "basicConstraints=critical,CA:TRUE\n")?;
        std::fs::write(folder.0.path().join("server.cnf"), "subjectAltName=DNS:localhost\n")?;
        folder.openssl("req -new -x509 -days 365 -nodes -out root.crt -keyout root.key -subj /CN=root")?;
        folder.openssl("req -new -nodes -out middle.csr -keyout middle.key -subj /CN=middle")?;
        folder.openssl("x509 -req -in middle.csr -days 365 -CA root.crt -CAkey root.key -CAcreateserial -extfile ca.cnf -out middle.crt")?;
        folder.openssl("req -new -nodes -out server.csr -keyout server.key -subj /CN=other")?;
        folder.openssl("x509 -req -in server.csr -days 365 -CA middle.crt -CAkey middle.key -CAcreateserial -extfile server.cnf -out server.crt")?;
        let (server, middle, root) = (folder.read("server.crt")?, folder.read("middle.crt")?, folder.read("root.crt")?);
        let key = folder.read("server.key")?;
        cluster.certify(&format!("{server}{middle}"), &key)?;
        accepts(&lumos.setting("ca_certificate", root.clone()), "verify-full")?;
        cluster.certify(&server, &key)?;
        refuses(&lumos.setting("ca_certificate", root.clone()), "verify-full", "Certificate authority")?;
        let bundle = format!("\u{feff}# The root\r\n{}\r\n# and what it has signed\r\n{middle}", root.replace('\n', "\r\n"));
        accepts(&lumos.setting("ca_certificate", bundle.clone()), "verify-full")?;
        accepts(&lumos.setting("ca_certificate", bundle.replace("\r\n", "\\n").replace('\n', "\\n")), "verify-full")?;
        let file = folder.0.path().join("bundle.pem");
        std::fs::write(&file, bundle)?;
        accepts(&lumos.setting("ca_certificate", file.display().to_string()), "verify-full")
    });
    stage.step("gave the server back the certificate that it began with", |_| cluster.restore_certificate())
}

fn accepts(lumos: &Connection, mode: &str) -> Result<()> {
    lumos.setting("ssl_mode", mode).response("validate_credentials", json!({})).map(drop)
}

/// Refused with a hint that says something.
fn refuses(lumos: &Connection, mode: &str, says: &str) -> Result<()> {
    let answer = lumos.setting("ssl_mode", mode).envelope("validate_credentials", json!({}), Value::Null)?;
    ensure!(answer["error"]["error_code"] == "connection_rejected", "{answer}");
    ensure!(answer["error"]["error_metadata"]["retryable"] == false, "{answer}");
    let hint = answer["error"]["error_metadata"]["hint"].as_str().unwrap_or_default();
    ensure!(hint.contains(says), "expected '{says}' in {answer}");
    Ok(())
}

/// A folder in which `openssl` makes things.
struct Folder(TempDir);

impl Folder {
    fn new() -> Result<Self> {
        Ok(Self(tempfile::tempdir()?))
    }

    fn openssl(&self, arguments: &str) -> Result<()> {
        succeed(Command::new("openssl").current_dir(self.0.path()).args(arguments.split(' ')))
    }

    fn read(&self, name: impl AsRef<Path>) -> Result<String> {
        let path = self.0.path().join(name);
        std::fs::read_to_string(&path).with_context(|| path.display().to_string())
    }
}
