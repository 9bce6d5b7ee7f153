//! Walking through all resources of an endpoint, page by page, while the tenant changes.
//!
//! | strategy | a page starts | a resource that is there throughout |
//! | --- | --- | --- |
//! | keyset | after the last id: `filter=id gt "…"`, sorted by id | is never missed and never repeated |
//! | cursor | where the service's cursor says (RFC 9865) | is as safe as the service makes its cursors |
//! | index | at `startIndex`, one row early, which must be the last row of the page before | is missed only when, between two requests, more rows than half a page vanish in front of it |
//!
//! Index paging cannot do better: RFC 7644 §3.4.2.4 numbers rows anew in each request, so every row that vanishes moves
//! the others forward. When the row in front is not the expected one, the page starts half its length earlier, and what
//! stands there is given again rather than left out.
//!
//! A walk ends only when that is proved. Totals and full pages are hints: where they say that the end has come, the
//! service is asked once more for what follows, and must have nothing. Rows that it counts and does not show are passed
//! over, up to [`MAX_EMPTY`] requests in a row. A service that ignores `startIndex` is asked with a cursor; when that
//! does not help, the walk is an `invalid_response` that names the cause.

use lumos_connector::prelude::*;

use crate::filter::Filter;
use crate::listed::Listed;
use crate::refusal::{is_refused, refusal};
use crate::resource::Row;
use crate::service::{Endpoint, Scim};

/// Requests in a row that may have nothing new although the service counts more rows.
const MAX_EMPTY: i64 = 50;

/// Requests of one call that may find nothing before the page is given as it is.
pub(crate) const MAX_BATCHES: usize = 20;

/// Rows of a page that services which refuse more usually allow.
const USUAL_LIMITS: [i64; 4] = [100, 50, 25, 10];

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

    /// The same, reading no more of each resource than these attributes.
    pub(crate) fn only(self, attributes: impl Into<String>) -> Self {
        Self { attributes: attributes.into(), ..self }
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

/// Where a walk goes on: part of page tokens.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct WalkCursor {
    way: PagingStrategy,
    /// The number of the last row passed, as the service counts.
    passed: i64,
    /// The id of the last row passed: on this page, when there is a cursor.
    after: Option<String>,
    /// The cursor of the page.
    cursor: Option<String>,
    /// How many rows a page has; a cursor is good for one size only.
    size: i64,
    /// Rows given so far.
    #[serde(default)]
    given: i64,
    /// Most rows that may be asked for, when it is known.
    #[serde(default)]
    limit: Option<i64>,
    /// Most rows that an answer had so far.
    #[serde(default)]
    most: i64,
    /// What the service counted last: all rows by index, those after the last id by key.
    #[serde(default)]
    total: Option<i64>,
    /// The `startIndex` to ask for when the rows from the last one on are counted but not shown.
    #[serde(default)]
    from: Option<i64>,
    /// Requests in a row that had nothing new.
    #[serde(default)]
    empty: i64,
    /// Whether the service is asked for whole resources, since it does not take `attributes`.
    #[serde(default)]
    whole: bool,
    /// Whether the service is asked for all users, since it does not take a filter for those who have something.
    #[serde(default)]
    unfiltered: bool,
}

/// One page of a walk.
#[derive(Debug)]
pub(crate) struct WalkPage<R> {
    pub(crate) rows: Vec<R>,
    /// Where the next page starts; `None` at the end.
    pub(crate) next: Option<WalkCursor>,
    start: WalkCursor,
}

impl WalkCursor {
    fn passing<R: Row>(&self, rows: &[R]) -> Self {
        Self {
            passed: self.passed.saturating_add(count(rows.len())),
            given: self.given.saturating_add(count(rows.len())),
            after: rows.last().map(|row| row.id().to_owned()).or_else(|| self.after.clone()),
            from: None,
            empty: 0,
            ..self.clone()
        }
    }

    fn with_way(&self, way: PagingStrategy) -> Self {
        Self { way, ..self.clone() }
    }

    /// How many rows a page has.
    pub(crate) fn size(&self) -> i64 {
        self.size
    }

    /// Whether the walk has not come to any row.
    pub(crate) fn is_beginning(&self) -> bool {
        self.after.is_none() && self.cursor.is_none()
    }

    /// Whether all users are walked through for those who have something.
    pub(crate) fn is_unfiltered(&self) -> bool {
        self.unfiltered
    }

    /// The same place on a walk through all users.
    pub(crate) fn unfiltered(self) -> Self {
        Self { unfiltered: true, ..self }
    }

    /// The same place, with pages of another size. A cursor keeps its size.
    pub(crate) fn sized(mut self, size: i64) -> Self {
        if self.way != PagingStrategy::Cursor {
            self.size = size.min(self.limit.unwrap_or(i64::MAX)).max(1);
        }
        self
    }
}

impl<R: Row> WalkPage<R> {
    /// The place from which the walk comes to the row with this number in the page again, and to those behind it.
    pub(crate) fn before(&self, row: usize) -> WalkCursor {
        self.start.passing(&self.rows[..row])
    }
}

impl Scim {
    /// The beginning of a walk, with pages of so many rows where the service gives as many.
    pub(crate) async fn begin(&self, size: usize) -> Result<WalkCursor> {
        let (way, limit) = self.way().await?;
        let size = count(size).min(limit.unwrap_or(i64::MAX));
        Ok(WalkCursor { way, size, limit, ..WalkCursor::default() })
    }

    /// The page of a listing that walks through one endpoint: the first from a place on that has rows, if there is one.
    pub(crate) async fn page<R: Row, T>(
        &self,
        walk: &Walk,
        make: impl FnMut(R) -> T,
    ) -> Result<Reply<Vec<T>>> {
        let listing = self.open::<WalkCursor>()?;
        let mut at = match listing.after() {
            Some(at) => at.clone(),
            None => self.begin(listing.size()).await?,
        };
        for _ in 0..MAX_BATCHES {
            let mut page = self.walk::<R>(walk, at.clone()).await?;
            // A service that gives more than it is asked for.
            if page.rows.len() > listing.size() {
                page.next = Some(page.before(listing.size()));
                page.rows.truncate(listing.size());
            }
            match page.next {
                Some(next) if page.rows.is_empty() => at = next,
                next => return listing.next_page(page.rows.into_iter().map(make).collect(), next),
            }
        }
        listing.next_page(Vec::new(), Some(at))
    }

    /// The page of a walk at a place.
    pub(crate) async fn walk<R: Row>(&self, walk: &Walk, at: WalkCursor) -> Result<WalkPage<R>> {
        match at.way {
            PagingStrategy::Keyset => match self.keyset(walk, at.clone()).await? {
                Some(page) => Ok(page),
                None => self.by_index(walk, at.with_way(PagingStrategy::SortedIndex)).await,
            },
            PagingStrategy::Cursor => self.by_cursor(walk, at).await,
            PagingStrategy::Index | PagingStrategy::SortedIndex => self.by_index(walk, at).await,
            PagingStrategy::Unpaged => self.unpaged(walk, at).await,
        }
    }

    /// A page after an id. `None` when the service does not filter or sort by id as it should.
    async fn keyset<R: Row>(&self, walk: &Walk, at: WalkCursor) -> Result<Option<WalkPage<R>>> {
        let Some(mut page) = self.after_id::<R>(walk, at.clone()).await? else { return Ok(None) };
        let Some(next) = page.next.take() else { return Ok(Some(page)) };
        let is_short = count(page.rows.len()) < if at.most > 0 { at.most.min(at.size) } else { at.size };
        page.next = if next.total.map_or(is_short, |left| left <= 0) {
            match self.after_id::<R>(walk, next.clone()).await? {
                Some(following) if following.rows.is_empty() => following.next,
                Some(_) => Some(next),
                None => {
                    let following = next.with_way(PagingStrategy::SortedIndex);
                    let page = self.by_index::<R>(walk, following.clone()).await?;
                    if page.rows.is_empty() { page.next } else { Some(following) }
                }
            }
        } else {
            Some(next)
        };
        Ok(Some(page))
    }

    async fn after_id<R: Row>(&self, walk: &Walk, mut at: WalkCursor) -> Result<Option<WalkPage<R>>> {
        let filter = match (&walk.filter, at.after.as_deref().map(|after| Filter::after("id", after))) {
            (Some(filter), Some(after)) => Some(filter.clone().and(&after)),
            (filter, after) => after.or_else(|| filter.clone()),
        };
        let mut query = vec![("sortBy", "id".to_owned()), ("sortOrder", "ascending".to_owned())];
        let filtered = filter.is_some();
        query.extend(filter.map(|filter| ("filter", filter.to_string())));
        let size = at.size;
        let listed = match self.query::<R>(walk, &mut at, size, query).await? {
            Ok(listed) => listed,
            Err(answer) if is_refused(&answer, filtered) => return Ok(None),
            Err(answer) => return Err(refusal(&answer)),
        };
        let ids = at.after.as_deref().into_iter().chain(listed.rows.iter().map(Row::id));
        if !ids.is_sorted_by(|one, next| one < next) {
            return Ok(None);
        }
        if listed.rows.is_empty() {
            // Counted by this answer or the one before, and not shown: the numbers of rows have to prove it.
            let is_end = listed.total.unwrap_or_default() <= 0 && at.total.unwrap_or_default() <= 0;
            return Ok(is_end.then(|| WalkPage { rows: Vec::new(), next: None, start: at }));
        }
        let left = listed.total.map(|total| total - count(listed.rows.len()));
        let next = WalkCursor { total: left, ..at.passing(&listed.rows) };
        let next = WalkCursor { most: at.most.max(count(listed.rows.len())), ..next };
        Ok(Some(WalkPage { rows: listed.rows, next: Some(next), start: at }))
    }

    async fn by_cursor<R: Row>(&self, walk: &Walk, mut at: WalkCursor) -> Result<WalkPage<R>> {
        let cursor = at.cursor.clone().unwrap_or_default();
        let (query, size) = (filtered(walk, vec![("cursor", cursor.clone())]), at.size);
        let listed = self.query::<R>(walk, &mut at, size, query).await?.map_err(|answer| refusal(&answer))?;
        let mut rows = listed.rows;
        // A page that was cut is asked for again: what was given of it is passed over.
        if let Some(given) = rows.iter().position(|row| Some(row.id()) == at.after.as_deref()) {
            rows.drain(..=given);
        }
        let next_cursor = listed.next_cursor;
        if next_cursor.as_ref().is_some_and(|next| *next == cursor) {
            return Err(stuck("it gives the same cursor again"));
        }
        let counted = at.passed.saturating_add(count(rows.len()));
        if next_cursor.is_none() && cursor.is_empty() && listed.total.is_some_and(|total| total > counted) {
            return Err(stuck("it counts more rows than it gives, and gives no cursor"));
        }
        let next =
            next_cursor.map(|cursor| WalkCursor { cursor: Some(cursor), after: None, ..at.passing(&rows) });
        Ok(WalkPage { rows, next, start: at })
    }

    /// Everything at once, from a service that refuses to page.
    async fn unpaged<R: Row>(&self, walk: &Walk, mut at: WalkCursor) -> Result<WalkPage<R>> {
        let listed = self.query::<R>(walk, &mut at, 0, filtered(walk, Vec::new())).await?;
        let listed = listed.map_err(|answer| refusal(&answer))?;
        if listed.total.is_some_and(|total| total > count(listed.rows.len() + listed.odd)) {
            return Err(stuck("it refuses startIndex and count, and gives less than it counts"));
        }
        let mut rows = listed.rows;
        if let Some(given) = rows.iter().position(|row| Some(row.id()) == at.after.as_deref()) {
            rows.drain(..=given);
        }
        Ok(WalkPage { rows, next: None, start: at })
    }

    async fn by_index<R: Row>(&self, walk: &Walk, at: WalkCursor) -> Result<WalkPage<R>> {
        let mut page = self.at_index::<R>(walk, at).await?;
        let Some(next) = page.next.take() else { return Ok(page) };
        let is_short = count(page.rows.len()) < page.start.size.min(next.most.max(1));
        let says_end = next.total.map_or(is_short, |total| next.passed >= total);
        page.next = if says_end && next.way != PagingStrategy::Cursor && !page.rows.is_empty() {
            let following = self.at_index::<R>(walk, next.clone()).await?;
            if following.rows.is_empty() { following.next } else { Some(next) }
        } else {
            Some(next)
        };
        Ok(page)
    }

    /// A page at a number, without a proof that it is the last one.
    async fn at_index<R: Row>(&self, walk: &Walk, mut at: WalkCursor) -> Result<WalkPage<R>> {
        if at.way == PagingStrategy::Cursor {
            return self.by_cursor(walk, at).await;
        }
        let Some(anchor) = at.after.clone().filter(|_| at.from.is_none()) else {
            return self.ahead(walk, at).await;
        };
        let (start, size) = (at.passed.max(1), at.size);
        let asked = size.saturating_add(1).min(at.limit.unwrap_or(i64::MAX)).max(2);
        let mut listed = match self.indexed::<R>(walk, &mut at, start, asked).await? {
            Ok(listed) => listed,
            Err(_) if at.total.is_none_or(|total| total <= at.passed) => {
                return Ok(WalkPage { rows: Vec::new(), next: None, start: at });
            }
            Err(answer) => {
                let why = format!("it refuses a startIndex of more than 1 ({})", answer.status());
                return Err(stuck(&why));
            }
        };
        let raw = count(listed.rows.len() + listed.odd);
        let mut first = start;
        let mut anchored = listed.rows.iter().position(|row| row.id() == anchor);
        if let Some(place) = anchored.filter(|place| *place > 0 && count(*place) == start - 1) {
            // The answer seems to start with the first row of all, whatever it was asked for.
            let is_last = place + 1 == listed.rows.len();
            if raw > asked && is_last && listed.total.is_some_and(|total| total > raw) {
                // Whatever it is asked for, the same rows, and not all of them.
                return self.with_cursor(walk, at).await;
            }
            if raw > asked {
                // Whatever it is asked for, everything.
                let start = WalkCursor {
                    passed: count(place + 1),
                    total: listed.total,
                    most: at.most.max(raw),
                    ..at
                };
                let rows: Vec<R> = listed.rows.into_iter().skip(place + 1).collect();
                let next = (!rows.is_empty()).then(|| start.passing(&rows));
                return Ok(WalkPage { rows, next, start });
            }
            if is_last && (raw > asked || raw < size && listed.total.is_none_or(|total| total <= at.passed)) {
                return Ok(WalkPage { rows: Vec::new(), next: None, start: at });
            }
            let first =
                self.indexed::<R>(walk, &mut at, 1, asked).await?.map_err(|answer| refusal(&answer))?;
            if first.rows.first().map(Row::id) == listed.rows.first().map(Row::id) {
                return self.with_cursor(walk, at).await;
            }
        }
        if anchored.is_none() && start > 1 && !listed.rows.is_empty() {
            // The row that was passed last is not where it was: rows in front of it came or went. Half a page back, so
            // that this page is further on than the one before even when that happens every time.
            let back = (size / 2).min(start - 1);
            first -= back;
            let again = self.indexed::<R>(walk, &mut at, first, asked).await?;
            let again = again.map_err(|answer| refusal(&answer))?;
            let is_same = listed.rows.iter().map(Row::id).eq(again.rows.iter().map(Row::id));
            if back > 0 && is_same && listed.total == again.total {
                return self.with_cursor(walk, at).await;
            }
            anchored = again.rows.iter().position(|row| row.id() == anchor);
            listed = again;
        }
        let given = anchored.map_or(0, |anchor| anchor + 1);
        let odd = count(listed.odd);
        let mut rows = listed.rows;
        rows.drain(..given.min(rows.len()));
        rows.truncate(usize::try_from(size).unwrap_or(usize::MAX).max(1));
        let passed = first.saturating_sub(1).saturating_add(count(given)).max(if rows.is_empty() {
            at.passed
        } else {
            0
        });
        let start = WalkCursor { passed, total: listed.total, most: at.most.max(raw), ..at };
        if rows.is_empty() {
            if listed.total.is_some_and(|total| total > passed) {
                let next = Some(WalkCursor { from: Some(passed + 1), ..start.clone() });
                return Ok(WalkPage { rows, next, start });
            }
            return self.end(walk, start).await;
        }
        Ok(Self::indexed_page(start, rows, odd, first, asked))
    }

    /// A page at a number in front of which nothing is known: the first, or one behind rows that are not shown.
    async fn ahead<R: Row>(&self, walk: &Walk, mut at: WalkCursor) -> Result<WalkPage<R>> {
        let start = at.from.unwrap_or_else(|| at.passed.saturating_add(1));
        let size = at.size;
        let listed = match self.indexed::<R>(walk, &mut at, start, size).await? {
            Ok(listed) => listed,
            Err(answer) if at.is_beginning() && is_refused(&answer, false) => {
                return if at.way == PagingStrategy::SortedIndex {
                    Box::pin(self.ahead(walk, at.with_way(PagingStrategy::Index))).await
                } else {
                    // The refusal of the service is the better error when it does not answer without paging either.
                    let unpaged = self.unpaged(walk, at.with_way(PagingStrategy::Unpaged)).await;
                    unpaged.map_err(|_| refusal(&answer))
                };
            }
            Err(answer) => return Err(refusal(&answer)),
        };
        if at.after.is_some() && listed.rows.iter().any(|row| Some(row.id()) == at.after.as_deref()) {
            return self.with_cursor(walk, at).await;
        }
        let counted = listed.total.or(at.total);
        at = WalkCursor { total: counted, most: at.most.max(count(listed.rows.len() + listed.odd)), ..at };
        if listed.rows.is_empty() {
            let step = if at.most > 0 { at.most.min(size) } else { size };
            let next_start = start.saturating_add(step);
            let next = counted.filter(|total| next_start <= *total).map(|_| next_start);
            if next.is_some() && at.empty >= MAX_EMPTY {
                let total = counted.unwrap_or_default();
                return Err(stuck(&format!("it counts {total} rows, and gives none after number {start}")));
            }
            if next.is_none() {
                return self.end(walk, at).await;
            }
            let next = next.map(|from| WalkCursor { from: Some(from), empty: at.empty + 1, ..at.clone() });
            return Ok(WalkPage { rows: Vec::new(), next, start: at });
        }
        let begin = WalkCursor { passed: start - 1, from: None, ..at };
        Ok(Self::indexed_page(begin, listed.rows, count(listed.odd), start, size))
    }

    /// The end of a walk by number, which may have to give one row yet.
    async fn end<R: Row>(&self, walk: &Walk, mut at: WalkCursor) -> Result<WalkPage<R>> {
        let mut rows = Vec::new();
        if at.total == Some(at.given + 1) && at.after.is_some() {
            // A service that counts from 0 has not shown the row that it calls so.
            let zero = self.indexed::<R>(walk, &mut at, 0, 1).await?.map(|listed| listed.rows);
            let one = self.indexed::<R>(walk, &mut at, 1, 1).await?.map(|listed| listed.rows);
            if let (Ok(zero), Ok(one)) = (zero, one)
                && zero.first().map(Row::id) != one.first().map(Row::id)
            {
                rows.extend(zero.into_iter().next());
            }
        }
        if rows.is_empty() && at.total.is_some_and(|total| total > at.given) {
            self.note(format!("{}: the service counts rows that it does not show", walk.endpoint));
        }
        Ok(WalkPage { rows, next: None, start: at })
    }

    /// A page of rows, the last of which has the number that the service gives it: rows that it counts and does not show
    /// make its answers short.
    fn indexed_page<R: Row>(
        start: WalkCursor,
        rows: Vec<R>,
        odd: i64,
        first: i64,
        asked: i64,
    ) -> WalkPage<R> {
        let mut end = start.passing(&rows);
        (end.passed, end.given) = (end.passed + odd, end.given + odd);
        let raw = end.passed - first + 1;
        if raw < start.most.min(asked) && start.total.is_some_and(|total| total > end.passed) {
            end.passed =
                end.passed.max(first + start.most.min(asked) - 1).min(start.total.unwrap_or(i64::MAX));
        }
        WalkPage { next: Some(end), rows, start }
    }

    /// A page after the last row by cursor, from a service that ignores `startIndex`.
    async fn with_cursor<R: Row>(&self, walk: &Walk, at: WalkCursor) -> Result<WalkPage<R>> {
        let ignored = || stuck("it gives the same rows whatever the startIndex");
        let begin = WalkCursor { cursor: None, from: None, ..at.with_way(PagingStrategy::Cursor) };
        let query = filtered(walk, vec![("cursor", String::new())]);
        let (mut asked, size) = (begin.clone(), begin.size);
        let Ok(listed) = self.query::<R>(walk, &mut asked, size, query).await? else { return Err(ignored()) };
        if listed.next_cursor.is_none() {
            return Err(ignored());
        }
        self.by_cursor(walk, WalkCursor { passed: 0, ..begin }).await
    }

    /// Rows from a number on, the first being 1.
    async fn indexed<R: Row>(
        &self,
        walk: &Walk,
        at: &mut WalkCursor,
        start: i64,
        size: i64,
    ) -> Result<Result<Listed<R>, HttpAnswer>> {
        let mut query = vec![("startIndex", start.to_string())];
        if at.way == PagingStrategy::SortedIndex {
            query.extend([("sortBy", "id".to_owned()), ("sortOrder", "ascending".to_owned())]);
        }
        self.query(walk, at, size, filtered(walk, query)).await
    }

    /// Asks a query. Where the service refuses so many rows, it is asked for fewer; where it refuses to choose attributes,
    /// for whole resources. Other refusals are answers.
    async fn query<R: Row>(
        &self,
        walk: &Walk,
        at: &mut WalkCursor,
        mut size: i64,
        query: Vec<(&'static str, String)>,
    ) -> Result<Result<Listed<R>, HttpAnswer>> {
        let chooses = !walk.attributes.is_empty() || !walk.without.is_empty();
        let mut whole = at.whole || !chooses;
        loop {
            let mut parameters: Vec<_> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let number = size.to_string();
            if size > 0 {
                parameters.push(("count", &number));
            }
            if !whole && !walk.attributes.is_empty() {
                parameters.push(("attributes", &walk.attributes));
            }
            if !whole && !walk.without.is_empty() {
                parameters.push(("excludedAttributes", walk.without));
            }
            let answer = self.ask(&walk.endpoint.path(), &parameters).await?;
            if answer.is_success() {
                let listed = Listed::<R>::of(&answer)?;
                if !whole && listed.rows.is_empty() && listed.odd > 0 {
                    whole = true;
                    continue;
                }
                if listed.odd > 0 {
                    self.note(format!("{}: {} rows without an id are left out", walk.endpoint, listed.odd));
                }
                at.whole = whole && chooses;
                return Ok(Ok(listed));
            }
            let fewer = USUAL_LIMITS.into_iter().find(|limit| *limit < size);
            if let Some(fewer) = fewer.filter(|_| is_too_many(&answer, size)) {
                size = if at.size < size { at.size } else { fewer };
                (at.limit, at.size) = (Some(size), at.size.min(size));
            } else if !whole && is_refused(&answer, false) {
                whole = true;
            } else {
                return Ok(Err(answer));
            }
        }
    }
}

/// Whether the service refuses so many rows.
fn is_too_many(answer: &HttpAnswer, size: i64) -> bool {
    let text = answer.text().to_lowercase();
    let says_so = ["count", "too many", "toomany", "maxresults", "page size", "limit"];
    matches!(answer.status(), 400 | 413 | 422)
        && (size > 100 || says_so.iter().any(|word| text.contains(word)))
}

fn filtered(walk: &Walk, mut query: Vec<(&'static str, String)>) -> Vec<(&'static str, String)> {
    query.extend(walk.filter.as_ref().map(|filter| ("filter", filter.to_string())));
    query
}

/// A number of rows as queries and tokens have it.
pub(crate) fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

fn stuck(why: &str) -> ConnectorError {
    ConnectorError::invalid_response(format!("The SCIM service does not page: {why}"))
        .with_hint("Choose another kind of paging in the settings of the connection.")
}
