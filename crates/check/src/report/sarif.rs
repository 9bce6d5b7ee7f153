//! A report for code-scanning services: SARIF 2.1.0.

use serde_json::{Value, json};

use super::Report;

/// A report as a SARIF log. Findings have no place in a source file; the connection stands for it.
#[must_use]
pub fn value(report: &Report) -> Value {
    let rules: Vec<Value> = report
        .rules
        .iter()
        .map(|result| {
            let rule = result.rule;
            json!({
                "id": rule.id,
                "shortDescription": {"text": rule.problem},
                "help": {"text": format!("{} See {}.", rule.remedy, rule.link())},
                "defaultConfiguration": {"level": rule.severity.name()},
                "properties": {"tags": [rule.group.name()]},
            })
        })
        .collect();
    let results: Vec<Value> = report
        .rules
        .iter()
        .enumerate()
        .flat_map(|(index, result)| result.findings.iter().map(move |finding| (index, finding)))
        .map(|(index, finding)| {
            let mut result = json!({
                "ruleId": finding.rule,
                "ruleIndex": index,
                "level": finding.severity.name(),
                "message": {"text": format!("{}: {}", finding.subject, finding.message)},
                "locations": [{
                    "physicalLocation": {"artifactLocation": {"uri": report.connection}},
                    "logicalLocations": [{"name": finding.subject, "kind": "member"}],
                }],
                "partialFingerprints": {"rule/subject": format!("{}/{}", finding.rule, finding.subject)},
                "properties": {"exchanges": finding.exchanges},
            });
            if let Some(reason) = &finding.accepted {
                result["suppressions"] = json!([{"kind": "external", "justification": reason}]);
            }
            result
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "connector check",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "results": results,
        }],
    })
}
