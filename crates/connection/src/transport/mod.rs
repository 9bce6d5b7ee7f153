//! The ways in which a connector is reached.
//!
//! | file | what it is |
//! | --- | --- |
//! | `process` | a process with everything it starts: killed as a whole, never left behind |
//! | `stderr` | what a process writes to stderr: into the log, the last lines into errors |
//! | `http` | a capability called over HTTP |

pub(crate) mod http;
pub(crate) mod process;
pub(crate) mod stderr;
