//! The table of faults: each is found by the rule that is meant for it, and by none that has nothing to do with it.

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lumos_check::observer::Unobserved;
use lumos_check::writing::Template;
use lumos_check::{CheckOptions, Group, Report, Rule, check};
use lumos_connection::{Connection, ConnectionFile, OpenOptions};

use crate::harness::stage::Stage;

/// A fault of `faulty-connector`, the rule that has to find it, and rules that may find it as well.
const FAULTS: &[(&str, &str, &[&str])] = &[
    ("info-empty", "declaration/info-answers", &[]),
    ("info-without-field", "declaration/info-fields", &[]),
    ("info-compact", "declaration/info-writing", &[]),
    ("info-changes", "declaration/info-stable", &[]),
    ("app-info-of-3-1", "declaration/app-info", &[]),
    ("app-info-missing", "declaration/always-there", &[]),
    ("versions-differ", "declaration/info-agrees", &[]),
    ("capabilities-unsorted", "declaration/capabilities-sorted", &[]),
    ("capability-misnamed", "declaration/capability-names", &[]),
    ("capability-undescribed", "declaration/capability-schemas", &[]),
    ("schema-invalid", "declaration/schemas-valid", &[]),
    ("payload-field-added", "declaration/standard-payloads", &[]),
    ("secret-unmarked", "declaration/secrets-marked", &[]),
    ("field-order-short", "declaration/field-order", &[]),
    ("field-untitled", "declaration/field-titles", &[]),
    ("field-undescribed", "declaration/field-descriptions", &[]),
    // Errors still have the id that is right.
    ("app-id-spaced", "declaration/app-id", &["errors/app-id", "process/log-file"]),
    ("version-in-words", "declaration/version", &[]),
    ("description-missing", "declaration/name", &[]),
    ("logo-relative", "declaration/logo", &[]),
    ("type-twice", "declaration/types-unique", &[]),
    ("type-of-no-resource", "declaration/types-refer", &[]),
    ("type-max-below-min", "declaration/types-sensible", &[]),
    ("type-unused", "declaration/types-used", &[]),
    ("listing-missing", "declaration/listings-complete", &[]),
    ("credential-twice", "declaration/credential-ids", &[]),
    ("combination-unknown", "declaration/allowed-credentials", &[]),
    ("activity-fails", "answers/reads", &[]),
    ("key-missing", "answers/envelope", &[]),
    ("keys-swapped", "answers/envelope", &[]),
    ("spaces", "answers/writing", &[]),
    ("escapes", "answers/writing", &[]),
    // An account without an address is not the one that `get_account` has.
    ("number-as-email", "answers/schema", &["answers/same-account"]),
    ("nulls-left-out", "answers/every-field", &[]),
    ("field-moved", "answers/field-order", &[]),
    ("field-added", "answers/unknown-fields", &[]),
    ("raw-data-unasked", "answers/raw-data", &[]),
    ("unnamed-entitlement", "answers/ids-not-empty", &[]),
    ("id-padded", "answers/ids-trimmed", &[]),
    ("duplicate-entitlement", "answers/ids-unique", &[]),
    ("undeclared-entitlement-type", "answers/entitlement-types", &[]),
    ("undeclared-resource-type", "answers/resource-types", &[]),
    ("dangling-accounts", "answers/references", &[]),
    ("dangling-entitlements", "answers/references", &[]),
    ("time-of-the-country", "answers/times", &[]),
    ("email-without-domain", "answers/emails", &[]),
    ("credentials-not-valid", "answers/valid-credentials", &[]),
    ("other-account", "answers/same-account", &[]),
    ("account-association-lost", "answers/account-associations", &[]),
    ("attribute-missing", "answers/custom-attributes", &[]),
    ("probe-fails", "answers/probe", &[]),
    ("authorization-without-state", "answers/authorization-url", &[]),
    ("repeated-token", "paging/terminates", &[]),
    ("same-token", "paging/terminates", &[]),
    ("circle", "paging/terminates", &[]),
    ("empty-pages", "paging/terminates", &[]),
    ("page-fails", "paging/pages-follow", &[]),
    ("other-token", "paging/pages-follow", &[]),
    ("row-on-two-pages", "paging/no-duplicates", &[]),
    ("size-ignored", "paging/size-kept", &[]),
    ("row-lost-at-small-sizes", "paging/sizes-agree", &[]),
    ("unstable", "paging/repeatable", &[]),
    ("size-one-refused", "paging/size-one", &[]),
    ("large-size-refused", "paging/large-size", &[]),
    ("size-zero-fails", "paging/odd-sizes", &[]),
    ("foreign-token-taken", "paging/foreign-token", &[]),
    ("mangled-token-fails", "paging/mangled-token", &[]),
    ("token-used-up", "paging/old-token", &[]),
    ("empty-last-token", "paging/empty-token", &[]),
    ("empty-page", "paging/empty-pages", &[]),
    ("error-key-missing", "errors/envelope", &[]),
    // What is answered to an unknown id has no code that is right.
    ("unknown-code", "errors/code", &["errors/unknown-id"]),
    ("no-message", "errors/message", &[]),
    ("other-app-id", "errors/app-id", &[]),
    ("bad-request-retryable", "errors/metadata", &[]),
    ("other-fault", "errors/fault", &[]),
    ("negative-retry-after", "errors/retry-after", &[]),
    ("no-credentials-taken", "errors/missing-credentials", &[]),
    ("both-credentials-taken", "errors/both-credentials", &[]),
    ("malformed-credentials-fail", "errors/malformed-credentials", &[]),
    ("unknown-credential-taken", "errors/unknown-credential", &[]),
    ("credential-config-silent", "errors/credential-config", &[]),
    ("any-credentials-taken", "errors/wrong-credentials", &[]),
    ("no-settings-taken", "errors/missing-settings", &[]),
    ("settings-list-taken", "errors/malformed-settings", &[]),
    ("incomplete-settings-taken", "errors/incomplete-settings", &[]),
    ("malformed-json-crashes", "errors/malformed-json", &[]),
    ("no-request-taken", "errors/missing-request", &[]),
    ("missing-field-taken", "errors/missing-fields", &[]),
    ("wrong-type-taken", "errors/wrong-types", &[]),
    ("unknown-key-refused", "errors/unknown-keys", &[]),
    ("null-refused", "errors/null-is-absent", &[]),
    ("deep-nesting-crashes", "errors/deep-nesting", &[]),
    ("unknown-id-fails", "errors/unknown-id", &[]),
    ("raised-by-the-sdk", "errors/raised-by", &[]),
    // An answer is the same wherever it goes.
    ("secret-in-answer", "errors/secrets-in-answer", &["errors/secrets-in-result-file"]),
    ("secret-in-stderr", "errors/secrets-in-stderr", &[]),
    ("secret-in-log", "errors/secrets-in-log", &[]),
    ("secret-in-result-file", "errors/secrets-in-result-file", &[]),
    ("greeting", "process/one-document", &[]),
    ("status-of-errors", "process/exit-status", &[]),
    ("usage-status", "process/usage", &[]),
    ("json-argument-differs", "process/json-argument", &[]),
    ("quotes-kept", "process/quoted-file", &[]),
    ("result-on-stdout", "process/result-file", &[]),
    ("result-name-taken", "process/result-file-name", &[]),
    ("closed-pipe-waits", "process/closed-pipe", &[]),
    ("big-input-refused", "process/big-input", &[]),
    ("termination-ignored", "process/termination", &[]),
    ("environment-needed", "process/empty-environment", &[]),
    ("folder-needed", "process/unwritable-folder", &[]),
    ("calls-alone", "process/parallel", &[]),
    ("slow-start", "process/start-up", &[]),
    ("memory-hungry", "process/memory", &[]),
    ("log-level-ignored", "process/log-level", &[]),
    ("log-file-renamed", "process/log-file", &[]),
    // More than one document is more than one document.
    ("log-on-stdout", "process/log-to-stderr", &["process/one-document"]),
    ("server-dead", "server/starts", &[]),
    ("server-answers-otherwise", "server/same-answers", &[]),
    ("openapi-differs", "server/openapi", &[]),
    ("docs-missing", "server/docs", &[]),
    ("unknown-path-answered", "server/unknown-path", &[]),
    ("get-answered", "server/methods", &[]),
    ("errors-with-status-400", "server/error-status", &[]),
    ("bytes-answered", "server/body-encoding", &[]),
    ("large-body-refused", "server/large-body", &[]),
    ("server-dies-of-garbage", "server/survives", &[]),
    ("server-mixes-calls", "server/parallel", &[]),
    ("server-ignores-termination", "server/shutdown", &[]),
    ("state-senseless", "limits/state-sensible", &[]),
    ("state-refused", "limits/state-in", &[]),
    ("mode-refused", "limits/modes", &[]),
    ("unknown-mode-taken", "limits/unknown-mode", &[]),
    ("deadline-ignored", "limits/deadline", &[]),
    ("short-deadline-fails", "limits/short-deadline", &[]),
    ("huge-deadline-crashes", "limits/huge-deadline", &[]),
    ("create-fails", "writes/succeeds", &[]),
    ("create-lies", "writes/create-read-back", &[]),
    ("create-doubles", "writes/create-twice", &[]),
    ("create-without-id", "writes/created-id", &[]),
    ("update-lies", "writes/update-read-back", &[]),
    ("assign-lies", "writes/assign-read-back", &[]),
    ("assign-twice-fails", "writes/assign-twice", &[]),
    ("unassign-lies", "writes/unassign-read-back", &[]),
    ("unassign-twice-fails", "writes/unassign-twice", &[]),
    ("deactivate-lies", "writes/deactivate-read-back", &[]),
    ("deactivate-twice-fails", "writes/deactivate-twice", &[]),
    ("activate-lies", "writes/activate-read-back", &[]),
    ("activate-twice-fails", "writes/activate-twice", &[]),
    ("delete-lies", "writes/delete-read-back", &[]),
    ("delete-twice-fails", "writes/delete-twice", &[]),
    // What cannot be deleted stays.
    ("delete-refused", "writes/clean-up", &["writes/succeeds"]),
    ("status-lies", "writes/status-true", &[]),
    ("unknown-account-activated", "writes/unknown-id", &[]),
    ("others-suspended", "writes/others-untouched", &[]),
];

/// Faults of a connector that has several credentials with ids, not a single one.
const SEVERAL: &[&str] = &[
    "credential-twice",
    "combination-unknown",
    "authorization-without-state",
    "unknown-credential-taken",
    "credential-config-silent",
];

/// Groups that take long: without `--full` they are checked for their own faults alone.
const SLOW: &[Group] = &[Group::Process, Group::Server, Group::Writes];

/// Rules that a server shows nothing of: without `--full` the faults of all others are looked for in one process.
const OF_PROGRAMS: &[&str] =
    &["errors/secrets-in-stderr", "errors/secrets-in-log", "errors/secrets-in-result-file"];

/// The rule that needs an app with limits, which the healthy connector does not have.
const OF_LIMITED_APPS: &str = "limits/state-sensible";

/// How many faults are tried at the same time: more than there are cores, as some of them wait.
const AT_ONCE: usize = 4;

/// How a fault is looked for.
struct Case<'a> {
    fault: &'a str,
    several: bool,
    mode: &'static str,
    groups: Vec<Group>,
}

const TEMPLATE: &str = "settle = 0\n[create]\nemail = \"check-{unique}@acme.test\"\ngiven_name = \"Check\"\n\
    [update]\ngiven_name = \"Changed\"\n";

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    let binary = stage.binary("faulty-connector");
    stage.check("a healthy connector has no finding, and all rules but one are checked on it", |_| {
        let mut unchecked: Option<HashSet<&str>> = None;
        for (several, mode) in [(false, "program"), (false, "server"), (true, "program")] {
            let report = report(&binary, &Case { fault: "", several, mode, groups: Vec::new() })?;
            ensure!(found(&report).is_empty(), "{}", describe(&report));
            let open = report.rules.iter().filter(|result| result.passed == 0).map(|result| result.rule.id);
            let open: HashSet<_> = open.collect();
            unchecked = Some(unchecked.map_or_else(|| open.clone(), |before| &before & &open));
        }
        let mut unchecked = unchecked.unwrap_or_default();
        unchecked.remove(OF_LIMITED_APPS);
        ensure!(unchecked.is_empty(), "not checked: {unchecked:?}");
        Ok(())
    });
    let all = stage.is_full();
    let next = AtomicUsize::new(0);
    let (sender, results) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            let sender = sender.clone();
            let (next, binary) = (&next, &binary);
            scope.spawn(move || {
                while let Some(fault) = FAULTS.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if sender.send((fault, one(binary, fault, all))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        for ((fault, rule, _), result) in results {
            stage.check(format!("{fault}: {rule}"), |_| result);
        }
    });
    stage.check("every rule has a fault", |_| {
        let unproved: Vec<_> = Rule::all()
            .map(|rule| rule.id)
            .filter(|id| !FAULTS.iter().any(|(_, rule, _)| rule == id))
            .collect();
        ensure!(unproved.is_empty(), "{}", unproved.join(", "));
        Ok(())
    });
    Ok(())
}

fn one(binary: &Path, (fault, rule, related): &(&str, &str, &[&str]), all: bool) -> Result<()> {
    let own = Rule::find(rule).context("there is no such rule")?.group;
    let chosen = |group: &&Group| all || **group == own || !SLOW.contains(group);
    let of_programs = matches!(own, Group::Process | Group::Server) || OF_PROGRAMS.contains(rule);
    let case = Case {
        fault,
        several: SEVERAL.contains(fault),
        mode: if all || of_programs { "program" } else { "server" },
        groups: Group::ALL.iter().filter(chosen).copied().collect(),
    };
    let report = report(binary, &case)?;
    let found = found(&report);
    ensure!(found.contains(rule), "not found; {}", describe(&report));
    let unrelated: Vec<_> = found.iter().filter(|id| *id != rule && !related.contains(id)).collect();
    ensure!(unrelated.is_empty(), "{unrelated:?} found it as well; {}", describe(&report));
    Ok(())
}

/// The rules that found something.
fn found(report: &Report) -> Vec<&'static str> {
    report.rules.iter().filter(|result| !result.findings.is_empty()).map(|result| result.rule.id).collect()
}

fn describe(report: &Report) -> String {
    let findings = report.findings();
    let lines: Vec<_> = findings
        .iter()
        .map(|finding| format!("{}: {}: {}", finding.rule, finding.subject, finding.message))
        .collect();
    format!("findings: {}", lines.join(" | "))
}

fn report(binary: &Path, case: &Case<'_>) -> Result<Report> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name);
    let Case { fault, several, mode, groups } = case;
    let (login, credential) = if *several {
        ("several", "[[credentials]]\nid = \"login\"\n[credentials.basic]")
    } else {
        ("single", "[auth.basic]")
    };
    let file = format!(
        "[connector]\ncommand = [{binary:?}]\nmode = \"{mode}\"\n\n[connector.environment]\nFAULT = \"{fault}\"\n\
         FAULT_LOGIN = \"{login}\"\nFAULT_STATE = {:?}\nFAULT_STORE = {:?}\n\n{credential}\nusername = \"e2e\"\n\
         password = {{ command = [\"echo\", \"e2e-d41d8cd98f00b204\"] }}\n\n\
         [settings]\nhost = \"acme.test\"\napi_key = {{ command = [\"echo\", \"e2e-key-0b2049\"] }}\n",
        path("state"),
        path("store")
    );
    let file = ConnectionFile::parse(&file, Some(folder.path()))?;
    let mut options = CheckOptions::new(*fault);
    options.groups.clone_from(groups);
    options.start_up = Duration::from_secs(2);
    options.deadline = Duration::from_secs(11);
    options.memory = 256 << 20;
    options.writes = Some(Template::parse(TEMPLATE).map_err(anyhow::Error::msg)?);
    options.journal = Some(path("journal"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let connection = Connection::open(file, OpenOptions::default()).await?;
        let report = check(&connection, &options, &Unobserved).await.context("the check could not be run")?;
        connection.close().await;
        Ok(report)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `WRITE_TABLE=1 cargo test -p lumos-e2e faults` writes the page anew.
    #[test]
    fn the_page_of_the_faulty_connector_has_every_fault_and_its_rule() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../conformance/faulty-connector/README.md");
        let page = std::fs::read_to_string(path).unwrap_or_default();
        let rows: Vec<_> = FAULTS
            .iter()
            .map(|(fault, rule, related)| {
                let related: Vec<_> = related.iter().map(|rule| format!("`{rule}`")).collect();
                format!("| `{fault}` | `{rule}` | {} |\n", related.join(", "))
            })
            .collect();
        let head = page.split("| fault |").next().unwrap_or_default();
        let expected =
            format!("{head}| fault | found by | may be found by |\n| --- | --- | --- |\n{}", rows.concat());
        if std::env::var_os("WRITE_TABLE").is_some() {
            std::fs::write(path, &expected).unwrap();
            return;
        }
        assert!(page == expected, "the table is not what the code says; write it with WRITE_TABLE=1");
    }

    #[test]
    fn every_rule_and_fault_of_the_table_exists() {
        for (fault, rule, related) in FAULTS {
            assert!(Rule::find(rule).is_some(), "{fault}: {rule}");
            assert!(related.iter().all(|rule| Rule::find(rule).is_some()), "{fault}: {related:?}");
        }
        assert!(SEVERAL.iter().all(|fault| FAULTS.iter().any(|(known, ..)| known == fault)));
        assert!(OF_PROGRAMS.iter().all(|rule| Rule::find(rule).is_some()));
    }
}
