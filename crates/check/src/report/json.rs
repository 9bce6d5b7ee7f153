//! A report for programs.

use serde_json::{Value, json};

use super::{Report, Verdict};
use crate::rule::Severity;

/// A report as JSON. Fields may be added; those that are there keep their meaning.
#[must_use]
pub fn value(report: &Report) -> Value {
    let rules: Vec<Value> = report
        .rules
        .iter()
        .map(|result| {
            let mut rule = json!(result.rule);
            rule["verdict"] = json!(result.verdict());
            rule["passed"] = json!(result.passed);
            rule["skipped"] = json!(result.skipped);
            rule["findings"] = json!(result.findings);
            rule
        })
        .collect();
    json!({
        "connection": report.connection,
        "app_id": report.app_id,
        "version": report.version,
        "errors": report.count(Severity::Error),
        "warnings": report.count(Severity::Warning),
        "notes": report.count(Severity::Note),
        "accepted": report.accepted(),
        "rules_kept": report.verdicts(Verdict::Kept),
        "rules_not_checked": report.verdicts(Verdict::NotChecked),
        "calls": report.calls,
        "milliseconds": u64::try_from(report.elapsed.as_millis()).unwrap_or(u64::MAX),
        "left": report.left,
        "rules": rules,
    })
}
