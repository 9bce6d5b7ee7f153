//! What is told while a check runs.

use serde::Serialize;

use crate::finding::Finding;

/// Something that happened during a check.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event<'a> {
    /// The rules of a group are checked from now on.
    Group {
        /// Its name.
        group: &'static str,
        /// Which one it is, from 1.
        number: usize,
        /// How many there are.
        of: usize,
    },
    /// The connector was called.
    Call {
        /// What was called.
        name: &'a str,
        /// How many calls there were so far.
        calls: u64,
    },
    /// A rule is broken.
    Finding {
        /// Where and how.
        finding: &'a Finding,
    },
}

/// Is told what happens during a check, as it happens.
///
/// ```
/// use lumos_check::observer::{Event, Observer};
///
/// struct Counting(std::sync::atomic::AtomicU64);
///
/// impl Observer for Counting {
///     fn event(&self, event: &Event<'_>) {
///         if let Event::Finding { .. } = event {
///             self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
///         }
///     }
/// }
/// ```
pub trait Observer: Send + Sync {
    /// Something happened. It should return soon: the check waits.
    fn event(&self, event: &Event<'_>);
}

/// Nobody looks.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::exhaustive_structs, reason = "there is nothing in it")]
pub struct Unobserved;

impl Observer for Unobserved {
    fn event(&self, _: &Event<'_>) {}
}
