//! A report as one HTML file, with filters, and for each finding the request, the answer and a command that repeats it.

use std::fmt::Write as _;

use super::junit::escape;
use super::{Report, Verdict};
use crate::finding::Finding;
use crate::rule::{Rule, Severity};

const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");

/// A report as an HTML file that needs nothing beside it.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\
         <title>Check of {0}</title><style>{STYLE}</style></head><body>\n<h1>Check of {0}</h1>\n",
        escape(&report.connection)
    );
    let _ = writeln!(
        text,
        "<p>{} {}: {} calls in {:.1} s</p>",
        escape(&report.app_id),
        escape(&report.version),
        report.calls,
        report.elapsed.as_secs_f64()
    );
    let _ = writeln!(
        text,
        "<p class=\"counts\"><b class=\"error\">{} errors</b> <b class=\"warning\">{} warnings</b> \
         <b class=\"note\">{} notes</b> <b>{} accepted</b> <span>{} rules kept, {} not checked</span></p>",
        report.count(Severity::Error),
        report.count(Severity::Warning),
        report.count(Severity::Note),
        report.accepted(),
        report.verdicts(Verdict::Kept),
        report.verdicts(Verdict::NotChecked),
    );
    for left in &report.left {
        let _ = writeln!(text, "<p class=\"left\">Left behind: {}</p>", escape(left));
    }
    text.push_str(
        "<form id=\"filter\"><input type=\"search\" name=\"text\" placeholder=\"Filter\" aria-label=\"Filter\"> ",
    );
    for (name, label) in [
        ("error", "Errors"),
        ("warning", "Warnings"),
        ("note", "Notes"),
        ("accepted", "Accepted"),
        ("rules", "All rules"),
    ] {
        let checked = if name == "rules" { "" } else { " checked" };
        let _ = write!(text, "<label><input type=\"checkbox\" name=\"{name}\"{checked}> {label}</label> ");
    }
    text.push_str("</form>\n<main>\n");
    for finding in report.findings() {
        one(&mut text, finding);
    }
    for result in &report.rules {
        let verdict = match result.verdict() {
            Verdict::Kept => format!("kept ({} times)", result.passed),
            Verdict::NotChecked => {
                format!("not checked: {}", result.skipped.as_deref().unwrap_or("nothing to check it on"))
            }
            Verdict::Broken => "broken".to_owned(),
            Verdict::Accepted => "broken, as accepted".to_owned(),
        };
        let _ = writeln!(
            text,
            "<article class=\"rules\" hidden><h2><code>{}</code> {}</h2><p>{} {}</p></article>",
            result.rule.id,
            escape(&verdict),
            escape(result.rule.problem),
            escape(result.rule.remedy)
        );
    }
    let _ = write!(text, "</main>\n<script>{SCRIPT}</script></body></html>\n");
    text
}

fn one(text: &mut String, finding: &Finding) {
    let class = if finding.accepted.is_some() { "accepted" } else { finding.severity.name() };
    let times = if finding.times > 1 { format!(" ({} times)", finding.times) } else { String::new() };
    let _ = writeln!(
        text,
        "<article class=\"{class}\"><h2><b class=\"{class}\">{class}</b> <code>{}</code> {}</h2><p>{}{times}</p>",
        finding.rule,
        escape(&finding.subject),
        escape(&finding.message)
    );
    if let Some(reason) = &finding.accepted {
        let _ = writeln!(text, "<p>Accepted: {}</p>", escape(reason));
    }
    if let Some(rule) = Rule::find(finding.rule) {
        let _ = writeln!(
            text,
            "<p>{} <b>{}</b> <span>Contract {}: {}</span></p>",
            escape(rule.problem),
            escape(rule.remedy),
            rule.section(),
            escape(&rule.link())
        );
    }
    for exchange in &finding.exchanges {
        let _ = writeln!(
            text,
            "<details><summary>{} ({}, {} ms)</summary><h3>Request</h3><pre>{}</pre><h3>Answer</h3><pre>{}</pre>",
            escape(&exchange.name),
            escape(&exchange.status),
            exchange.milliseconds,
            escape(&exchange.request),
            escape(&exchange.answer)
        );
        if !exchange.stderr.is_empty() {
            let _ = writeln!(text, "<h3>Standard error</h3><pre>{}</pre>", escape(&exchange.stderr));
        }
        let _ = writeln!(text, "<h3>Again</h3><pre>{}</pre></details>", escape(&exchange.repeat));
    }
    text.push_str("</article>\n");
}
