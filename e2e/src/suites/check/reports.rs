//! The command itself: forms of the report, baselines, exit status, and changes that are interrupted.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::harness::install::succeed;
use crate::harness::stage::Stage;

/// The secret of every connection here.
const SECRET: &str = "e2e-d41d8cd98f00b204";

/// A connection to the faulty connector, in a folder of its own.
struct Faulty {
    folder: tempfile::TempDir,
    tool: std::path::PathBuf,
}

impl Faulty {
    fn new(stage: &Stage, fault: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let file = format!(
            "[connector]\ncommand = [{:?}]\n\n[connector.environment]\nFAULT = \"{fault}\"\nFAULT_STORE = {:?}\n\n\
             [auth.basic]\nusername = \"e2e\"\npassword = {{ env = \"E2E_SECRET\" }}\n\n[settings]\nhost = \"acme.test\"\n",
            stage.binary("faulty-connector"),
            folder.path().join("store")
        );
        std::fs::write(folder.path().join("acme.toml"), file)?;
        std::fs::write(
            folder.path().join("account.toml"),
            "settle = 0\n[create]\nemail = \"check-{unique}@acme.test\"\n",
        )?;
        Ok(Self { folder, tool: stage.binary("connector") })
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.tool);
        command
            .args(["check", "acme.toml"])
            .args(arguments)
            .current_dir(self.path())
            .env("E2E_SECRET", SECRET);
        command
    }

    fn check(&self, arguments: &[&str]) -> Result<Output> {
        let output = self.command(arguments).output().context("starting connector")?;
        for written in [&output.stdout, &output.stderr] {
            ensure!(!String::from_utf8_lossy(written).contains(SECRET), "{arguments:?} wrote a secret");
        }
        Ok(output)
    }
}

fn status(output: &Output, expected: i32) -> Result<()> {
    let found = output.status.code();
    ensure!(found == Some(expected), "status {found:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    stage.check(
        "an error is status 5, a warning 4, a note 3 when notes count, and 0 when they do not",
        |stage| {
            status(&Faulty::new(stage, "unknown-id-fails")?.check(&["--group", "errors"])?, 5)?;
            status(&Faulty::new(stage, "logo-relative")?.check(&["--group", "declaration"])?, 4)?;
            let note = Faulty::new(stage, "description-missing")?;
            status(&note.check(&["--group", "declaration", "--fail-on", "note"])?, 3)?;
            status(&note.check(&["--group", "declaration"])?, 0)
        },
    );
    stage.check("what a baseline accepts with a reason does not count, and what is not found any more is said", |stage| {
        let faulty = Faulty::new(stage, "unknown-id-fails")?;
        let accepted = "[[accepted]]\nrule = \"errors/unknown-id\"\nreason = \"The app hides which ids it has.\"\n\
            [[accepted]]\nrule = \"errors/message\"\nreason = \"As it was.\"\n";
        std::fs::write(faulty.path().join("accepted.toml"), accepted)?;
        let output = faulty.check(&["--group", "errors", "--accept", "accepted.toml"])?;
        status(&output, 0)?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(text.contains("The app hides which ids it has."), "{text}");
        ensure!(text.contains("accepts errors/message, which is not found"), "{text}");
        std::fs::write(faulty.path().join("accepted.toml"), "[[accepted]]\nrule = \"errors/unknown-id\"\nreason = \"\"\n")?;
        status(&faulty.check(&["--accept", "accepted.toml"])?, 1)
    });
    stage.check("--rule checks one rule, and an unknown one is refused", |stage| {
        let faulty = Faulty::new(stage, "unknown-id-fails")?;
        let output = faulty.check(&["--rule", "errors/unknown-id", "--format", "json"])?;
        status(&output, 5)?;
        let report: Value = serde_json::from_slice(&output.stdout)?;
        let rules = report["rules"].as_array().context("no rules")?;
        ensure!(rules.len() == 1 && rules[0]["verdict"] == "broken", "{report}");
        let exchange = &rules[0]["findings"][0]["exchanges"][0];
        ensure!(
            exchange["repeat"]
                .as_str()
                .is_some_and(|line| line.starts_with("connector call acme.toml get_account")),
            "{exchange}"
        );
        status(&faulty.check(&["--rule", "errors/none"])?, 2)
    });
    stage.check("reports for CI, code scanning and people are whole files", |stage| {
        let faulty = Faulty::new(stage, "unknown-id-fails")?;
        for (format, part) in [
            ("junit", "<failure type=\"error\""),
            ("html", "<!doctype html>"),
            ("sarif", "\"version\":\"2.1.0\""),
            ("json", "\"errors\":1"),
        ] {
            let name = format!("report.{format}");
            status(&faulty.check(&["--group", "errors", "--format", format, "--output", &name])?, 5)?;
            let text = std::fs::read_to_string(faulty.path().join(&name))?;
            ensure!(text.contains(part) && text.contains("errors/unknown-id"), "{format}: {text}");
            ensure!(!text.contains(SECRET), "{format} has a secret");
        }
        Ok(())
    });
    stage.check("changes are made only with --write, and taken away again", |stage| {
        let faulty = Faulty::new(stage, "")?;
        status(&faulty.check(&["--group", "writes"])?, 0)?;
        ensure!(!faulty.path().join("store").exists(), "something was written");
        status(&faulty.check(&["--group", "writes", "--write", "account.toml"])?, 0)?;
        ensure!(!faulty.path().join("acme.check-journal").exists(), "the journal is still there");
        let store: Value = serde_json::from_slice(&std::fs::read(faulty.path().join("store"))?)?;
        ensure!(store.as_object().is_some_and(|store| store.values().all(Value::is_null)), "{store}");
        Ok(())
    });
    stage.check(
        "what an interrupted check left is in the journal, and the next check takes it away",
        |stage| {
            let faulty = Faulty::new(stage, "delete-refused")?;
            status(&faulty.check(&["--group", "writes", "--write", "account.toml"])?, 5)?;
            let journal = std::fs::read_to_string(faulty.path().join("acme.check-journal"))?;
            ensure!(journal.contains("new-check-"), "{journal}");
            let file = std::fs::read_to_string(faulty.path().join("acme.toml"))?;
            std::fs::write(faulty.path().join("acme.toml"), file.replace("delete-refused", ""))?;
            status(&faulty.check(&["--group", "writes", "--write", "account.toml"])?, 0)?;
            ensure!(!faulty.path().join("acme.check-journal").exists(), "the journal is still there");
            let store: Value = serde_json::from_slice(&std::fs::read(faulty.path().join("store"))?)?;
            ensure!(store.as_object().is_some_and(|store| store.values().all(Value::is_null)), "{store}");
            Ok(())
        },
    );
    stage.check("an interrupted check takes away what it created", |stage| {
        let faulty = Faulty::new(stage, "update-lies")?;
        let template = "settle = 60\n[create]\nemail = \"check-{unique}@acme.test\"\ngiven_name = \"Check\"\n\
            [update]\ngiven_name = \"Changed\"\n";
        std::fs::write(faulty.path().join("account.toml"), template)?;
        let mut check = faulty.command(&["--group", "writes", "--write", "account.toml"]).spawn()?;
        let journal = faulty.path().join("acme.check-journal");
        let created = || std::fs::read_to_string(&journal).is_ok_and(|text| text.contains("\"created\""));
        let until = Instant::now() + Duration::from_secs(60);
        while !created() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(50));
        }
        let id = check.id().to_string();
        succeed(Command::new("kill").args(["-INT", id.as_str()]))?;
        let ended = check.wait()?;
        ensure!(ended.code() == Some(130), "{ended}");
        ensure!(!journal.exists(), "the journal is still there");
        let store: Value = serde_json::from_slice(&std::fs::read(faulty.path().join("store"))?)?;
        ensure!(store.as_object().is_some_and(|store| store.values().all(Value::is_null)), "{store}");
        Ok(())
    });
    Ok(())
}
