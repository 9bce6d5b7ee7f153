//! A report for a person at a terminal.

use std::fmt::Write as _;

use super::{Report, Verdict};
use crate::finding::{Exchange, Finding};
use crate::rule::{Rule, Severity};

/// How long a line of a request or an answer is.
const LINE: usize = 160;

/// A report as text: the worst findings first, each with what to do and a command that repeats the call, then how many
/// rules were checked.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut text = String::new();
    for finding in report.findings() {
        one(&mut text, finding);
    }
    summary(&mut text, report);
    text
}

fn one(text: &mut String, finding: &Finding) {
    let mark = if finding.accepted.is_some() { "accepted" } else { finding.severity.name() };
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{mark}: {}: {}", finding.rule, finding.subject);
    let times = if finding.times > 1 { format!(" ({} times)", finding.times) } else { String::new() };
    let _ = writeln!(text, "    {}{times}", finding.message);
    if let Some(reason) = &finding.accepted {
        let _ = writeln!(text, "    accepted: {reason}\n");
        return;
    }
    if let Some(rule) = Rule::find(finding.rule) {
        let _ = writeln!(text, "    {}", rule.problem);
        let _ = writeln!(text, "    to do: {}", rule.remedy);
        let _ = writeln!(text, "    contract: {} ({})", rule.section(), rule.link());
    }
    if let Some(exchange) = finding.exchanges.last() {
        shown(text, exchange);
    }
    text.push('\n');
}

fn shown(text: &mut String, exchange: &Exchange) {
    let _ = writeln!(text, "    asked: {}", line(&exchange.request));
    let _ = writeln!(text, "    answered: {} ({})", line(&exchange.answer), exchange.status);
    let _ = writeln!(text, "    again: {}", line(&exchange.repeat));
}

fn line(text: &str) -> String {
    let text = text.trim().replace('\n', " ");
    let mut cut: String = text.chars().take(LINE).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}

fn summary(text: &mut String, report: &Report) {
    for stale in &report.stale {
        let _ = writeln!(text, "the baseline accepts {}, which is not found any more", stale.rule);
    }
    for left in &report.left {
        let _ = writeln!(text, "left behind: {left}");
    }
    let version = if report.version.is_empty() { String::new() } else { format!(" {}", report.version) };
    let app = if report.app_id.is_empty() { String::new() } else { format!(" ({}{version})", report.app_id) };
    let _ = writeln!(
        text,
        "{}{app}: {} errors, {} warnings, {} notes, {} accepted",
        report.connection,
        report.count(Severity::Error),
        report.count(Severity::Warning),
        report.count(Severity::Note),
        report.accepted(),
    );
    let _ = write!(
        text,
        "{} rules kept, {} broken, {} accepted, {} not checked; {} calls in {:.1} s",
        report.verdicts(Verdict::Kept),
        report.verdicts(Verdict::Broken),
        report.verdicts(Verdict::Accepted),
        report.verdicts(Verdict::NotChecked),
        report.calls,
        report.elapsed.as_secs_f64()
    );
}

/// The rules as a list: id, severity, and what is wrong when one is broken.
#[must_use]
pub fn rules<'a>(rules: impl IntoIterator<Item = &'a Rule>) -> String {
    let lines: Vec<_> = rules
        .into_iter()
        .map(|rule| format!("{:<34} {:<8} {}", rule.id, rule.severity, rule.problem))
        .collect();
    lines.join("\n")
}
