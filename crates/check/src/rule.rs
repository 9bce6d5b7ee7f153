//! Rules: what a connector must keep, each with a stable id.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::groups;

/// Where the rules of the contract are read, unless a report is told otherwise.
pub const CONTRACT: &str = "docs/contract.md";

/// Something that a connector must keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// Its name, which stays: the group, a slash, and a name within the group.
    pub id: &'static str,
    /// The group it belongs to.
    pub group: Group,
    /// How bad it is when the rule is broken.
    pub severity: Severity,
    /// What is wrong with a connector that breaks it.
    pub problem: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
    /// The anchor of the contract's section, such as `s7-tokens`.
    pub anchor: &'static str,
}

impl Rule {
    /// All rules, group by group.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        Group::ALL.iter().flat_map(|group| group.rules()).copied()
    }

    /// The rule with an id.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Self> {
        Self::all().find(|rule| rule.id == id)
    }

    /// Where the contract has it, such as `docs/contract.md#s7-tokens`.
    #[must_use]
    pub fn link(&self) -> String {
        format!("{CONTRACT}#{}", self.anchor)
    }

    /// The number of the section of the contract, with the sign for section before it.
    #[must_use]
    pub fn section(&self) -> String {
        let number: String =
            self.anchor.trim_start_matches('s').chars().take_while(char::is_ascii_digit).collect();
        format!("\u{a7}{number}")
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;
        let mut state = serializer.serialize_struct("Rule", 6)?;
        state.serialize_field("id", self.id)?;
        state.serialize_field("group", self.group.name())?;
        state.serialize_field("severity", &self.severity)?;
        state.serialize_field("problem", self.problem)?;
        state.serialize_field("remedy", self.remedy)?;
        state.serialize_field("contract", &self.link())?;
        state.end()
    }
}

/// How bad it is when a rule is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "callers decide by each of them")]
pub enum Severity {
    /// Worth knowing; nothing breaks.
    Note,
    /// It works, but not for everybody or not for long.
    Warning,
    /// A caller that relies on the contract is misled or fails.
    Error,
}

impl Severity {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Severity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Note, Self::Warning, Self::Error]
            .into_iter()
            .find(|severity| severity.name() == text)
            .ok_or_else(|| "expected one of note, warning, error".to_owned())
    }
}

macro_rules! groups {
    ($($(#[doc = $doc:literal])+ $group:ident = $module:ident;)+) => {
        /// Rules that are checked together.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Group {
            $($(#[doc = $doc])+ $group,)+
        }

        impl Group {
            /// All groups, in the order in which they are checked.
            pub const ALL: &'static [Self] = &[$(Self::$group,)+];

            /// Its name, with which the ids of its rules begin.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$group => stringify!($module),)+ }
            }

            /// What its rules are about, in a sentence.
            #[must_use]
            pub fn about(self) -> &'static str {
                match self { $(Self::$group => concat!($($doc),+).trim(),)+ }
            }

            /// Its rules.
            #[must_use]
            pub const fn rules(self) -> &'static [&'static Rule] {
                match self { $(Self::$group => groups::$module::RULES,)+ }
            }
        }
    };
}

groups! {
    /// What the connector says about itself: `info` and `app_info`, schemas, forms, declared types.
    Declaration = declaration;
    /// What it answers to a request that is right: envelopes, schemas, values, references.
    Answers = answers;
    /// Whether its listings end, and give the same rows in whatever pages they are read.
    Paging = paging;
    /// What it answers to a request that is wrong, and whether it keeps secrets to itself.
    Errors = errors;
    /// How its program behaves: exit status, output, result files, signals, environment, memory.
    Process = process;
    /// How its server behaves: routes, methods, statuses, parallel calls, shutdown.
    Server = server;
    /// Rate-limit state, modes and deadlines.
    Limits = limits;
    /// Whether changes happen, can be read back, and do no harm when asked for twice. Only with a template for a test account.
    Writes = writes;
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Group {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.iter().copied().find(|group| group.name() == text).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|group| group.name()).collect();
            format!("expected one of {}", names.join(", "))
        })
    }
}

/// Declares the rules of a group as constants, and their list.
macro_rules! rules {
    ($group:ident, $module:literal;
        $($name:ident = $id:literal, $severity:ident, $anchor:literal, $problem:literal, $remedy:literal;)+) => {
        $(pub(crate) const $name: &crate::rule::Rule = &crate::rule::Rule {
            id: concat!($module, "/", $id),
            group: crate::rule::Group::$group,
            severity: crate::rule::Severity::$severity,
            problem: $problem,
            remedy: $remedy,
            anchor: $anchor,
        };)+
        /// The rules of this group.
        pub(crate) const RULES: &[&crate::rule::Rule] = &[$($name,)+];
    };
}
pub(crate) use rules;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_unique_and_begin_with_their_group() {
        let mut seen = HashSet::new();
        for rule in Rule::all() {
            assert!(seen.insert(rule.id), "{}", rule.id);
            let (group, name) = rule.id.split_once('/').unwrap();
            assert_eq!(group, rule.group.name());
            assert!(name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-'), "{}", rule.id);
        }
        assert!(seen.len() >= 80, "{}", seen.len());
    }

    #[test]
    fn every_rule_leads_into_the_contract() {
        let contract = include_str!("../../../docs/contract.md");
        for rule in Rule::all() {
            assert!(
                contract.contains(&format!("<a id=\"{}\"></a>", rule.anchor)),
                "{}: {}",
                rule.id,
                rule.anchor
            );
        }
    }

    #[test]
    fn sentences_end_with_a_point() {
        for rule in Rule::all() {
            assert!(rule.problem.ends_with('.') && rule.remedy.ends_with('.'), "{}", rule.id);
        }
    }
}
