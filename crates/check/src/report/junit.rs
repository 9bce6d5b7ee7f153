//! A report for CI systems that read the XML of `JUnit`: a test suite for each group, a test case for each rule.

use std::fmt::Write as _;

use super::{Report, Verdict};
use crate::rule::Group;

/// A report as the XML of `JUnit`.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "<testsuites name=\"{}\" tests=\"{}\" failures=\"{}\" time=\"{:.3}\">",
        escape(&report.connection),
        report.rules.len(),
        report.verdicts(Verdict::Broken),
        report.elapsed.as_secs_f64()
    );
    for group in Group::ALL {
        let results: Vec<_> = report.rules.iter().filter(|result| result.rule.group == *group).collect();
        if results.is_empty() {
            continue;
        }
        let count = |verdict| results.iter().filter(|result| result.verdict() == verdict).count();
        let _ = writeln!(
            text,
            "  <testsuite name=\"{group}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\">",
            results.len(),
            count(Verdict::Broken),
            count(Verdict::NotChecked) + count(Verdict::Accepted)
        );
        for result in results {
            let _ = write!(text, "    <testcase classname=\"{group}\" name=\"{}\"", result.rule.id);
            match result.verdict() {
                Verdict::Kept => text.push_str("/>\n"),
                Verdict::NotChecked => {
                    let why = result.skipped.as_deref().unwrap_or("nothing to check it on");
                    let _ = writeln!(text, "><skipped message=\"{}\"/></testcase>", escape(why));
                }
                Verdict::Accepted => {
                    let reason = result.findings.iter().find_map(|finding| finding.accepted.as_deref());
                    let reason = escape(reason.unwrap_or_default());
                    let _ = writeln!(text, "><skipped message=\"accepted: {reason}\"/></testcase>");
                }
                Verdict::Broken => {
                    let mut lines = String::new();
                    for finding in result.findings.iter().filter(|finding| finding.accepted.is_none()) {
                        let _ = writeln!(lines, "{}: {}", finding.subject, finding.message);
                        if let Some(exchange) = finding.exchanges.last() {
                            let _ = writeln!(lines, "  again: {}", exchange.repeat);
                        }
                    }
                    let _ = writeln!(
                        text,
                        ">\n      <failure type=\"{}\" message=\"{}\">{}\n{}\n{}</failure>\n    </testcase>",
                        result.rule.severity,
                        escape(result.rule.problem),
                        escape(lines.trim_end()),
                        escape(result.rule.remedy),
                        escape(&result.rule.link()),
                    );
                }
            }
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

/// A text as XML and HTML have it. What XML cannot hold at all is replaced.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(letter),
            control if control.is_control() || matches!(control, '\u{fffe}' | '\u{ffff}') => {
                escaped.push('\u{fffd}');
            }
            other => escaped.push(other),
        }
    }
    escaped
}
