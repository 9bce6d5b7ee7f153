//! Baselines: findings that are known and accepted, each with its reason.

use std::path::Path;

use serde::Deserialize;

use crate::finding::Finding;
use crate::rule::Rule;

/// Findings that are known.
///
/// ```toml
/// [[accepted]]
/// rule = "errors/wrong-credentials"
/// subject = "validate_credentials"    # of any subject when not given
/// reason = "The app has no passwords."
/// ```
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Baseline {
    /// The findings.
    #[serde(default)]
    pub accepted: Vec<Accepted>,
}

/// A finding that is known.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Accepted {
    /// The id of the rule.
    pub rule: String,
    /// The finding's subject; every subject when it is not given.
    #[serde(default)]
    pub subject: Option<String>,
    /// Why it is accepted.
    pub reason: String,
}

/// Why a baseline could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BaselineError {
    /// The file could not be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not a baseline.
    #[error("{path}: {problem}")]
    Invalid {
        /// The file.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl Baseline {
    /// Reads a baseline.
    ///
    /// # Errors
    /// When the file cannot be read, is not TOML, names a rule that does not exist, or lacks a reason.
    pub fn read(path: &Path) -> Result<Self, BaselineError> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| BaselineError::Read { path: name.clone(), source })?;
        Self::parse(&text).map_err(|problem| BaselineError::Invalid { path: name, problem })
    }

    /// Reads the text of a baseline.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let baseline: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        for (number, accepted) in baseline.accepted.iter().enumerate() {
            if Rule::find(&accepted.rule).is_none() {
                return Err(format!("accepted[{number}].rule: there is no rule `{}`", accepted.rule));
            }
            if accepted.reason.trim().is_empty() {
                return Err(format!("accepted[{number}].reason: expected a sentence"));
            }
        }
        Ok(baseline)
    }

    /// The reason for which a finding is accepted.
    #[must_use]
    pub fn reason(&self, finding: &Finding) -> Option<&str> {
        self.accepted
            .iter()
            .find(|accepted| accepted.covers(finding))
            .map(|accepted| accepted.reason.as_str())
    }
}

impl Accepted {
    /// Whether a finding is the one that is meant.
    #[must_use]
    pub fn covers(&self, finding: &Finding) -> bool {
        self.rule == finding.rule && self.subject.as_ref().is_none_or(|subject| *subject == finding.subject)
    }
}
