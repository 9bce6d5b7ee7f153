//! A fake app on loopback, which answers the calls that it expects and fails the test at any other.

mod answer;
mod exchange;
mod ledger;
mod matching;
mod received;
mod server;

use std::fmt;
use std::io;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use answer::{Answer, Fault, answer};
pub use exchange::{Exchange, anything, call, delete, get, patch, post, put};
pub use received::Received;

use ledger::Ledger;

/// A fake app on loopback.
///
/// [Cases](crate::Case) start one of their own; start one yourself to test a client without a connector around it.
/// Dropped without [`finish`](Self::finish), it panics when a call was unexpected or missing.
///
/// ```
/// use lumos_connector_testing::prelude::*;
///
/// # rustls::crypto::ring::default_provider().install_default().unwrap();
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let upstream = Upstream::start([get("/users/7").answers(json!({"id": 7}))]).await?;
/// let user = reqwest::get(format!("{}/users/7", upstream.url())).await?;
/// assert_eq!(user.text().await?, r#"{"id":7}"#);
/// upstream.finish()?;
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
/// ```
#[derive(Debug)]
pub struct Upstream {
    url: Arc<str>,
    ledger: Arc<Ledger>,
    server: JoinHandle<()>,
    /// Whether the problems were reported already.
    settled: bool,
}

impl Upstream {
    /// Starts to listen on a free port, on the runtime of the caller.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(exchanges: impl IntoIterator<Item = Exchange>) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url: Arc<str> = format!("http://{}", listener.local_addr()?).into();
        let ledger = Arc::new(Ledger::new(exchanges));
        let server = tokio::spawn(server::serve(listener, Arc::clone(&ledger), Arc::clone(&url)));
        Ok(Self { url, ledger, server, settled: false })
    }

    /// Makes dropping it silent, once [`finish`](Self::finish) was asked or the test has failed.
    pub(crate) fn silent(mut self) -> Self {
        self.settled = true;
        self
    }

    /// Its address, such as `http://127.0.0.1:34567`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The calls so far, unexpected ones included.
    #[must_use]
    pub fn calls(&self) -> Vec<Received> {
        self.ledger.calls()
    }

    /// Stops, and says whether all calls were as expected.
    ///
    /// # Errors
    /// When a call was unexpected, too early, missing, or came too often.
    pub fn finish(mut self) -> Result<(), UnexpectedCalls> {
        self.settled = true;
        let problems = self.ledger.problems();
        if problems.is_empty() {
            Ok(())
        } else {
            Err(UnexpectedCalls { problems, journal: self.ledger.journal() })
        }
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.server.abort();
        if self.settled || std::thread::panicking() {
            return;
        }
        let problems = self.ledger.problems();
        let error = UnexpectedCalls { problems, journal: self.ledger.journal() };
        assert!(error.problems.is_empty(), "{error}");
    }
}

/// How the calls to a fake app differed from those expected.
#[derive(thiserror::Error)]
#[error("upstream:\n  {}{}", problems.join("\n  "), shown(journal))]
pub struct UnexpectedCalls {
    problems: Vec<String>,
    journal: Vec<String>,
}

/// The calls that were made, if there were any.
fn shown(journal: &[String]) -> String {
    if journal.is_empty() { String::new() } else { format!("\ncalls:\n  {}", journal.join("\n  ")) }
}

impl fmt::Debug for UnexpectedCalls {
    /// As `Display`: it is what a test that unwraps it shows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
