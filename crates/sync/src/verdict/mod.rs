//! Verdicts: whether what was read is all there was.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`judge`](self) | the verdict of each listing of a sync, from its evidence |
//! | `references` | rows that name rows of other listings |
//! | `readings` | two readings of a listing compared |

mod duplicates;
mod judge;
mod readings;
mod references;

pub use judge::{Thresholds, judge};

use std::fmt;
use std::str::FromStr;

/// What came of a listing, or of a whole sync. Only a complete listing may imply that something is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It was read to its end, and nothing speaks against it.
    Complete,
    /// It was read to its end, but what came contradicts itself or what came before.
    Inconsistent,
    /// It was not read to its end.
    Incomplete,
}

impl Verdict {
    /// Its name in the store and in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Inconsistent => "inconsistent",
            Self::Incomplete => "incomplete",
        }
    }

    /// The exit status of a sync that ends so: 0, 3 for incomplete, 4 for inconsistent.
    #[must_use]
    pub const fn exit_status(self) -> u8 {
        match self {
            Self::Complete => 0,
            Self::Incomplete => 3,
            Self::Inconsistent => 4,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not a verdict.
#[derive(Debug, thiserror::Error)]
#[error("expected complete, incomplete or inconsistent")]
pub struct NotAVerdict;

impl FromStr for Verdict {
    type Err = NotAVerdict;

    fn from_str(text: &str) -> Result<Self, NotAVerdict> {
        match text {
            "complete" => Ok(Self::Complete),
            "inconsistent" => Ok(Self::Inconsistent),
            "incomplete" => Ok(Self::Incomplete),
            _ => Err(NotAVerdict),
        }
    }
}
