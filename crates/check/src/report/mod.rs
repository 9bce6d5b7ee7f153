//! What came of a check, and the forms in which people and machines read it.
//!
//! | module | for whom |
//! | --- | --- |
//! | [`terminal`] | a person at a terminal: the worst first |
//! | [`json`] | a program |
//! | [`html`] | a person: one file, with filters, requests and answers |
//! | [`junit`], [`sarif`] | CI systems |

pub mod html;
pub mod json;
pub mod junit;
pub mod sarif;
pub mod terminal;

use std::time::Duration;

use serde::Serialize;

use crate::baseline::Accepted;
use crate::finding::Finding;
use crate::rule::{Rule, Severity};

/// What came of a check.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Report {
    /// The connection's name.
    pub connection: String,
    /// The connector's id; empty when it did not say.
    pub app_id: String,
    /// The connector's version; empty when it did not say.
    pub version: String,
    /// Each rule that was to be checked, with what came of it.
    pub rules: Vec<RuleResult>,
    /// How often the connector was called.
    pub calls: u64,
    /// How long it took.
    pub elapsed: Duration,
    /// Entries of the baseline that no finding needed.
    pub stale: Vec<Accepted>,
    /// What was created and could not be taken away again.
    pub left: Vec<String>,
}

/// What came of a rule.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RuleResult {
    /// The rule.
    pub rule: &'static Rule,
    /// How often it was found kept.
    pub passed: u64,
    /// Where it is broken.
    pub findings: Vec<Finding>,
    /// Why it could not be checked, wholly or in part.
    pub skipped: Option<String>,
}

/// Whether a rule is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// It is, wherever it was checked.
    Kept,
    /// It is broken.
    Broken,
    /// It is broken as the baseline says.
    Accepted,
    /// It could not be checked.
    NotChecked,
}

impl RuleResult {
    /// Whether the rule is kept.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match (self.findings.is_empty(), self.passed) {
            (false, _) if self.findings.iter().any(|finding| finding.accepted.is_none()) => Verdict::Broken,
            (false, _) => Verdict::Accepted,
            (true, 0) => Verdict::NotChecked,
            (true, _) => Verdict::Kept,
        }
    }
}

impl Report {
    /// All findings, the worst first; those that are accepted last.
    #[must_use]
    pub fn findings(&self) -> Vec<&Finding> {
        let mut findings: Vec<_> = self.rules.iter().flat_map(|result| &result.findings).collect();
        findings.sort_by_key(|finding| (finding.accepted.is_some(), std::cmp::Reverse(finding.severity)));
        findings
    }

    /// How many findings of a severity are not accepted.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings()
            .iter()
            .filter(|finding| finding.accepted.is_none() && finding.severity == severity)
            .count()
    }

    /// How many findings are accepted.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.findings().iter().filter(|finding| finding.accepted.is_some()).count()
    }

    /// The worst severity of a finding that is not accepted.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        let open = self.rules.iter().flat_map(|result| &result.findings).filter(|it| it.accepted.is_none());
        open.map(|finding| finding.severity).max()
    }

    /// How many rules have a verdict.
    #[must_use]
    pub fn verdicts(&self, verdict: Verdict) -> usize {
        self.rules.iter().filter(|result| result.verdict() == verdict).count()
    }
}
