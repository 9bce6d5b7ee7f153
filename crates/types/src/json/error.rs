//! Why a value could not be read.

use std::fmt;

use serde::de::{self, Expected, Unexpected};

/// Why a JSON text, or a value in it, is not what the type asks for.
///
/// Its text names the place (`request.page.size`) and what was expected there. It never repeats the value that was
/// found, only its kind: the value may be a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError {
    /// Innermost first: each level on the way out adds its own segment.
    path: Vec<String>,
    problem: Problem,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Problem {
    Missing,
    Deadline,
    Other(String),
}

impl ReadError {
    pub(super) fn new(problem: impl Into<String>) -> Self {
        Self { path: Vec::new(), problem: Problem::Other(problem.into()) }
    }

    pub(super) fn deadline() -> Self {
        Self { path: Vec::new(), problem: Problem::Deadline }
    }

    /// Puts the name of a member or the place of an item in front of the path.
    #[must_use]
    pub fn inside(mut self, segment: impl Into<String>) -> Self {
        self.path.push(segment.into());
        self
    }

    /// The place of the value, dots between its levels; empty for the whole document.
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = String::new();
        for segment in self.path.iter().rev() {
            if !path.is_empty() && !segment.starts_with('[') {
                path.push('.');
            }
            path.push_str(segment);
        }
        path
    }

    /// Whether the value is not there at all.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.problem == Problem::Missing
    }

    /// Whether reading ended because its [deadline](super::Document::parse_before) had passed.
    #[must_use]
    pub fn is_deadline(&self) -> bool {
        self.problem == Problem::Deadline
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problem = match &self.problem {
            Problem::Missing => "required, but not given",
            Problem::Deadline => "not read before the deadline",
            Problem::Other(text) => text,
        };
        match self.path().as_str() {
            "" => f.write_str(problem),
            path => write!(f, "{path}: {problem}"),
        }
    }
}

impl std::error::Error for ReadError {}

impl de::Error for ReadError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("expected {expected}, got {}", kind(found)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("expected {expected}, got {} with another value", kind(found)))
    }

    fn unknown_variant(_found: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("expected one of {}", quoted(expected)))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("unknown field `{field}`, expected one of {}", quoted(expected)))
    }

    fn missing_field(field: &'static str) -> Self {
        Self { path: vec![field.to_owned()], problem: Problem::Missing }
    }
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn kind(found: Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Bool(_) => "a boolean",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Other("an integer") => "an integer",
        Unexpected::Float(_) => "a number with a fraction or exponent",
        Unexpected::Char(_) | Unexpected::Str(_) | Unexpected::Bytes(_) => "a string",
        Unexpected::Unit | Unexpected::Option => "null",
        Unexpected::Seq => "an array",
        Unexpected::Map => "an object",
        _ => "something else",
    }
}
