//! Pages of one store, stored in one step, and what follows from each.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::AckKind;
use lumos_sync::row::RowBuffer;
use lumos_sync::store::{Collected, ReadElsewhere, Store};

use super::run::Run;
use super::{Shared, Taken, acknowledge};
use crate::broker::Pauses;
use crate::error::ClusterError;
use crate::message::What;

/// When a page comes again whose predecessor is not stored yet.
const EARLY: Duration = Duration::from_millis(500);

/// Messages whose pages go into one store.
pub(super) struct Group {
    pub(super) store: Arc<Store>,
    pub(super) members: Vec<Member>,
}

/// A run and its messages in their order.
pub(super) struct Member {
    pub(super) run: Run,
    pub(super) messages: Vec<Taken>,
}

impl Group {
    /// Stores the pages in one step, and does what follows from each message.
    pub(super) async fn work(&mut self, shared: &Shared) -> Result<(), ClusterError> {
        let mut pages = Vec::new();
        let mut notes = Vec::new();
        for taken in self.members.iter_mut().flat_map(|member| &mut member.messages) {
            let note = match (taken.page.take(), &taken.body.what) {
                (Some(page), What::Page(form)) => {
                    let rows = page.rows.as_ref().map_or(0, RowBuffer::rows);
                    let rate_limit = page.facts.rate_limit.clone();
                    pages.push(ReadElsewhere { listing: taken.body.listing, page: form.page, read: page });
                    Some((rows, rate_limit))
                }
                _ => None,
            };
            notes.push(note);
        }
        let done = if pages.is_empty() { Vec::new() } else { self.collect(shared, pages).await? };
        let (mut done, mut notes) = (done.into_iter(), notes.into_iter());
        for member in &mut self.members {
            for taken in member.messages.drain(..) {
                let mut goes_on = false;
                if let Some((rows, rate_limit)) = notes.next().flatten() {
                    match done.next() {
                        Some(Collected::Stored { is_last }) => {
                            goes_on = !is_last;
                            shared.metrics.pages.inc();
                            shared.metrics.rows.inc_by(rows);
                            member.run.note(rate_limit);
                        }
                        Some(Collected::Known) => {
                            shared.metrics.known.inc();
                        }
                        Some(Collected::Early) | None => {
                            shared.metrics.early.inc();
                            let _ = taken.message.ack_with(AckKind::Nak(Some(EARLY))).await;
                            continue;
                        }
                    }
                }
                member.run.follow(shared, &taken, goes_on).await?;
                acknowledge(&taken.message).await;
            }
        }
        Ok(())
    }

    /// Stores pages, however long the store is away: their messages stay ours meanwhile.
    async fn collect(
        &self,
        shared: &Shared,
        mut pages: Vec<ReadElsewhere>,
    ) -> Result<Vec<Collected>, ClusterError> {
        let mut pauses = Pauses::default();
        loop {
            let store = Arc::clone(&self.store);
            let storing = tokio::task::spawn_blocking(move || {
                let done = store.collect(&mut pages);
                (pages, done)
            });
            let (back, done) =
                storing.await.map_err(|error| ClusterError::broker("storing pages", &error))?;
            pages = back;
            match done {
                Err(error) if error.may_pass() => {
                    shared.metrics.retries.inc();
                    for taken in self.members.iter().flat_map(|member| &member.messages) {
                        let _ = taken.message.ack_with(AckKind::Progress).await;
                    }
                    pauses.pause().await;
                }
                done => return Ok(done?),
            }
        }
    }
}
