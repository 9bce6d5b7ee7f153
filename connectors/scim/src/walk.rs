//! Walking through all resources of an endpoint, page by page, while the tenant changes.
//!
//! | way | a page starts | a resource that is there throughout |
//! | --- | --- | --- |
//! | keyset | after the last id: `filter=id gt "…"`, sorted by id | is never missed and never repeated |
//! | cursor | where the service's cursor says (RFC 9865) | is as safe as the service makes its cursors |
//! | index | at `startIndex`, one row early, which must be the last row of the page before | is missed only when, between two requests, more rows than half a page vanish in front of it |
//!
//! Index paging cannot do better: RFC 7644 §3.4.2.4 numbers rows anew in each request, so every row that vanishes moves
//! the others forward. When the row in front is not the expected one, the page starts half its length earlier, and what
//! stands there is given again rather than left out.
//!
//! A walk ends: each page is further on than the one before, or it is an `invalid_response`.

use lumos_connector::prelude::*;
use serde::de::DeserializeOwned;

use crate::filter::Filter;
use crate::refusal::is_filter_refused;
use crate::resource::Resource;
use crate::service::{Endpoint, Scim, success};

/// What is walked through, and what is wanted of each resource.
#[derive(Debug, Clone)]
pub(crate) struct Walk {
    pub(crate) endpoint: Endpoint,
    pub(crate) filter: Option<Filter>,
    /// The attributes to read beside the id, with commas between them; all when it is empty.
    pub(crate) attributes: String,
    /// The attributes to leave out.
    pub(crate) without: &'static str,
}

impl Walk {
    /// All resources of an endpoint.
    pub(crate) fn all(endpoint: Endpoint) -> Self {
        Self { endpoint, filter: None, attributes: String::new(), without: "" }
    }
}

/// What a walk reads of each resource, or what was made of it.
pub(crate) trait Row {
    /// The id of the resource.
    fn id(&self) -> &str;
}

impl Row for Resource {
    fn id(&self) -> &str {
        &self.id
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
    }
}

/// Where a walk goes on: part of page tokens.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct WalkCursor {
    way: PagingStrategy,
    /// Rows passed so far, which is the number of the last one.
    passed: i64,
    /// The id of the last row passed: on this page, when there is a cursor.
    after: Option<String>,
    /// The cursor of the page.
    cursor: Option<String>,
    /// How many rows a page has; a cursor is good for one size only.
    size: i64,
}

/// One page of a walk.
#[derive(Debug)]
pub(crate) struct WalkPage<R> {
    pub(crate) rows: Vec<R>,
    /// Where the next page starts; `None` at the end.
    pub(crate) next: Option<WalkCursor>,
    start: WalkCursor,
}

/// An answer to a query (RFC 7644 §3.4.2).
#[derive(Deserialize)]
#[serde(bound = "R: DeserializeOwned")]
struct ListResponse<R> {
    #[serde(rename = "totalResults")]
    total: Option<i64>,
    #[serde(rename = "Resources", default)]
    resources: Option<Vec<R>>,
    #[serde(rename = "nextCursor")]
    next_cursor: Option<String>,
}

impl WalkCursor {
    /// The beginning of a walk that takes the same way as this one.
    pub(crate) fn first(&self) -> Self {
        Self { way: self.way, size: self.size, ..Self::default() }
    }

    fn passing<R: Row>(&self, rows: &[R]) -> Self {
        Self {
            passed: self.passed.saturating_add(count(rows.len())),
            after: rows.last().map(|row| row.id().to_owned()).or_else(|| self.after.clone()),
            ..self.clone()
        }
    }

    /// How many rows a page has.
    pub(crate) fn size(&self) -> i64 {
        self.size
    }

    /// The same place, with pages of another size. A cursor keeps its size.
    pub(crate) fn sized(mut self, size: i64) -> Self {
        if self.way != PagingStrategy::Cursor {
            self.size = size;
        }
        self
    }
}

impl<R: Row> WalkPage<R> {
    /// The place from which the walk comes to the row with this number in the page again, and to those behind it.
    pub(crate) fn before(&self, row: usize) -> WalkCursor {
        self.start.passing(&self.rows[..row])
    }

    /// The same page with something else in place of each row.
    pub(crate) fn map<S: Row>(self, make: impl FnMut(R) -> S) -> WalkPage<S> {
        WalkPage { rows: self.rows.into_iter().map(make).collect(), next: self.next, start: self.start }
    }
}

impl Scim {
    /// The beginning of a walk, with pages of so many rows where the service gives as many.
    pub(crate) async fn begin(&self, size: usize) -> Result<WalkCursor> {
        let (way, most) = self.way().await?;
        Ok(WalkCursor { way, size: count(size).min(most.unwrap_or(i64::MAX)), ..WalkCursor::default() })
    }

    /// The page of a walk at a place.
    pub(crate) async fn stretch<R: Row + DeserializeOwned>(
        &self,
        walk: &Walk,
        place: WalkCursor,
    ) -> Result<WalkPage<R>> {
        match place.way {
            PagingStrategy::Keyset => match self.keyset(walk, &place).await? {
                Some(stretch) => Ok(stretch),
                None => self.by_index(walk, WalkCursor { way: PagingStrategy::SortedIndex, ..place }).await,
            },
            PagingStrategy::Cursor => self.by_cursor(walk, place).await,
            PagingStrategy::Index | PagingStrategy::SortedIndex => self.by_index(walk, place).await,
        }
    }

    /// A page after an id. `None` when the service does not filter or sort by id as it should.
    async fn keyset<R: Row + DeserializeOwned>(
        &self,
        walk: &Walk,
        place: &WalkCursor,
    ) -> Result<Option<WalkPage<R>>> {
        let filter = match (&walk.filter, place.after.as_deref().map(|after| Filter::after("id", after))) {
            (Some(filter), Some(after)) => Some(filter.clone().and(&after)),
            (filter, after) => after.or_else(|| filter.clone()),
        };
        let mut query = vec![("sortBy", "id".to_owned()), ("sortOrder", "ascending".to_owned())];
        query.extend(filter.map(|filter| ("filter", filter.to_string())));
        let answer = self.query(walk, place.size, query).await?;
        if place.after.is_some() && is_filter_refused(&answer) {
            return Ok(None);
        }
        let ListResponse::<R> { total, resources, .. } = success(answer)?.json()?;
        let rows = resources.unwrap_or_default();
        let ids = place.after.as_deref().into_iter().chain(rows.iter().map(Row::id));
        if !ids.is_sorted_by(|one, next| one < next) {
            return Ok(None);
        }
        let more = has_more(total, rows.len(), place.size);
        let next = more.then(|| place.passing(&rows));
        Ok(Some(WalkPage { rows, next, start: place.clone() }))
    }

    async fn by_cursor<R: Row + DeserializeOwned>(
        &self,
        walk: &Walk,
        place: WalkCursor,
    ) -> Result<WalkPage<R>> {
        let cursor = place.cursor.clone().unwrap_or_default();
        let query = filtered(walk, vec![("cursor", cursor.clone())]);
        let answer: ListResponse<R> = success(self.query(walk, place.size, query).await?)?.json()?;
        let mut rows = answer.resources.unwrap_or_default();
        // A page that was cut is asked for again: what was given of it is passed over.
        if let Some(given) = rows.iter().position(|row| Some(row.id()) == place.after.as_deref()) {
            rows.drain(..=given);
        }
        let next_cursor = answer.next_cursor.filter(|cursor| !cursor.is_empty());
        if next_cursor.as_ref().is_some_and(|next| *next == cursor) {
            return Err(stuck("it gives the same cursor again"));
        }
        let next = next_cursor.map(|cursor| WalkCursor {
            cursor: Some(cursor),
            after: None,
            ..place.passing(&rows)
        });
        Ok(WalkPage { rows, next, start: place })
    }

    async fn by_index<R: Row + DeserializeOwned>(
        &self,
        walk: &Walk,
        place: WalkCursor,
    ) -> Result<WalkPage<R>> {
        let Some(anchor) = place.after.clone() else {
            let (total, rows) =
                self.indexed(walk, &place, place.passed.saturating_add(1), place.size).await?;
            return Ok(Self::indexed_stretch(place, rows, total));
        };
        let (mut total, mut rows): (_, Vec<R>) =
            self.indexed(walk, &place, place.passed, place.size.saturating_add(1)).await?;
        let mut first = place.passed;
        let mut anchored = rows.iter().position(|row| row.id() == anchor);
        if anchored.is_none() && place.passed > 1 {
            // The row that was passed last is not where it was: rows in front of it came or went. Half a page back, so
            // that this page is further on than the one before even when that happens every time.
            let back = (place.size / 2).min(place.passed - 1);
            first -= back;
            let (total_again, again): (_, Vec<R>) =
                self.indexed(walk, &place, first, place.size.saturating_add(1)).await?;
            let is_same = rows.iter().map(Row::id).eq(again.iter().map(Row::id)) && total == total_again;
            if back > 0 && !rows.is_empty() && is_same {
                return Err(stuck("it gives the same rows whatever the startIndex"));
            }
            anchored = again.iter().position(|row| row.id() == anchor);
            (total, rows) = (total_again, again);
        }
        let given = anchored.map_or(0, |anchor| anchor + 1);
        rows.drain(..given);
        rows.truncate(usize::try_from(place.size).unwrap_or(usize::MAX).max(1));
        let passed = first.saturating_sub(1).saturating_add(count(given));
        let start = WalkCursor { passed, after: anchored.map(|_| anchor), ..place };
        Ok(Self::indexed_stretch(start, rows, total))
    }

    fn indexed_stretch<R: Row>(start: WalkCursor, rows: Vec<R>, total: Option<i64>) -> WalkPage<R> {
        let end = start.passing(&rows);
        let more = match total {
            Some(total) => end.passed < total && !rows.is_empty(),
            None => !rows.is_empty(),
        };
        WalkPage { next: more.then_some(end), rows, start }
    }

    /// Rows from a number on, the first being 1.
    async fn indexed<R: Row + DeserializeOwned>(
        &self,
        walk: &Walk,
        place: &WalkCursor,
        start: i64,
        size: i64,
    ) -> Result<(Option<i64>, Vec<R>)> {
        let mut query = vec![("startIndex", start.to_string())];
        if place.way == PagingStrategy::SortedIndex {
            query.extend([("sortBy", "id".to_owned()), ("sortOrder", "ascending".to_owned())]);
        }
        let answer = self.query(walk, size, filtered(walk, query)).await?;
        let answer: ListResponse<R> = success(answer)?.json()?;
        Ok((answer.total, answer.resources.unwrap_or_default()))
    }

    async fn query(
        &self,
        walk: &Walk,
        size: i64,
        mut query: Vec<(&'static str, String)>,
    ) -> Result<HttpAnswer> {
        query.push(("count", size.to_string()));
        if !walk.attributes.is_empty() {
            query.push(("attributes", walk.attributes.clone()));
        }
        if !walk.without.is_empty() {
            query.push(("excludedAttributes", walk.without.to_owned()));
        }
        let query: Vec<_> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.ask(&walk.endpoint.path(), &query).await
    }
}

fn filtered(walk: &Walk, mut query: Vec<(&'static str, String)>) -> Vec<(&'static str, String)> {
    query.extend(walk.filter.as_ref().map(|filter| ("filter", filter.to_string())));
    query
}

fn has_more(total: Option<i64>, rows: usize, size: i64) -> bool {
    rows > 0 && total.map_or(count(rows) >= size, |total| total > count(rows))
}

/// A number of rows as queries and tokens have it.
pub(crate) fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

fn stuck(why: &str) -> ConnectorError {
    ConnectorError::invalid_response(format!("The SCIM service does not page: {why}"))
        .with_hint("Choose another kind of paging in the settings of the connection.")
}
