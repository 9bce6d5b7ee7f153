//! One page of a walk, in each of the ways to page but that by numbers.

use lumos_connector::prelude::*;

use crate::filter::Filter;
use crate::listed::{Listed, count};
use crate::refusal::{is_answered, is_of_query, is_refused, is_too_many};
use crate::resource::Row;
use crate::service::Scim;
use crate::walk::{PagingStrategy, Walk, WalkCursor, WalkPage};

/// Rows of a page that services which refuse more usually allow.
const USUAL_LIMITS: [i64; 4] = [100, 50, 25, 10];

impl Scim {
    /// The page at a place, without a proof that it is the last one.
    pub(crate) async fn step<R: Row>(&self, walk: &Walk, at: WalkCursor) -> Result<WalkPage<R>> {
        match at.way {
            PagingStrategy::Keyset => match self.by_key(walk, at.clone()).await? {
                Some(page) => Ok(page),
                None => self.by_index(walk, at.with_way(PagingStrategy::SortedIndex)).await,
            },
            PagingStrategy::Index | PagingStrategy::SortedIndex => self.by_index(walk, at).await,
            PagingStrategy::Cursor | PagingStrategy::Unpaged => self.by_cursor(walk, at).await,
        }
    }

    /// A page after an id. `None` when the service does not filter or sort by id as it should.
    async fn by_key<R: Row>(&self, walk: &Walk, mut at: WalkCursor) -> Result<Option<WalkPage<R>>> {
        let is_filtered = walk.filter.is_some() || at.after.is_some();
        let size = at.size;
        let listed = match self.query::<R>(walk, &mut at, None, size).await {
            Err(error) if is_refused(&error) || is_filtered && is_of_query(&error) => return Ok(None),
            listed => listed?,
        };
        let ids = at.after.as_deref().into_iter().chain(listed.rows.iter().map(Row::id));
        if !ids.is_sorted_by(|one, next| one < next) {
            return Ok(None);
        }
        if listed.rows.is_empty() {
            // Counted by this answer or the one before, and not shown: the numbers of rows have to prove it.
            let is_end =
                listed.total.unwrap_or_default() <= 0 && at.total.is_none_or(|total| total <= at.passed);
            return Ok(is_end.then(|| WalkPage { rows: listed.rows, next: None, start: at }));
        }
        // The service counts what comes after the id.
        let total = listed.total.map(|left| at.passed.saturating_add(left));
        let most = at.most.max(count(listed.rows.len()));
        let next = WalkCursor { total, most, ..at.passing(&listed.rows) };
        Ok(Some(WalkPage { rows: listed.rows, next: Some(next), start: at }))
    }

    /// A page at the service's cursor; all rows, where it refuses to page.
    pub(crate) async fn by_cursor<R: Row>(&self, walk: &Walk, mut at: WalkCursor) -> Result<WalkPage<R>> {
        let cursor = at.cursor.clone().unwrap_or_default();
        let (place, size) = match at.way {
            PagingStrategy::Unpaged => (None, 0),
            _ => (Some(("cursor", cursor.clone())), at.size),
        };
        let mut listed = self.query::<R>(walk, &mut at, place, size).await?;
        // A page that was cut is asked for again: what was given of it is passed over.
        if let Some(given) = at.after.as_deref().and_then(|after| listed.position(after)) {
            listed.rows.drain(..=given);
        }
        let counted = at.passed.saturating_add(listed.len());
        let rows = listed.rows;
        let next = match listed.next_cursor {
            Some(next) if next == cursor => return Err(stuck("it gives the same cursor again")),
            None if cursor.is_empty() && listed.total.is_some_and(|total| total > counted) => {
                return Err(stuck("it counts more rows than it gives, and gives no cursor"));
            }
            next => next.map(|cursor| WalkCursor {
                way: PagingStrategy::Cursor,
                cursor: Some(cursor),
                after: None,
                ..at.passing(&rows)
            }),
        };
        Ok(WalkPage { rows, next, start: at })
    }

    /// A page after the last row by cursor, from a service that ignores `startIndex`.
    pub(crate) async fn with_cursor<R: Row>(&self, walk: &Walk, at: WalkCursor) -> Result<WalkPage<R>> {
        let begin = WalkCursor { passed: 0, from: None, ..at.with_way(PagingStrategy::Cursor) };
        match self.by_cursor(walk, begin).await {
            Ok(page) if page.next.is_some() => Ok(page),
            Err(error) if !is_answered(&error) => Err(error),
            _ => Err(stuck("it gives the same rows whatever the startIndex")),
        }
    }

    /// Asks for rows at a place. Where the service refuses so many, it is asked for fewer; where it refuses to choose
    /// attributes, for whole resources.
    pub(crate) async fn query<R: Row>(
        &self,
        walk: &Walk,
        at: &mut WalkCursor,
        place: Option<(&'static str, String)>,
        mut size: i64,
    ) -> Result<Listed<R>> {
        let after = at.after.as_deref().filter(|_| at.way == PagingStrategy::Keyset);
        let filter = match (&walk.filter, after.map(|after| Filter::after("id", after))) {
            (Some(filter), Some(after)) => Some(filter.clone().and(&after)),
            (filter, after) => after.or_else(|| filter.clone()),
        };
        let is_sorted = matches!(at.way, PagingStrategy::Keyset | PagingStrategy::SortedIndex);
        let sorted = |by: &str| is_sorted.then(|| by.to_owned());
        let mut whole = at.whole || walk.attributes.is_empty() && walk.without.is_empty();
        loop {
            let chosen = |names: &str| (!whole && !names.is_empty()).then(|| names.to_owned());
            let mut query = vec![
                ("sortBy", sorted("id")),
                ("sortOrder", sorted("ascending")),
                ("filter", filter.as_ref().map(ToString::to_string)),
                ("count", (size > 0).then(|| size.to_string())),
                ("attributes", chosen(&walk.attributes)),
                ("excludedAttributes", chosen(walk.without)),
            ];
            query.extend(place.clone().map(|(name, value)| (name, Some(value))));
            match self.list::<R>(&walk.endpoint, &query).await {
                Ok(listed) if !whole && listed.rows.is_empty() && listed.odd > 0 => whole = true,
                Ok(listed) => {
                    if listed.odd > 0 {
                        let (endpoint, odd) = (&walk.endpoint, listed.odd);
                        self.note(format!("{endpoint}: {odd} rows without an id are left out"));
                    }
                    at.whole = whole;
                    return Ok(listed);
                }
                Err(error) => {
                    let fewer = USUAL_LIMITS.into_iter().find(|limit| *limit < size);
                    if let Some(fewer) = fewer.filter(|_| is_too_many(&error, size)) {
                        size = if at.size < size { at.size } else { fewer };
                        (at.limit, at.size) = (Some(size), at.size.min(size));
                    } else if !whole && is_refused(&error) {
                        whole = true;
                    } else {
                        return Err(error);
                    }
                }
            }
        }
    }
}

/// The error of a service that does not page.
pub(crate) fn stuck(why: &str) -> ConnectorError {
    ConnectorError::invalid_response(format!("The SCIM service does not page: {why}"))
        .with_hint("Choose another kind of paging in the settings of the connection.")
}
