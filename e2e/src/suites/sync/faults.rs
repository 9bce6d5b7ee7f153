//! Every fault gets its verdict, and none is called complete.

use anyhow::{Result, ensure};

use super::{Connection, Ended};
use crate::harness::stage::Stage;

/// A fault of `faulty-connector`, the verdict of its accounts, and a part of the reason.
const FAULTS: &[(&str, &str, &str)] = &[
    ("repeated-token", "incomplete", "gave a token that an earlier page was asked with"),
    ("same-token", "incomplete", "gave a token that an earlier page was asked with"),
    ("circle", "incomplete", "the same page came 4 times"),
    ("lost-page", "inconsistent", "rows are missing that other listings name"),
    ("shuffled-pages", "inconsistent", "came more than once"),
    ("duplicate-row", "inconsistent", "on one page"),
    ("overlapping-pages", "inconsistent", "on different pages"),
    ("empty-id", "inconsistent", "integration_specific_id is missing"),
    ("growing", "inconsistent", "came more than once"),
    ("error-stays", "incomplete", "page 2: "),
    ("refused", "incomplete", "the app refuses this listing"),
    ("throttled", "incomplete", "asks to wait for 86400 s"),
    ("other-token", "incomplete", "page 3: "),
    ("noise", "incomplete", "page 0: "),
    ("trailer", "incomplete", "page 0: "),
    ("html", "incomplete", "page 0: "),
    ("silent", "incomplete", "page 0: "),
    ("dead", "incomplete", "the licence has run out"),
    ("dead-after-answer", "incomplete", "page 0: "),
    ("aborted", "incomplete", "page 0: "),
    ("hang", "incomplete", "within 2 s"),
    ("cut", "incomplete", "page 0: "),
    ("unclosed", "incomplete", "page 0: "),
    ("not-utf8", "incomplete", "page 0: "),
    ("wrong-type", "incomplete", "page 0: "),
    ("numbers", "inconsistent", "are not objects"),
    ("without-ids", "inconsistent", "has no identity"),
    ("huge", "incomplete", "has more than"),
];

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    stage.check("without a fault every listing is complete", |stage| {
        let ended = connection(stage, "")?.sync(&[])?;
        expect(&ended, "accounts", "complete", "read to its end")?;
        ensure!(ended.status == Some(0), "status {:?}", ended.status);
        Ok(())
    });
    for &(fault, verdict, reason) in FAULTS {
        stage.check(format!("{fault}: accounts are {verdict}"), |stage| {
            let ended = connection(stage, fault)?.sync(&["--attempts", "2"])?;
            expect(&ended, "accounts", verdict, reason)?;
            let status = if verdict == "incomplete" { 3 } else { 4 };
            ensure!(ended.status == Some(status), "status {:?}", ended.status);
            Ok(())
        });
    }
    stage.check("empty-pages: accounts are incomplete", |stage| {
        let ended = connection(stage, "empty-pages")?.sync(&[])?;
        expect(&ended, "accounts", "incomplete", "1000 empty pages in a row")
    });
    stage.check("error-passes: every listing is complete", |stage| {
        let ended = connection(stage, "error-passes")?.sync(&[])?;
        expect(&ended, "accounts", "complete", "read to its end")
    });
    for (fault, reason) in
        [("dangling-accounts", "is not in accounts"), ("dangling-entitlements", "is not in entitlements")]
    {
        stage.check(format!("{fault}: associations are inconsistent"), |stage| {
            let ended = connection(stage, fault)?.sync(&[])?;
            expect(&ended, "associations", "inconsistent", reason)
        });
    }
    stage.check("unstable: accounts are inconsistent when read twice", |stage| {
        let ended = connection(stage, "unstable")?.sync(&["--verify", "--only", "accounts"])?;
        expect(&ended, "accounts", "inconsistent", "in one of two readings only")
    });
    stage.check("shrunk: accounts are inconsistent after a complete sync", |stage| {
        let connection = connection(stage, "")?;
        let ended = connection.sync(&["--only", "accounts"])?;
        expect(&ended, "accounts", "complete", "")?;
        std::fs::write(connection.path("fault"), "shrunk")?;
        let file = std::fs::read_to_string(connection.path("tenant.toml"))?;
        std::fs::write(connection.path("tenant.toml"), file.replace("FAULT = \"\"", "FAULT = \"shrunk\""))?;
        let ended = connection.sync(&["--only", "accounts"])?;
        expect(&ended, "accounts", "inconsistent", "20 rows fewer than when it was last complete")
    });
    Ok(())
}

fn connection(stage: &Stage, fault: &str) -> Result<Connection> {
    let binary = stage.binary("faulty-connector");
    let connection = Connection::new(stage, "")?;
    let state = connection.path("state");
    let file = format!(
        "[connector]\ncommand = [{binary:?}]\n\n[connector.environment]\nFAULT = \"{fault}\"\nFAULT_STATE = {state:?}\n\n\
         [auth.basic]\nusername = \"e2e\"\npassword = {{ env = \"TENANT_PASSWORD\" }}\n\n\
         [settings]\nhost = \"acme.test\"\n\n[limits]\ncall_timeout = {}\n",
        if fault == "hang" { 2 } else { 120 }
    );
    std::fs::write(connection.path("tenant.toml"), file)?;
    Ok(connection)
}

fn expect(ended: &Ended, listing: &str, verdict: &str, reason: &str) -> Result<()> {
    let (found, why) = (ended.of(listing, "verdict"), ended.of(listing, "reason"));
    ensure!(found == verdict, "{found}: {why} {}", ended.stderr);
    ensure!(why.as_str().is_some_and(|why| why.contains(reason)), "{why}");
    Ok(())
}
