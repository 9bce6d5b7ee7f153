//! The frontier: which page of which listing is to be read next, and that it is stored once.
//!
//! A listing is a *chain* of page jobs: each page but the last names the token of the next one. The frontier keeps the
//! [`Head`] of every chain: the one job that may be run. Whoever runs it gives back rows and the next head in one
//! [`commit`](Frontier::commit), which counts only if the head is still the last of its chain: the *fence*. So a commit
//! may be repeated when its answer was lost, and a worker that was believed dead changes nothing.
//!
//! [`StoreFrontier`](crate::store::StoreFrontier) keeps the chains of one machine in a file and those of several machines
//! on a PostgreSQL server; the crate `lumos-sync-workers` keeps them in a log of NATS JetStream. Heads hold all that
//! running them takes, and a commit is one step.

use std::time::Duration;

use lumos_connector_types::rate_limit::RateLimitRequestInfo;
use serde::{Deserialize, Serialize};

use crate::row::RowBuffer;

/// A page job that is the last of its chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// The chain.
    pub chain: Chain,
    /// What the fence compares: another number whenever the head is rewritten.
    pub sequence: u64,
    /// What is to be read.
    pub job: PageJob,
    /// How often this page failed before.
    pub attempt: u32,
    /// How often this page was put off because the app or the connector asked for it.
    pub waits: u32,
}

/// Names a chain: one listing of one sync. Sync ids are never used again.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Chain {
    /// The sync.
    pub sync: i64,
    /// The name of the connection, by which a worker finds it in its own files.
    pub connection: String,
    /// The number of the listing in the store.
    pub listing: i64,
    /// The capability that is called.
    pub capability: String,
}

/// One page: all that a call needs beside the connection.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct PageJob {
    /// Number of the page in its chain, from 0.
    pub page: u64,
    /// The token to send; `None` for the first page.
    pub token: Option<String>,
    /// The payload of the request, as JSON.
    pub request: String,
    /// Where the chain stands among the accounts that it goes through: the key of the last one that the request names.
    pub cursor: Option<String>,
    /// The rate-limit state of the latest answer.
    pub rate_limit: Option<RateLimitRequestInfo>,
    /// Rows to ask for; `None` leaves it to the connection file and the connector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
    /// How many chains share the app's limits, where whoever runs the job does not know it: each takes its part of what
    /// remains. 0 means one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lanes: u32,
    /// The `traceparent` of the trace that the sync belongs to (W3C Trace Context).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// What became of a page: its rows, and where its chain goes on.
#[derive(Debug)]
pub struct PageRead {
    /// Its rows; `None` when it could not be read, which ends the chain.
    pub rows: Option<RowBuffer>,
    /// Where the chain goes on.
    pub next: Next,
    /// What the page adds to the evidence for the verdict.
    pub facts: PageFacts,
}

/// Where a chain goes on after a page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Next {
    /// With this job.
    Page(PageJob),
    /// With the accounts after the cursor of this job, which only the store knows; at the end where there are none.
    Accounts(PageJob),
    /// Nowhere: the listing was read to its end.
    End,
    /// Nowhere, although the listing was not read to its end. The text says why, without secrets.
    Cut(String),
}

/// What a page adds to the evidence for the verdict.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct PageFacts {
    /// Rows that are not objects.
    pub not_objects: u64,
    /// The number, from 0, of the first such row.
    pub first_not_object: Option<u64>,
    /// Rows whose identity is missing or not text.
    pub without_identity: u64,
    /// The number, from 0, of the first such row, and what is wrong with it.
    pub first_without_identity: Option<(u64, String)>,
    /// Time that the connector took.
    pub connector: Duration,
    /// The rate-limit state after the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimitRequestInfo>,
}

/// What became of a commit or a deferral.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Fenced {
    /// It counts.
    Done,
    /// The head was no longer the last of its chain: somebody has done the same. Nothing changed; go on.
    Late,
}

/// What [`Frontier::claim`] found.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim {
    /// A page to read. Nobody else gets it until it is committed or deferred, or the claimant is gone.
    Job(Box<Head>),
    /// Every head that is not claimed waits; the first of them for this long.
    Wait(Duration),
    /// There is nothing to claim.
    Nothing,
}

/// Why a page is read later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deferral {
    /// How long to wait.
    pub delay: Duration,
    /// What for, in one sentence without secrets.
    pub reason: String,
    /// Whether it counts as a failed attempt, not as a wait that was asked for.
    pub is_failure: bool,
    /// Time that the connector took for the attempt.
    pub connector: Duration,
}

/// The heads of all chains, and the right to move them.
///
/// ```
/// use lumos_sync::frontier::{Claim, Fenced, Frontier, Next, PageFacts, PageRead};
/// use lumos_sync::row::RowBuffer;
///
/// /// Ends every chain after an empty page.
/// async fn drain<F: Frontier>(frontier: &F) -> Result<(), F::Error> {
///     while let Claim::Job(head) = frontier.claim().await? {
///         let mut page = PageRead { rows: Some(RowBuffer::new(0)), next: Next::End, facts: PageFacts::default() };
///         match frontier.commit(&head, &mut page).await? {
///             Fenced::Done | Fenced::Late => {}
///         }
///     }
///     Ok(())
/// }
/// ```
pub trait Frontier: Send + Sync {
    /// Why the frontier could not be reached or changed.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Takes a head that may be run now.
    fn claim(&self) -> impl Future<Output = Result<Claim, Self::Error>> + Send;

    /// Stores a page and moves the head of its chain to the next, or does nothing at all. The page stays with the
    /// caller, who may try again.
    fn commit(
        &self,
        head: &Head,
        page: &mut PageRead,
    ) -> impl Future<Output = Result<Fenced, Self::Error>> + Send;

    /// Puts a page off.
    fn defer(
        &self,
        head: &Head,
        deferral: Deferral,
    ) -> impl Future<Output = Result<Fenced, Self::Error>> + Send;

    /// Says that a page is still being read, where a claim ends by itself after a while; to be called every
    /// [`KEEP_EVERY`]. Nothing depends on it but work done twice.
    fn keep(&self, head: &Head) -> impl Future<Output = Result<(), Self::Error>> + Send {
        let _ = head;
        async { Ok(()) }
    }
}

/// How often whoever reads a page says so: a third of the time after which a claim ends.
pub const KEEP_EVERY: Duration = Duration::from_secs(10);
