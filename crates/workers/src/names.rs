//! Names on the broker: streams, consumers and subjects.

use std::fmt::Write;

/// The stream of page jobs and their rows, unless another name is given.
pub const DEFAULT_STREAM: &str = "CHAIN";
/// The pool of connections that name none.
pub const DEFAULT_POOL: &str = "default";

/// The names that one cluster of workers uses on the broker.
///
/// ```
/// use lumos_sync_workers::names::Names;
///
/// let names = Names::default();
/// assert_eq!(names.chain("default", "acme", "7f3a", 2), "jobs.default.acme.7f3a.2");
/// assert_eq!(names.chain("eu west", "a.b", "7f3a", 2), "jobs.eu%20west.a%2Eb.7f3a.2");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    stream: String,
}

impl Default for Names {
    fn default() -> Self {
        Self { stream: DEFAULT_STREAM.to_owned() }
    }
}

impl Names {
    /// The stream of page jobs: limits retention, subjects `jobs.>` and `rows.>`.
    #[must_use]
    pub fn stream(&self) -> &str {
        &self.stream
    }

    /// The stream of the latest state of each connection's sync: one message a subject.
    #[must_use]
    pub fn records(&self) -> String {
        format!("{}_SYNCS", self.stream)
    }

    /// The durable consumer of a pool's workers.
    #[must_use]
    pub fn workers(&self, pool: &str) -> String {
        format!("workers-{}", consumer_part(pool))
    }

    /// The durable consumer of the collectors.
    #[must_use]
    pub fn collectors(&self) -> String {
        "collectors".to_owned()
    }

    /// All jobs of a pool.
    #[must_use]
    pub fn jobs_of(&self, pool: &str) -> String {
        format!("jobs.{}.>", token(pool))
    }

    /// The subject of a chain: one listing of one run.
    #[must_use]
    pub fn chain(&self, pool: &str, connection: &str, run: &str, listing: i64) -> String {
        format!("jobs.{}.{}.{}.{listing}", token(pool), token(connection), token(run))
    }

    /// The subject of the rows of a chain that do not fit into the message of their page.
    #[must_use]
    pub fn rows(&self, pool: &str, connection: &str, run: &str, listing: i64) -> String {
        format!("rows.{}.{}.{}.{listing}", token(pool), token(connection), token(run))
    }

    /// Every subject of a run.
    #[must_use]
    pub fn run(&self, pool: &str, connection: &str, run: &str) -> String {
        format!("*.{}.{}.{}.*", token(pool), token(connection), token(run))
    }

    /// The subject of the state of a connection's sync.
    #[must_use]
    pub fn record(&self, connection: &str) -> String {
        format!("syncs.{}", token(connection))
    }
}

/// A name as one token of a subject: what NATS gives a meaning to is percent-encoded.
fn token(name: &str) -> String {
    let mut token = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            token.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(token, "%{byte:02X}");
        }
    }
    if token.is_empty() { "%".to_owned() } else { token }
}

/// A name as a part of a consumer's name, which may hold less than a subject.
fn consumer_part(name: &str) -> String {
    token(name).replace('%', "_")
}
