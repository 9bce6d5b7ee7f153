//! Pages of one store, stored in one step, and what follows from each.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::AckKind;
use futures_util::{StreamExt, stream};
use lumos_connector_types::rate_limit::RateLimitRequestInfo;
use lumos_sync::row::RowBuffer;
use lumos_sync::store::{Collected, ReadElsewhere, Store};

use super::run::Run;
use super::{LANES, Shared, Taken, acknowledge};
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
    notes: Vec<Option<Note>>,
}

/// What is known of a page beside what became of it.
struct Note {
    rows: u64,
    rate_limit: Option<RateLimitRequestInfo>,
    collected: Collected,
}

impl Member {
    pub(super) fn new(run: Run, messages: Vec<Taken>) -> Self {
        Self { run, messages, notes: Vec::new() }
    }

    /// Does what follows from each message.
    async fn follow(&mut self, shared: &Shared) -> Result<(), ClusterError> {
        for (taken, note) in self.messages.drain(..).zip(self.notes.drain(..)) {
            let mut goes_on = false;
            if let Some(note) = note {
                match note.collected {
                    Collected::Stored { is_last } => {
                        goes_on = !is_last;
                        shared.metrics.pages.inc();
                        shared.metrics.rows.inc_by(note.rows);
                        self.run.note(note.rate_limit);
                    }
                    Collected::Known => {
                        shared.metrics.known.inc();
                    }
                    Collected::Early => {
                        shared.metrics.early.inc();
                        let _ = taken.message.ack_with(AckKind::Nak(Some(EARLY))).await;
                        continue;
                    }
                }
            }
            self.run.follow(shared, &taken, goes_on).await?;
            acknowledge(&taken.message).await;
        }
        Ok(())
    }
}

impl Group {
    /// Stores the pages in one step, and does what follows from each message: for several runs at the same time.
    pub(super) async fn work(&mut self, shared: &Shared) -> Result<(), ClusterError> {
        let mut pages = Vec::new();
        for member in &mut self.members {
            for taken in &mut member.messages {
                let note = match (taken.page.take(), &taken.body.what) {
                    (Some(page), What::Page(form)) => {
                        let rows = page.rows.as_ref().map_or(0, RowBuffer::rows);
                        let rate_limit = page.facts.rate_limit.clone();
                        let (listing, number) = (taken.body.listing, form.page);
                        pages.push(ReadElsewhere { listing, page: number, read: page });
                        Some(Note { rows, rate_limit, collected: Collected::Early })
                    }
                    _ => None,
                };
                member.notes.push(note);
            }
        }
        if !pages.is_empty() {
            let done = self.collect(shared, pages).await?;
            let notes = self.members.iter_mut().flat_map(|member| &mut member.notes).flatten();
            for (note, collected) in notes.zip(done) {
                note.collected = collected;
            }
        }
        let following = self.members.iter_mut().map(|member| member.follow(shared));
        let mut following = stream::iter(following).buffer_unordered(LANES);
        let mut first = Ok(());
        while let Some(done) = following.next().await {
            first = first.and(done);
        }
        first
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
