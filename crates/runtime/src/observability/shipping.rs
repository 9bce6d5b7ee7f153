//! Critical log lines, sent to Lumos (contract §9).
//!
//! A line goes into a queue with room for a few hundred and is forgotten; when there is no room it is not sent. A thread
//! of its own, which starts with the first line, posts one after the other. When the process ends, it is waited for,
//! but not for long.

use std::env;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lumos_connector_core::host::{CriticalLine, HostBuilder, LogDelivery};
use lumos_connector_types::secret::Secret;
use tracing::subscriber::NoSubscriber;

/// Lines that wait to be sent.
const ROOM: usize = 256;

/// For sending one line.
const PATIENCE: Duration = Duration::from_secs(10);

/// For sending what waits when the process ends.
pub(crate) const LAST_PATIENCE: Duration = Duration::from_secs(3);

/// Sends lines to where the environment says.
pub(crate) struct Shipper {
    delivery: Arc<dyn LogDelivery>,
    url: String,
    api_key: Secret,
    agent_identifier: String,
    worker: Mutex<Option<Worker>>,
}

/// The thread that sends.
struct Worker {
    lines: SyncSender<String>,
    /// Ends when the thread does.
    done: Receiver<()>,
}

impl Shipper {
    /// On when `LUMOS_ON_PREMISE_AGENT_SEND_CRITICAL_LOGS_TO_LUMOS` says so, the agent's identifier, key and base address
    /// are known, and the process can send requests.
    pub(crate) fn from_environment(host: &HostBuilder) -> Option<Self> {
        let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        variable("LUMOS_ON_PREMISE_AGENT_SEND_CRITICAL_LOGS_TO_LUMOS")
            .filter(|value| value.eq_ignore_ascii_case("true"))?;
        let delivery = host.current_log_delivery()?;
        Some(Self::new(
            Arc::clone(delivery),
            &variable("LUMOS_ON_PREMISE_AGENT_BASE_URL")?,
            Secret::from(variable("LUMOS_ON_PREMISE_AGENT_API_KEY")?),
            variable("LUMOS_AGENT_IDENTIFIER")?,
        ))
    }

    fn new(delivery: Arc<dyn LogDelivery>, base: &str, api_key: Secret, agent_identifier: String) -> Self {
        let url = format!("{}/logs", base.trim_end_matches('/'));
        Self { delivery, url, api_key, agent_identifier, worker: Mutex::new(None) }
    }

    /// Sends a line some time soon.
    pub(crate) fn ship(&self, line: &str) {
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        if worker.is_none() {
            *worker = self.start();
        }
        if let Some(worker) = &*worker {
            // Logging must not wait for the network.
            let _ = worker.lines.try_send(line.to_owned());
        }
    }

    /// Waits for what is in the queue; whether that is done.
    pub(crate) fn flush(&self, timeout: Duration) -> bool {
        let Some(worker) = self.worker.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return true;
        };
        drop(worker.lines);
        worker.done.recv_timeout(timeout) == Err(RecvTimeoutError::Disconnected)
    }

    fn start(&self) -> Option<Worker> {
        let (lines, queue) = sync_channel(ROOM);
        let (alive, done) = sync_channel(0);
        let delivery = Arc::clone(&self.delivery);
        let (url, api_key, agent) = (self.url.clone(), self.api_key.clone(), self.agent_identifier.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
        let work = move || {
            // What sending has to say about itself must not be sent.
            tracing::subscriber::with_default(NoSubscriber::default(), || {
                for line in queue {
                    let line = CriticalLine::new(url.clone(), api_key.clone(), agent.clone(), line);
                    let sent = delivery.deliver(line);
                    // A line that cannot be sent is still in the log.
                    let _ = runtime.block_on(async { tokio::time::timeout(PATIENCE, sent).await });
                }
            });
            drop(alive);
        };
        std::thread::Builder::new().name("critical-logs".to_owned()).spawn(work).ok()?;
        Some(Worker { lines, done })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lumos_connector_core::error::TransportError;
    use std::future::Future;
    use std::pin::Pin;

    /// Keeps what it is given, as long as it is allowed to.
    #[derive(Clone, Default)]
    struct Fake {
        delivered: Arc<Mutex<Vec<CriticalLine>>>,
        stuck: bool,
    }

    impl LogDelivery for Fake {
        fn deliver(
            &self,
            line: CriticalLine,
        ) -> Pin<Box<dyn Future<Output = Result<(), TransportError>> + Send>> {
            let fake = self.clone();
            Box::pin(async move {
                if fake.stuck {
                    std::future::pending::<()>().await;
                }
                fake.delivered.lock().unwrap().push(line);
                Ok(())
            })
        }
    }

    fn shipper(fake: &Fake) -> Shipper {
        Shipper::new(Arc::new(fake.clone()), "https://logs.test/", Secret::from("k"), "agent-1".to_owned())
    }

    #[test]
    fn lines_arrive_in_order_before_the_end() {
        let fake = Fake::default();
        let shipper = shipper(&fake);
        for number in 0..20 {
            shipper.ship(&format!("line {number}"));
        }
        assert!(shipper.flush(LAST_PATIENCE));
        let delivered = fake.delivered.lock().unwrap();
        let lines: Vec<_> = delivered.iter().map(|line| line.line.clone()).collect();
        assert_eq!(lines, (0..20).map(|number| format!("line {number}")).collect::<Vec<_>>());
        assert_eq!(delivered[0].url, "https://logs.test/logs");
    }

    #[test]
    fn a_stuck_network_stops_neither_the_log_nor_the_end() {
        let fake = Fake { stuck: true, ..Fake::default() };
        let shipper = shipper(&fake);
        for _ in 0..ROOM * 10 {
            shipper.ship("line");
        }
        assert!(!shipper.flush(Duration::from_millis(20)));
        assert!(fake.delivered.lock().unwrap().is_empty());
    }

    #[test]
    fn nothing_to_send_is_nothing_to_wait_for() {
        assert!(shipper(&Fake::default()).flush(LAST_PATIENCE));
    }
}
