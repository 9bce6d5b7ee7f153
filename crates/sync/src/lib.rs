//! A whole tenant read to the end through a connector, kept in a store, with a verdict for each listing.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`plan`] | which listings are read, in which order, with which requests |
//! | [`row`] | a row, its identity, and the buffer that holds a page |
//! | [`frontier`] | page jobs, and the fence that lets each page count once |
//! | [`execute`] | the local executor: a sync from its begin to its verdicts |
//! | [`store`] | the SQLite file: rows of several syncs, and the frontier of one machine |
//! | [`verdict`] | whether what was read is all there was |
//! | [`diff`] | what changed between two syncs |
//! | [`export`] | the rows of a sync as files |
//! | [`report`] | what people and programs are shown |

pub mod diff;
pub mod execute;
pub mod export;
pub mod frontier;
pub mod plan;
pub mod report;
pub mod row;
pub mod store;
pub mod verdict;
