//! Which listings of a sync may start, and what their first requests are.

use std::sync::Arc;

use super::lanes::with_store;
use crate::frontier::PageJob;
use crate::plan::{RequestValues, Walk};
use crate::store::{ListingRecord, ListingState, Store, StoreError};

/// Moves the listings of one sync from waiting to reading, as soon as what they wait for is there.
#[derive(Debug)]
pub struct Coordinator {
    store: Arc<Store>,
    sync: i64,
    values: RequestValues,
    /// What every first job has in common.
    template: PageJob,
    /// How many listings may be read at the same time.
    width: usize,
}

/// What a coordinator found to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advance {
    /// Listings that were read and can be indexed.
    pub to_index: Vec<i64>,
    /// Listings that were started.
    pub started: Vec<i64>,
    /// Whether every listing is indexed or has ended: nothing is left to read.
    pub is_read: bool,
}

impl Coordinator {
    /// The coordinator of a sync. `template` holds what every first job has in common: page size, lanes, trace.
    #[must_use]
    pub fn new(store: Arc<Store>, sync: i64, since: String, template: PageJob) -> Self {
        let values = RequestValues { attributes: Vec::new(), since };
        Self { store, sync, values, template, width: usize::MAX }
    }

    /// Sets how many listings may be read at the same time; without it, there is no limit.
    #[must_use]
    pub fn with_width(mut self, width: usize) -> Self {
        self.width = width.max(1);
        self
    }

    /// Sets the rate-limit state that listings start with.
    pub fn set_rate_limit(&mut self, state: Option<lumos_connector_types::rate_limit::RateLimitRequestInfo>) {
        if state.is_some() {
            self.template.rate_limit = state;
        }
    }

    /// Starts the listings that waited for something that is there now.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn advance(&mut self) -> Result<Advance, StoreError> {
        let sync = self.sync;
        let mut advance = Advance::default();
        // What is skipped may be what another one waits for.
        loop {
            let listings = with_store(&self.store, move |store| store.listings(sync)).await?;
            let mut reading =
                listings.iter().filter(|listing| listing.state == ListingState::Reading).count();
            let mut has_skipped = false;
            for listing in &listings {
                match listing.state {
                    ListingState::Read if !advance.to_index.contains(&listing.id) => {
                        advance.to_index.push(listing.id);
                    }
                    ListingState::Waiting if reading < self.width && may_start(listing, &listings) => {
                        if self.start(listing, &listings).await? {
                            advance.started.push(listing.id);
                            reading += 1;
                        } else {
                            has_skipped = true;
                        }
                    }
                    _ => {}
                }
            }
            if !has_skipped {
                advance.is_read = listings
                    .iter()
                    .all(|listing| matches!(listing.state, ListingState::Indexed | ListingState::Ended));
                return Ok(advance);
            }
        }
    }

    /// Starts a listing, or skips it. Returns whether it was started.
    async fn start(&mut self, listing: &ListingRecord, all: &[ListingRecord]) -> Result<bool, StoreError> {
        let Some(kind) = listing.kind() else { return Ok(false) };
        self.read_attributes(all).await?;
        let id = listing.id;
        let job = match kind.walk {
            Walk::Pages | Walk::Objects(_) => {
                Some(PageJob { request: self.values.payload(kind, &[]), ..self.template.clone() })
            }
            Walk::Accounts { batch } => {
                let accounts = all.iter().find(|other| other.label == "accounts" && other.reading == 1);
                let cut = match accounts {
                    None => Some("accounts were not read, and this goes through them"),
                    Some(accounts) if accounts.cut.is_some() => {
                        Some("accounts were not read to their end, and this goes through them")
                    }
                    Some(_) => None,
                };
                if let Some(cut) = cut {
                    with_store(&self.store, move |store| store.skip_listing(id, Some(cut))).await?;
                    return Ok(false);
                }
                let accounts = accounts.map(|accounts| accounts.id).unwrap_or_default();
                let keys =
                    with_store(&self.store, move |store| store.keys_after(accounts, None, batch)).await?;
                let request = RequestValues::default().payload(kind, &keys);
                let job =
                    |last: &String| PageJob { request, cursor: Some(last.clone()), ..self.template.clone() };
                keys.last().map(job)
            }
        };
        match job {
            Some(job) => {
                with_store(&self.store, move |store| store.start_listing(id, &job)).await?;
                Ok(true)
            }
            None => {
                with_store(&self.store, move |store| store.skip_listing(id, None)).await?;
                Ok(false)
            }
        }
    }

    /// The custom attributes that the app has, once they are read.
    async fn read_attributes(&mut self, all: &[ListingRecord]) -> Result<(), StoreError> {
        let attributes = all.iter().find(|other| other.label == ATTRIBUTES && other.reading == 1);
        let Some(attributes) = attributes.filter(|it| it.is_indexed() && self.values.attributes.is_empty())
        else {
            return Ok(());
        };
        let id = attributes.id;
        self.values.attributes = with_store(&self.store, move |store| store.custom_attributes(id)).await?;
        Ok(())
    }
}

const ATTRIBUTES: &str = "custom_attributes";

fn may_start(listing: &ListingRecord, all: &[ListingRecord]) -> bool {
    let is_indexed = |label: &str| {
        let other = all.iter().find(|other| other.label == label && other.reading == 1);
        other.is_none_or(|other| matches!(other.state, ListingState::Indexed | ListingState::Ended))
    };
    let is_read =
        |other: &ListingRecord| !matches!(other.state, ListingState::Waiting | ListingState::Reading);
    if listing.reading > 1 {
        let is_first = |other: &&ListingRecord| other.reading == 1 && other.capability == listing.capability;
        return all.iter().find(is_first).is_none_or(is_read);
    }
    if listing.label == ATTRIBUTES {
        return true;
    }
    if !is_indexed(ATTRIBUTES) {
        return false;
    }
    let by_account = listing.kind().is_some_and(|kind| matches!(kind.walk, Walk::Accounts { .. }));
    !by_account || is_indexed("accounts")
}
