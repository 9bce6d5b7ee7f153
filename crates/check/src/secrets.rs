//! Secrets that must not come back: those of the connection, and canaries that are planted in requests.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::groups::errors;
use crate::run::Run;
use crate::subject::Call;

/// What every canary begins with. No app has it by itself.
const MARK: &str = "canary-7f3a9c";

/// Gives canaries, each another one.
#[derive(Debug, Default)]
pub(crate) struct Canaries {
    next: AtomicU64,
}

impl Canaries {
    /// A text that is found again wherever it appears.
    pub(crate) fn text(&self) -> String {
        format!("{MARK}-{:04}", self.next.fetch_add(1, Ordering::Relaxed))
    }
}

/// Whether a text holds a canary.
pub(crate) fn has_canary(text: &str) -> bool {
    text.contains(MARK)
}

impl Run<'_> {
    /// Whether a text holds a canary or a secret of the connection.
    pub(crate) fn has_secret(&self, text: &str) -> bool {
        has_canary(text) || self.subject.connection.redact(text) != text
    }

    /// Looks for secrets in what a call brought back. Answers to right requests are data.
    pub(crate) fn look_for_secrets(&self, call: &Call) {
        let is_data = call.is_success();
        let in_answer = !is_data && self.has_secret(&call.text);
        self.expect(
            errors::SECRETS_IN_ANSWER,
            !in_answer,
            call.name.as_str(),
            || "the answer repeats a secret of the request".to_owned(),
            &[call],
        );
        if !call.stderr.is_empty() {
            let in_stderr = self.has_secret(&call.stderr);
            self.expect(
                errors::SECRETS_IN_STDERR,
                !in_stderr,
                call.name.as_str(),
                || "a secret of the request is written to standard error".to_owned(),
                &[call],
            );
        }
    }
}
