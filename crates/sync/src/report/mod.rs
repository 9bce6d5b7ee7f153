//! What people and programs are shown of a sync and of a comparison.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`progress`] | a sync while it runs: bars, lines, or JSON |
//! | [`summary`] | what came of a sync: the table of verdicts, and how many calls the tenant takes |
//! | [`changes`] | what a comparison found: for a terminal, as JSON, as CSV |

pub mod changes;
mod numbers;
pub mod progress;
pub mod summary;
