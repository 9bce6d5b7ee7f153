//! Paging by number. RFC 7644 §3.4.2.4 numbers rows anew in each request, so every row that vanishes moves the others
//! forward. When the row in front of a page is not the expected one, the page starts half its length earlier, and what
//! stands there is given again rather than left out.

use lumos_connector::prelude::*;

use crate::listed::{Listed, count};
use crate::paging::stuck;
use crate::refusal::{is_of_query, is_refused, status_of};
use crate::resource::Row;
use crate::service::Scim;
use crate::walk::{PagingStrategy, Walk, WalkCursor, WalkPage};

/// Requests in a row that may have nothing new although the service counts more rows.
const MAX_EMPTY: i64 = 50;

impl Scim {
    /// A page at a number: one row early, to see whether rows have moved.
    pub(crate) async fn by_index<R: Row>(&self, walk: &Walk, mut at: WalkCursor) -> Result<WalkPage<R>> {
        let Some(anchor) = at.after.clone().filter(|_| at.from.is_none()) else {
            return self.ahead(walk, at).await;
        };
        let (start, size) = (at.passed.max(1), at.size);
        let asked = size.saturating_add(1).min(at.limit.unwrap_or(i64::MAX)).max(2);
        let mut listed = match self.indexed::<R>(walk, &mut at, start, asked).await {
            Err(error) if is_of_query(&error) => {
                if at.total.is_none_or(|total| total <= at.passed) {
                    return Ok(WalkPage { rows: Vec::new(), next: None, start: at });
                }
                let status = status_of(&error);
                return Err(stuck(&format!("it refuses a startIndex of more than 1 ({status})")));
            }
            listed => listed?,
        };
        let mut first = start;
        let mut anchored = listed.position(&anchor);
        if let Some(place) = anchored.filter(|place| *place > 0 && count(*place) == start - 1) {
            // The answer seems to start with the first row of all, whatever it was asked for.
            let raw = listed.len();
            let is_last = place + 1 == listed.rows.len();
            if is_last && (raw < size || raw > asked) && listed.total.is_none_or(|total| total <= raw) {
                return Ok(WalkPage { rows: Vec::new(), next: None, start: at });
            }
            if raw > asked && !is_last {
                first = 1;
            } else if raw > asked || self.indexed::<R>(walk, &mut at, 1, asked).await?.starts_as(&listed) {
                return self.with_cursor(walk, at).await;
            }
        }
        if anchored.is_none() && start > 1 && !listed.rows.is_empty() {
            // The row that was passed last is not where it was: rows in front of it came or went. Half a page back, so
            // that this page is further on than the one before even when that happens every time.
            let back = (size / 2).min(start - 1);
            first -= back;
            let again = self.indexed::<R>(walk, &mut at, first, asked).await?;
            let is_same = listed.rows.iter().map(Row::id).eq(again.rows.iter().map(Row::id));
            if back > 0 && is_same && listed.total == again.total {
                return self.with_cursor(walk, at).await;
            }
            anchored = again.position(&anchor);
            listed = again;
        }
        let raw = listed.len();
        let given = anchored.map_or(0, |anchor| anchor + 1);
        let passed = (first - 1).saturating_add(count(given));
        listed.rows.drain(..given);
        listed.rows.truncate(usize::try_from(size).unwrap_or(usize::MAX).max(1));
        at.total = listed.total;
        if listed.rows.is_empty() {
            at.passed = at.passed.max(passed);
            let next = at.passed + 1;
            return self.behind(walk, at, next).await;
        }
        at.passed = passed;
        Ok(numbered(at, listed, first, raw, asked))
    }

    /// A page at a number in front of which nothing is known: the first, or one behind rows that are not shown.
    async fn ahead<R: Row>(&self, walk: &Walk, mut at: WalkCursor) -> Result<WalkPage<R>> {
        let start = at.from.unwrap_or_else(|| at.passed.saturating_add(1));
        let size = at.size;
        let listed = match self.indexed::<R>(walk, &mut at, start, size).await {
            Err(error) if at.is_beginning() && is_refused(&error) => {
                if at.way == PagingStrategy::SortedIndex {
                    return Box::pin(self.ahead(walk, at.with_way(PagingStrategy::Index))).await;
                }
                // The refusal of the service is the better error when it does not answer without paging either.
                let unpaged = self.by_cursor(walk, at.with_way(PagingStrategy::Unpaged)).await;
                return unpaged.map_err(|_| error);
            }
            listed => listed?,
        };
        if at.after.as_deref().is_some_and(|after| listed.position(after).is_some()) {
            return self.with_cursor(walk, at).await;
        }
        at.total = listed.total.or(at.total);
        if listed.rows.is_empty() {
            at.most = at.most.max(listed.len());
            let step = if at.most > 0 { at.most.min(size) } else { size };
            return self.behind(walk, at, start.saturating_add(step)).await;
        }
        let raw = listed.len();
        Ok(numbered(WalkCursor { passed: start - 1, from: None, ..at }, listed, start, raw, size))
    }

    /// The walk behind rows that are not shown: at a number, when the service counts so many rows, or at its end, which
    /// may have to give one row yet.
    async fn behind<R: Row>(&self, walk: &Walk, mut at: WalkCursor, from: i64) -> Result<WalkPage<R>> {
        if let Some(total) = at.total.filter(|total| from <= *total) {
            if at.empty >= MAX_EMPTY {
                let why = format!("it counts {total} rows, and gives none before number {from}");
                return Err(stuck(&why));
            }
            let next = WalkCursor { from: Some(from), empty: at.empty + 1, ..at.clone() };
            return Ok(WalkPage { rows: Vec::new(), next: Some(next), start: at });
        }
        let mut rows = Vec::new();
        if at.total == Some(at.given + 1) && at.after.is_some() {
            // A service that counts from 0 has not shown the row that it calls so.
            let zero = match self.indexed::<R>(walk, &mut at, 0, 1).await {
                Err(error) if is_of_query(&error) => None,
                zero => zero?.rows.into_iter().next(),
            };
            let one = self.indexed::<R>(walk, &mut at, 1, 1).await?;
            rows.extend(zero.filter(|zero| one.rows.first().is_none_or(|one| one.id() != zero.id())));
        }
        if rows.is_empty() && at.total.is_some_and(|total| total > at.given) {
            self.note(format!("{}: the service counts rows that it does not show", walk.endpoint));
        }
        Ok(WalkPage { rows, next: None, start: at })
    }

    /// Rows from a number on, the first being 1.
    async fn indexed<R: Row>(
        &self,
        walk: &Walk,
        at: &mut WalkCursor,
        start: i64,
        size: i64,
    ) -> Result<Listed<R>> {
        self.query(walk, at, Some(("startIndex", start.to_string())), size).await
    }
}

/// A page of rows, the last of which has the number that the service gives it: rows that it counts and does not show
/// make its answers, which have `raw` rows, shorter than what was asked for.
fn numbered<R: Row>(start: WalkCursor, listed: Listed<R>, first: i64, raw: i64, asked: i64) -> WalkPage<R> {
    let (odd, full) = (count(listed.odd), start.most.min(asked));
    let mut next = start.passing(&listed.rows);
    (next.passed, next.given, next.most) = (next.passed + odd, next.given + odd, start.most.max(raw));
    if let Some(total) = start.total.filter(|_| raw < full) {
        next.passed = next.passed.max(total.min(first + full - 1));
    }
    WalkPage { rows: listed.rows, next: Some(next), start }
}
