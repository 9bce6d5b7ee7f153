//! What is checked, and how far.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::baseline::Baseline;
use crate::rule::{Group, Rule};
use crate::writing::Template;

/// What is checked, and how far.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CheckOptions {
    /// What the connection is called in reports and in commands: usually the path of its file.
    pub name: String,
    /// Only these groups; all when empty.
    pub groups: Vec<Group>,
    /// Only these rules; all when empty.
    pub rules: Vec<&'static Rule>,
    /// Findings that are known, each with its reason.
    pub baseline: Baseline,
    /// Payloads of capabilities that cannot be called without knowing the app, by the capability's name.
    pub requests: BTreeMap<String, Value>,
    /// How many pages of a listing are read.
    pub max_pages: usize,
    /// How many calls are made at the same time at the most, where rules do not depend on each other. Where calls at the
    /// same time get other answers than one alone, they are made one by one.
    pub parallel: usize,
    /// How long a call may take before it counts as not answered.
    pub call_timeout: Duration,
    /// How long the program may take to say what it is.
    pub start_up: Duration,
    /// How many bytes of memory the program may hold for a page of default size.
    pub memory: u64,
    /// The time for which a call is given to keep, at the least 11 s: connectors keep 10 s for themselves.
    pub deadline: Duration,
    /// How to make a test account; without it nothing is written.
    pub writes: Option<Template>,
    /// Where it is written down what was created and not yet taken away again.
    pub journal: Option<PathBuf>,
}

impl CheckOptions {
    /// A read-only check of everything, for a connection of this name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            groups: Vec::new(),
            rules: Vec::new(),
            baseline: Baseline::default(),
            requests: BTreeMap::new(),
            max_pages: 50,
            parallel: 4,
            call_timeout: Duration::from_secs(60),
            start_up: Duration::from_secs(10),
            memory: 512 << 20,
            deadline: Duration::from_secs(13),
            writes: None,
            journal: None,
        }
    }

    /// Whether a rule is to be checked.
    #[must_use]
    pub fn selects(&self, rule: &Rule) -> bool {
        let everything = self.groups.is_empty() && self.rules.is_empty();
        everything
            || self.groups.contains(&rule.group)
            || self.rules.iter().any(|selected| selected.id == rule.id)
    }

    /// Whether any rule of a group is to be checked.
    #[must_use]
    pub fn selects_from(&self, group: Group) -> bool {
        group.rules().iter().any(|rule| self.selects(rule))
    }
}
