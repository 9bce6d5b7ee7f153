//! Connections that wait for a request: when all places are taken, the one that has waited longest gives its place away.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// The connections that wait, in the order in which they began to.
#[derive(Debug, Default)]
pub(super) struct IdleConnections(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    next: u64,
    connections: BTreeMap<u64, Arc<Notify>>,
}

impl IdleConnections {
    /// Asks the connection that has waited longest to close; whether there was one.
    pub(super) fn close_longest(&self) -> bool {
        let longest = self.waiting().connections.pop_first();
        longest.is_some_and(|(_, close)| {
            close.notify_one();
            true
        })
    }

    fn begin(&self, close: &Arc<Notify>) -> u64 {
        let mut waiting = self.waiting();
        waiting.next += 1;
        let place = waiting.next;
        waiting.connections.insert(place, Arc::clone(close));
        place
    }

    fn end(&self, place: u64) {
        self.waiting().connections.remove(&place);
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection, as far as it waits.
#[derive(Debug)]
pub(super) struct Idling<'s> {
    all: &'s IdleConnections,
    close: Arc<Notify>,
    place: Mutex<Option<u64>>,
}

impl<'s> Idling<'s> {
    /// A new connection waits.
    pub(super) fn new(all: &'s IdleConnections) -> Self {
        let close = Arc::new(Notify::new());
        let place = Mutex::new(Some(all.begin(&close)));
        Self { all, close, place }
    }

    /// A request has come.
    pub(super) fn busy(&self) {
        if let Some(place) = self.place().take() {
            self.all.end(place);
        }
    }

    /// The request has its answer.
    pub(super) fn waits(&self) {
        let place = self.all.begin(&self.close);
        if let Some(before) = self.place().replace(place) {
            self.all.end(before);
        }
    }

    /// Ends when the connection is to close.
    pub(super) async fn closing(&self) {
        self.close.notified().await;
    }

    fn place(&self) -> std::sync::MutexGuard<'_, Option<u64>> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Idling<'_> {
    fn drop(&mut self) {
        self.busy();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_has_waited_longest_is_asked_first_and_who_is_busy_is_not() {
        let all = IdleConnections::default();
        let (first, second, third) = (Idling::new(&all), Idling::new(&all), Idling::new(&all));
        first.busy();
        second.busy();
        second.waits();
        assert!(all.close_longest());
        third.closing().await;
        assert!(all.close_longest());
        second.closing().await;
        assert!(!all.close_longest());
        first.waits();
        drop(first);
        assert!(!all.close_longest());
    }
}
