//! Why a command could not be carried out: what is wrong, and what to do.

use std::fmt;

/// A failure of the command line, as opposed to an error envelope, which is an answer.
#[derive(Debug)]
pub(crate) struct Failure {
    problem: String,
    advice: Option<String>,
}

impl Failure {
    pub(crate) fn new(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), advice: None }
    }

    pub(crate) fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.problem)?;
        self.advice.iter().try_for_each(|advice| write!(f, "\nhint: {advice}"))
    }
}
