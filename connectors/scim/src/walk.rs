//! Walking through all resources of an endpoint, page by page, while the tenant changes.
//!
//! | strategy | a page starts | a resource that is there throughout |
//! | --- | --- | --- |
//! | keyset | after the last id: `filter=id gt "…"`, sorted by id | is never missed and never repeated |
//! | cursor | where the service's cursor says (RFC 9865) | is as safe as the service makes its cursors |
//! | index | at `startIndex`, one row early, which must be the last row of the page before | is missed only when, between two requests, more rows than half a page vanish in front of it |
//!
//! A walk ends only when that is proved. Totals and full pages are hints: where they say that the end has come, the
//! service is asked once more for what follows, and must have nothing. Rows that it counts and does not show are passed
//! over. A service that ignores `startIndex` is asked with a cursor; when that does not help, the walk is an
//! `invalid_response` that names the cause.

use lumos_connector::prelude::*;

use crate::filter::Filter;
use crate::listed::count;
use crate::resource::Row;
use crate::service::{Endpoint, Scim};
use crate::settings::DEFAULT_GROUPS;

/// Requests of one call that may find nothing before the page is given as it is.
pub(crate) const MAX_BATCHES: usize = 20;

/// What is walked through, and what is wanted of each resource.
#[derive(Debug, Clone)]
pub(crate) struct Walk {
    pub(crate) endpoint: Endpoint,
    /// How many rows a page has at the beginning, where the service gives as many.
    pub(crate) size: usize,
    pub(crate) filter: Option<Filter>,
    /// The attributes to read beside the id, with commas between them; all when it is empty.
    pub(crate) attributes: String,
    /// The attributes to leave out.
    pub(crate) without: &'static str,
    /// Whether resources may be so large that the first is asked for alone.
    pub(crate) is_large: bool,
}

impl Walk {
    /// All resources of an endpoint, in pages of so many rows.
    pub(crate) fn all(endpoint: Endpoint, size: usize) -> Self {
        Self { endpoint, size, filter: None, attributes: String::new(), without: "", is_large: false }
    }

    /// The same, reading no more of each resource than these attributes.
    pub(crate) fn only(self, attributes: impl Into<String>) -> Self {
        Self { attributes: attributes.into(), ..self }
    }

    /// Whether a service may be without the endpoint: not all have groups.
    fn is_optional(&self) -> bool {
        self.filter.is_none() && self.endpoint == Endpoint::new(DEFAULT_GROUPS)
    }

    /// The same, leaving out these attributes.
    pub(crate) fn without(self, without: &'static str) -> Self {
        Self { without, ..self }
    }
}

wire_enum! {
    /// How a walk goes on; chosen when it begins.
    pub(crate) enum PagingStrategy = Index {
        /// After the last id.
        Keyset = "keyset",
        /// At the service's cursor.
        Cursor = "cursor",
        /// At the number of the last row.
        Index = "index",
        /// At the number of the last row, of rows sorted by id.
        SortedIndex = "sorted_index",
        /// Not at all: the service refuses to page, and gives everything at once.
        Unpaged = "unpaged",
    }
}

/// Where a walk goes on: part of page tokens. The default is its beginning.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct WalkCursor {
    pub(crate) way: PagingStrategy,
    /// The number of the last row passed, as the service counts.
    pub(crate) passed: i64,
    /// The id of the last row passed: on this page, when there is a cursor.
    pub(crate) after: Option<String>,
    /// The cursor of the page.
    pub(crate) cursor: Option<String>,
    /// How many rows a page has; a cursor is good for one size only. 0 at the beginning.
    pub(crate) size: i64,
    /// Rows given so far.
    pub(crate) given: i64,
    /// Most rows that may be asked for, when it is known.
    pub(crate) limit: Option<i64>,
    /// Most rows that an answer had so far.
    pub(crate) most: i64,
    /// How many rows there are, as the service counted last.
    pub(crate) total: Option<i64>,
    /// The `startIndex` to ask for when the rows from the last one on are counted but not shown.
    pub(crate) from: Option<i64>,
    /// Requests in a row that had nothing new.
    pub(crate) empty: i64,
    /// Whether the service is asked for whole resources, since it does not take `attributes`.
    pub(crate) whole: bool,
    /// Whether the service is asked for all users, since it does not take a filter for those who have something.
    pub(crate) unfiltered: bool,
}

/// One page of a walk.
#[derive(Debug)]
pub(crate) struct WalkPage<R> {
    pub(crate) rows: Vec<R>,
    /// Where the next page starts; `None` at the end.
    pub(crate) next: Option<WalkCursor>,
    pub(crate) start: WalkCursor,
}

impl WalkCursor {
    /// The place behind rows of the page that starts here.
    pub(crate) fn passing<R: Row>(&self, rows: &[R]) -> Self {
        Self {
            passed: self.passed.saturating_add(count(rows.len())),
            given: self.given.saturating_add(count(rows.len())),
            after: rows.last().map(|row| row.id().to_owned()).or_else(|| self.after.clone()),
            from: None,
            empty: 0,
            ..self.clone()
        }
    }

    pub(crate) fn with_way(&self, way: PagingStrategy) -> Self {
        Self { way, ..self.clone() }
    }

    /// Whether the walk has not come to any row.
    pub(crate) fn is_beginning(&self) -> bool {
        self.after.is_none() && self.cursor.is_none()
    }

    /// Sets how many rows a page has. A cursor keeps its size.
    pub(crate) fn resize(&mut self, size: i64) {
        if self.way != PagingStrategy::Cursor {
            self.size = size.min(self.limit.unwrap_or(i64::MAX)).max(1);
        }
    }
}

impl<R: Row> WalkPage<R> {
    /// The place from which the walk comes to the row with this number in the page again, and to those behind it.
    pub(crate) fn before(&self, row: usize) -> WalkCursor {
        self.start.passing(&self.rows[..row])
    }

    /// Whether totals, or a page that is not full, say that nothing follows.
    fn seems_last(&self, next: &WalkCursor) -> bool {
        let usual = if self.start.most > 0 { self.start.most } else { i64::MAX };
        let is_short = count(self.rows.len()) < self.start.size.min(usual);
        next.way != PagingStrategy::Cursor && next.total.map_or(is_short, |total| next.passed >= total)
    }

    /// The page as a batch of a listing, whose cursors hold the places.
    pub(crate) fn batch<T, C>(
        self,
        cursor: impl Fn(WalkCursor) -> C,
        make: impl FnMut(R) -> T,
    ) -> Batch<T, C> {
        let starts = (0..self.rows.len()).map(|row| cursor(self.before(row))).collect();
        Batch::new(self.rows.into_iter().map(make).collect(), self.next.map(cursor)).starts(starts)
    }
}

impl Scim {
    /// The page of a listing that walks through one endpoint.
    pub(crate) async fn page<R: Row, T>(
        &self,
        walk: impl FnOnce(usize) -> Walk,
        make: impl Fn(R) -> T,
    ) -> Result<Reply<Vec<T>>> {
        let listing = self.open::<WalkCursor>()?.max_batches(MAX_BATCHES);
        let walk = walk(listing.size());
        let fetch = |at| async { Ok(self.walk(&walk, at).await?.batch(Into::into, &make)) };
        Ok(self.noted(listing.first_batch(fetch).await?))
    }

    /// A place of a walk: at the beginning with what the service says of how it pages.
    pub(crate) async fn begun(&self, walk: &Walk, mut at: WalkCursor) -> Result<WalkCursor> {
        if at.size == 0 {
            let provider = self.provider().await?;
            at.way = provider.strategy(self.settings.paging);
            at.limit = provider.limit();
            at.size = count(walk.size).min(at.limit.unwrap_or(i64::MAX));
            if walk.is_large {
                at.resize(1);
            }
        }
        Ok(at)
    }

    /// The page of a walk at a place.
    pub(crate) async fn walk<R: Row>(&self, walk: &Walk, at: WalkCursor) -> Result<WalkPage<R>> {
        let at = self.begun(walk, at).await?;
        let start = at.clone();
        let mut page = match self.step::<R>(walk, at).await {
            Err(error) if start.is_beginning() && walk.is_optional() && is_missing(&error) => {
                self.note(format!("groups: {}", error.message()));
                return Ok(WalkPage { rows: Vec::new(), next: None, start });
            }
            page => page?,
        };
        let Some(next) = page.next.take() else { return Ok(page) };
        page.next = if page.rows.is_empty() || !page.seems_last(&next) {
            Some(next)
        } else {
            let following = self.step::<R>(walk, next).await?;
            if following.rows.is_empty() { following.next } else { Some(following.before(0)) }
        };
        Ok(page)
    }
}

/// Whether an error says that the service has no such resources at all, rather than that something is wrong.
fn is_missing(error: &ConnectorError) -> bool {
    matches!(error.code(), ConnectorErrorCode::NotFound | ConnectorErrorCode::UnsupportedOperation)
}
