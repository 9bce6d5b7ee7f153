//! Findings: where a connector breaks a rule, with what was asked and answered.

use serde::Serialize;

use crate::rule::Severity;

/// How many bytes of a request or an answer a finding shows.
const SHOWN: usize = 4096;

/// A place where a connector breaks a rule. No secret of the connection is in it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The id of the rule.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What it is about: a capability, a field, an option. Together with the rule it names the finding in a baseline.
    pub subject: String,
    /// What was seen.
    pub message: String,
    /// How often the same was seen.
    pub times: u64,
    /// What was asked and answered, the first time.
    pub exchanges: Vec<Exchange>,
    /// The reason for which a baseline accepts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
}

/// A request and its answer, both without secrets and cut when they are long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Exchange {
    /// What was called, such as a capability.
    pub name: String,
    /// The request.
    pub request: String,
    /// The answer.
    pub answer: String,
    /// How it ended: an exit status, an HTTP status, or what went wrong.
    pub status: String,
    /// What the program wrote to standard error.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub stderr: String,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
    /// A command line that repeats it. Secrets in it are replaced by `[REDACTED]`.
    pub repeat: String,
}

/// A text that is at most as long as a finding shows.
pub(crate) fn cut(text: &str) -> String {
    if text.len() <= SHOWN {
        return text.to_owned();
    }
    let mut end = SHOWN;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}… ({} bytes in all)", &text[..end], text.len())
}
