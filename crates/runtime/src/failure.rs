//! Why a command could not be carried out: what is wrong, and what to do.

use std::fmt;

/// A failure of the command line, as opposed to an error envelope, which is an answer.
///
/// ```
/// use lumos_connector_runtime::failure::Failure;
/// let failure = Failure::new("the folder is not empty").advice("choose another one");
/// assert_eq!(failure.to_string(), "error: the folder is not empty\nhint: choose another one");
/// ```
#[derive(Debug)]
pub struct Failure {
    problem: String,
    advice: Option<String>,
}

impl Failure {
    /// A failure with what is wrong.
    #[must_use]
    pub fn new(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), advice: None }
    }

    /// Sets what to do about it.
    #[must_use]
    pub fn advice(mut self, advice: impl Into<String>) -> Self {
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
